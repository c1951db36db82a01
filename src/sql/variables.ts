import type { QueryVariable, VariableType } from '../model/query-run.ts'
import { didYouMean, type Span, SqlRefusal } from './diagnostics.ts'

// `$$name$$` in a template. A small lexer tells comments, strings and code apart: nothing is put into comments (a value
// with a line break would end one), quotes are doubled inside strings, and bare only what the declared type allows.

export interface Substituted {
  readonly text: string
  /** A place in `text` as the place in the template it comes from. */
  readonly toTemplate: (span: Span) => Span
}

/** Part of the text that stands for part of the template. */
interface Piece {
  readonly text: string
  readonly start: number
  readonly end: number
  readonly isVariable: boolean
}

type Region = 'code' | 'string' | 'quoted' | 'lineComment' | 'blockComment'

const variablePattern = /\$\$([^$\r\n]{1,200})\$\$/y

/** The template with its variables put in. Refuses a variable without a value, or with one its type does not allow. */
export function substituteVariables(template: string, variables: readonly QueryVariable[]): Substituted {
  const pieces: Piece[] = []
  let region: Region = 'code'
  let plainStart = 0
  let at = 0
  const flush = (end: number) => {
    if (end > plainStart)
      pieces.push({ text: template.slice(plainStart, end), start: plainStart, end, isVariable: false })
  }
  while (at < template.length) {
    const isComment = region === 'lineComment' || region === 'blockComment'
    variablePattern.lastIndex = at
    const match = !isComment && template.startsWith('$$', at) ? variablePattern.exec(template) : null
    if (match !== null) {
      const span = { start: at, end: variablePattern.lastIndex }
      flush(at)
      pieces.push({ text: valueText(match[1]!, variables, region, span), ...span, isVariable: true })
      at = span.end
      plainStart = at
      continue
    }
    const step = advance(template, at, region)
    region = step.region
    at = step.at
  }
  flush(template.length)
  return { text: pieces.map(piece => piece.text).join(''), toTemplate: mapBack(pieces, template.length) }
}

function advance(text: string, at: number, region: Region): { region: Region; at: number } {
  const char = text[at]!
  const pair = text.slice(at, at + 2)
  switch (region) {
    case 'code':
      if (char === "'") return { region: 'string', at: at + 1 }
      if (char === '"') return { region: 'quoted', at: at + 1 }
      if (pair === '--') return { region: 'lineComment', at: at + 2 }
      if (pair === '/*') return { region: 'blockComment', at: at + 2 }
      return { region, at: at + 1 }
    case 'string':
      return { region: char === "'" ? 'code' : region, at: at + 1 }
    case 'quoted':
      return { region: char === '"' ? 'code' : region, at: at + 1 }
    case 'lineComment':
      return { region: char === '\n' || char === '\r' ? 'code' : region, at: at + 1 }
    case 'blockComment':
      return pair === '*/' ? { region: 'code', at: at + 2 } : { region, at: at + 1 }
  }
}

function valueText(name: string, variables: readonly QueryVariable[], region: Region, span: Span): string {
  const variable = variables.find(candidate => candidate.name === name)
  if (variable?.value === undefined) throw missing(name, variables, span)
  const value = checkValue(variable.name, variable.dataType, variable.value, span)
  if (region === 'string') return value.replaceAll("'", "''")
  if (region === 'quoted') return value.replaceAll('"', '""')
  return bareText(variable.name, variable.dataType, value, span)
}

function missing(name: string, variables: readonly QueryVariable[], span: Span): SqlRefusal {
  const given = variables.filter(variable => variable.value !== undefined).map(variable => variable.name)
  const list = given.length === 0 ? 'no variable has a value' : `variables given: ${given.join(', ')}`
  return new SqlRefusal(`variable '${name}' has no value`, span, { hint: didYouMean(name, given) ?? list })
}

const valuePatterns: Readonly<Record<VariableType, { readonly pattern: RegExp; readonly wanted: string } | undefined>> =
  {
    text: undefined,
    integer: { pattern: /^\s*[+-]?\d{1,19}\s*$/, wanted: 'a whole number' },
    double: { pattern: /^\s*[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?\s*$/, wanted: 'a number' },
    boolean: { pattern: /^\s*(true|false)\s*$/i, wanted: 'true or false' },
    dateTime: {
      pattern: /^\s*\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?)?\s*$/,
      wanted: 'a date or time such as 2024-05-01T13:04:05Z',
    },
  }

function checkValue(name: string, dataType: VariableType, value: string, span: Span): string {
  const rule = valuePatterns[dataType]
  if (rule !== undefined && !rule.pattern.test(value)) {
    throw new SqlRefusal(`variable '${name}' is ${dataType}: '${value}' is not ${rule.wanted}`, span)
  }
  return rule === undefined ? value : value.trim()
}

/** A value that stands in the code itself: numbers and truth values as they are, a time as a literal, text never. */
function bareText(name: string, dataType: VariableType, value: string, span: Span): string {
  switch (dataType) {
    case 'integer':
    case 'double':
      // A space keeps `1-$$x$$` with a negative value from becoming a comment.
      return value.startsWith('-') || value.startsWith('+') ? ` ${value}` : value
    case 'boolean':
      return value
    case 'dateTime':
      return `TIMESTAMP '${value.replace('T', ' ').replace(/Z$/, ' UTC')}'`
    case 'text':
      // A number typed into a text variable means what it says; anything else could change the statement.
      if (/^[+-]?\d{1,19}(\.\d{1,19})?$/.test(value)) return ` ${value}`
      throw new SqlRefusal(`variable '${name}' is text and must stand in quotes`, span, {
        hint: `write '$$${name}$$', or declare it as integer, double, boolean or dateTime`,
      })
  }
}

function mapBack(pieces: readonly Piece[], length: number): (span: Span) => Span {
  if (pieces.every(piece => !piece.isVariable)) return span => span
  const place = (offset: number, isEnd: boolean): number => {
    let passed = 0
    for (const piece of pieces) {
      const within = offset - passed
      if (within < piece.text.length || (isEnd && within === piece.text.length)) {
        if (piece.isVariable) return isEnd ? piece.end : piece.start
        return piece.start + within
      }
      passed += piece.text.length
    }
    return length
  }
  return span => ({ start: place(span.start, false), end: place(span.end, true) })
}
