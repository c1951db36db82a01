import { createHash } from 'node:crypto'

// The reference as a page: static text made of the OpenAPI document, one style, no script and nothing from elsewhere,
// so it reads the same without a network.

type Json = Readonly<Record<string, unknown>>

export interface DocsPage {
  readonly html: string
  /** Allows the page's own style by its hash, and nothing else. */
  readonly contentSecurityPolicy: string
}

export function docsPage(document: Json): DocsPage {
  const info = document['info'] as Json
  const operations = operationsOf(document['paths'] as Json)
  const schemas = (document['components'] as Json)['schemas'] as Json
  const title = `${info['title']} ${info['version']}: API reference`
  const html = [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">`,
    `<title>${escaped(title)}</title><style>${style}</style></head><body>`,
    `<nav><h2>Contents</h2>${contents(operations)}</nav>`,
    `<main><h1>${escaped(title)}</h1><p>${escaped(info['description'])}`,
    'The same as <a href="/openapi.json">an OpenAPI document</a>.</p>',
    ...operations.map(section),
    '<h2 id="errors">Errors</h2>',
    ...Object.entries(schemas).map(
      ([name, schema]) => `<h3 id="${escaped(name)}">${escaped(name)}</h3>${table(schema)}`,
    ),
    '</main></body></html>\n',
  ]
  const hash = createHash('sha256').update(style).digest('base64')
  const nothing = ['default-src', 'base-uri', 'form-action', 'frame-ancestors'].map(each => `${each} 'none'`)
  const policy = [...nothing, `style-src 'sha256-${hash}'`].join('; ')
  return { html: html.join('\n'), contentSecurityPolicy: policy }
}

interface Operation {
  readonly method: string
  readonly path: string
  readonly operation: Json
}

/** In the order of the contents. */
function operationsOf(paths: Json): readonly Operation[] {
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods as Json).map(([method, operation]) => ({
      ...{ method: method.toUpperCase(), path, operation: operation as Json },
    })),
  )
  return all.toSorted((a, b) => groupNames.indexOf(groupOf(a.path)) - groupNames.indexOf(groupOf(b.path)))
}

/** What the first part of a path stands for. */
const groups: Readonly<Record<string, string>> = {
  api: 'Tokens',
  whoami: 'Who am I',
  'xdr-query': 'Queries, runs and results',
  endpoint: 'Hosts',
  partner: 'Partners',
  organization: 'Organizations',
  lake: 'The lake: ingest, tools and management',
}

const otherGroup = 'Operation of the server'
const groupNames = [...Object.values(groups), otherGroup]

function groupOf(path: string): string {
  return groups[path.split('/')[1] ?? ''] ?? otherGroup
}

function contents(operations: readonly Operation[]): string {
  const grouped = Map.groupBy(operations, ({ path }) => groupOf(path))
  const names = groupNames.filter(name => grouped.has(name))
  const links = (name: string) =>
    (grouped.get(name) ?? []).map(({ operation }) => {
      const id = escaped(operation['operationId'])
      return `<li><a href="#${id}">${escaped(operation['summary'] ?? operation['operationId'])}</a></li>`
    })
  return names.map(name => `<h3>${escaped(name)}</h3><ul>${links(name).join('')}</ul>`).join('')
}

function section({ method, path, operation }: Operation): string {
  const id = escaped(operation['operationId'])
  const parameters = (operation['parameters'] ?? []) as readonly Json[]
  const body = operation['requestBody'] as Json | undefined
  return [
    `<section id="${id}"><h2>${escaped(operation['summary'] ?? id)}</h2>`,
    `<p class="call"><b>${method}</b> <code>${escaped(path)}</code></p>`,
    operation['security'] === undefined ? '<p>No token needed.</p>' : '',
    parameters.length === 0 ? '' : `<h4>Parameters</h4>${rows(parameters.map(parameterRow))}`,
    body === undefined ? '' : `<h4>Body</h4>${content(body['content'] as Json)}`,
    ...Object.entries(operation['responses'] as Json).map(
      ([status, response]) =>
        `<h4>${escaped(status)}: ${escaped((response as Json)['description'])}</h4>${answer(response)}`,
    ),
    '</section>',
  ].join('\n')
}

