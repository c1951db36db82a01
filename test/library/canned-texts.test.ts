// The canned queries as texts: what each says of itself, which variables and columns it has, and that the gate lets it
// pass. What they find is in canned-queries.slow.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { envelopeNames } from '../../src/lake/shipped-columns.ts'
import { shippedTables } from '../../src/lake/tables.ts'
import { shippedLibrary } from '../../src/library/shipped-library.ts'
import type { SavedQuery } from '../../src/model/saved-query.ts'
import { type CheckedStatement, checkStatement } from '../../src/sql/check.ts'
import { cannedCases } from './canned-cases.ts'
import { stockColumns } from './stock-columns.ts'

const { queries, categories } = shippedLibrary()
const envelope = new Set(envelopeNames)
const variablesIn = /\$\$([^$]+)\$\$/g

type Gated = Pick<SavedQuery, 'template' | 'variables'>

const samples: Readonly<Record<string, string>> = { text: 'a', integer: '3', dateTime: '2026-02-03T08:00:00Z' }

/** The statement as a lake without any rows gates it: nothing an agent brings is taken for granted. */
function gate(query: Gated): CheckedStatement {
  return checkStatement({
    template: query.template,
    variables: query.variables.map(variable => ({ ...variable, value: variable.value ?? samples[variable.dataType]! })),
    schema: { tables: shippedTables, queryNames: [], envelope: envelopeNames },
    now: Date.now(),
  })
}

test('every query has one case', () => {
  assert.deepEqual(cannedCases.map(({ code }) => code).sort(), queries.map(({ code }) => code).sort())
})

test('ids and names are unique', () => {
  const all = [...queries, ...categories]
  assert.equal(new Set(all.map(({ id }) => id)).size, all.length)
  assert.equal(new Set(queries.map(({ name }) => name)).size, queries.length)
})

test('the ids that a known client has built in', () => {
  const query = queries.find(({ id }) => id === '082c521a-6300-4e9d-8ce0-946ee70dc598')
  assert.ok(query !== undefined)
  assert.ok(query.categoryIds.includes('76fced42-1de6-4952-95be-1c9633e6e9a3'))
  const columns = gate(query).columnNames ?? []
  for (const name of ['first_seen', 'process_name', 'cmd_line', 'ep_list', 'sha256']) assert.ok(columns.includes(name))
})

for (const query of queries) {
  test(`${query.code}: says what it finds, what a hit means and what to do next`, () => {
    assert.equal(query.description.split('\n\n').length, 4)
    assert.match(query.description, /\n\nNext: .+\n\nATT&CK: \S/)
    assert.ok(query.name.length <= 60)
  })

  test(`${query.code}: every variable is used, and every one used is declared`, () => {
    const used = [...query.template.matchAll(variablesIn)].map(match => match[1])
    assert.deepEqual([...new Set(used)].sort(), query.variables.map(({ name }) => name).sort())
  })

  test(`${query.code}: passes the gate without a warning and names its query names`, () => {
    const { warnings, scope } = gate(query)
    // The schema of this test has no rows yet, and every name is said to be without any.
    assert.deepEqual(
      warnings.filter(({ code }) => code !== 'unknown_query_name'),
      [],
    )
    for (const { table, queryNames, columns } of scope.relations) {
      assert.ok(columns !== undefined, 'reads all columns')
      assert.ok(table === 'lake_reports' || queryNames !== undefined, 'reads every query name')
    }
  })

  test(`${query.code}: reads nothing that a stock agent leaves empty`, () => {
    for (const { table, queryNames = [], columns = [] } of gate(query).scope.relations) {
      if (table !== 'xdr_data') continue
      for (const name of queryNames) assert.ok(stockColumns[name] !== undefined, `${name} is no stock query`)
      for (const column of columns.filter(each => !envelope.has(each))) {
        assert.ok(
          queryNames.some(name => stockColumns[name]?.has(column)),
          `${column} of ${queryNames} is always null`,
        )
      }
    }
  })
}

for (const { code, reads, hits } of cannedCases) {
  test(`${code}: its case states the columns it reads, and has a value for each`, () => {
    const query = queries.find(each => each.code === code)!
    const columns = gate(query).scope.relations.flatMap(relation => relation.columns ?? [])
    const own = [...new Set(columns)].filter(column => !envelope.has(column)).sort()
    assert.deepEqual(own, reads.split(' ').filter(Boolean).sort())
    const rows = hits.flatMap(line => {
      const parsed = JSON.parse(line) as { columns?: object; snapshot?: object[] }
      return parsed.snapshot ?? [parsed.columns ?? {}]
    })
    const filled = new Set(rows.flatMap(row => Object.keys(row).filter(key => row[key as never] !== '')))
    assert.deepEqual(
      own.filter(column => !filled.has(column)),
      [],
    )
  })
}

test('docs/canned-queries.md lists them (written anew with --test-update-snapshots)', context => {
  const sections = categories.map(({ id, name, description }) => {
    const rows = queries
      .filter(({ categoryIds }) => categoryIds.includes(id))
      .map(query => {
        const paragraphs = query.description.split('\n\n')
        const variables = query.variables.map(variable => variable.name).join(', ')
        const file = `[${query.name}](../src/library/queries/${query.code}.sql)`
        return `| ${file} | ${paragraphs[0]} | ${variables} | ${paragraphs.at(-1)?.slice('ATT&CK: '.length)} |`
      })
    return `## ${name}\n\n${description}\n\n| query | what it does | variables | ATT&CK |\n|---|---|---|---|\n${rows.join('\n')}\n`
  })
  const head =
    '# Canned queries\n\nThey ship with the lake, belong to every tenant, and are there for `POST /xdr-query/v1/queries/runs` as ' +
    '`savedQuery`\nand in the console. A query may be in more than one category. Each file says what a hit means and what to do next.\n'
  const path = fileURLToPath(new URL('../../docs/canned-queries.md', import.meta.url))
  context.assert.fileSnapshot([head, ...sections].join('\n'), path, { serializers: [String] })
})