function answer(response: unknown): string {
  const media = (response as Json)['content'] as Json | undefined
  return media === undefined ? '' : content(media)
}

/** One schema for several media types is shown once. */
function content(media: Json): string {
  const types = Object.keys(media)
  const schema = (Object.values(media)[0] as Json | undefined)?.['schema']
  return `<p>${types.map(type => `<code>${escaped(type)}</code>`).join(', ')}</p>${table(schema)}`
}

type Row = readonly [name: string, type: string, isRequired: boolean, description: string]

function parameterRow(parameter: Json): Row {
  const schema = parameter['schema'] as Json
  const where = `in ${parameter['in']}. `
  return [String(parameter['name']), typeOf(schema), parameter['required'] === true, where + describe(schema)]
}

const depthMax = 6

/** The members of an object, and theirs, with dotted names; a word for what has none. */
function table(schema: unknown): string {
  const { $ref } = schemaOf(schema)
  if (typeof $ref === 'string') {
    const name = $ref.split('/').at(-1) ?? ''
    return `<p>See <a href="#${escaped(name)}">${escaped(name)}</a>.</p>`
  }
  const members = membersOf(schema, '', 0)
  return members.length === 0 ? `<p>${escaped(typeOf(schema))} ${escaped(describe(schema))}</p>` : rows(members)
}

function membersOf(schema: unknown, prefix: string, depth: number): readonly Row[] {
  const { properties, required, items } = schemaOf(schema)
  if (depth > depthMax) return []
  if (items !== undefined) return membersOf(items, `${prefix}[]`, depth + 1)
  if (properties === undefined) return []
  return Object.entries(properties as Json).flatMap(([name, member]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`
    const isRequired = ((required ?? []) as readonly string[]).includes(name)
    return [[path, typeOf(member), isRequired, describe(member)] as const, ...membersOf(member, path, depth + 1)]
  })
}

function rows(all: readonly Row[]): string {
  const lines = all.map(([name, type, isRequired, description]) => {
    const mark = isRequired ? ' <abbr title="required">*</abbr>' : ''
    const cells = [`<code>${escaped(name)}</code>${mark}`, escaped(type), escaped(description)]
    return `<tr>${cells.map(cell => `<td>${cell}</td>`).join('')}</tr>`
  })
  return `<table><tr><th>name</th><th>type</th><th></th></tr>${lines.join('')}</table>`
}

function typeOf(schema: unknown): string {
  const { type, items, const: constant, enum: words, anyOf, format } = schemaOf(schema)
  if (constant !== undefined) return JSON.stringify(constant)
  if (Array.isArray(words)) return words.map(word => JSON.stringify(word)).join(' | ')
  if (Array.isArray(anyOf)) return anyOf.map(typeOf).join(' | ')
  if (items !== undefined) return `array of ${typeOf(items)}`
  if (typeof type !== 'string') return 'any'
  return typeof format === 'string' ? `${type} (${format})` : type
}

function describe(schema: unknown): string {
  const { description, minimum, maximum, maxLength, maxItems } = schemaOf(schema)
  const bounds = Object.entries({ minimum, maximum, 'longest text': maxLength, 'most items': maxItems })
  const said = bounds.flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]))
  return [description, said.join(', ')].filter(part => part !== undefined && part !== '').join('; ')
}

function schemaOf(schema: unknown): Json {
  return typeof schema === 'object' && schema !== null ? (schema as Json) : {}
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escaped(text: unknown): string {
  return String(text).replaceAll(/[&<>"]/g, letter => entities[letter] ?? letter)
}

const style = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 0; display: grid; grid-template-columns: 18rem minmax(0, 1fr); }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1rem; box-sizing: border-box;
  border-right: 1px solid #8884; font-size: 0.9em; }
nav ul { list-style: none; padding: 0; margin: 0 0 1rem; } nav h3 { margin: 0; }
main { padding: 1rem 2rem; max-width: 70rem; }
section { border-top: 1px solid #8884; } h4 { margin-bottom: 0.2rem; }
code { font: 0.92em ui-monospace, monospace; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: 0.2rem 0.8rem 0.2rem 0; border-bottom: 1px solid #8883; }
td:first-child { width: 35%; } abbr { text-decoration: none; }
@media (max-width: 50rem) { body { display: block; } nav { position: static; height: auto; } }
`
