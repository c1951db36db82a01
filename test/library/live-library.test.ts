import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openLiveLibrary } from '../../src/library/live-library.ts'
import { readQueryFiles } from '../../src/library/shipped-library.ts'
import type { QueryVariable } from '../../src/model/query-run.ts'
import { tablePlatforms } from '../../src/osquery/agent-config/tables.ts'
import { checkSelect } from '../../src/osquery/select-shape.ts'
import { fillVariables, variableNames } from '../../src/osquery/select-variables.ts'
import { osqueryColumns } from './osquery-columns.ts'

const { queries, categories } = openLiveLibrary()

/** An engine with osquery's tables, empty: what prepares here has no column that osquery lacks. */
function openTables(): DatabaseSync {
  const database = new DatabaseSync(':memory:')
  for (const [table, columns] of Object.entries(osqueryColumns)) {
    database.exec(
      `CREATE TABLE ${table} (${columns
        .split(/\s+/)
        .map(name => `"${name}"`)
        .join(', ')})`,
    )
  }
  return database
}

const values: Readonly<Record<QueryVariable['dataType'], string>> = {
  text: "o'b%",
  integer: '42',
  double: '1.5',
  boolean: 'true',
  dateTime: '2026-02-03T08:00:00Z',
}

test('twenty queries, each a statement that osquery can run where it says', () => {
  assert.equal(queries.length, 20)
  const database = openTables()
  for (const { code, template, variables, platforms } of queries) {
    assert.deepEqual([...variableNames(template)].sort(), variables.map(({ name }) => name).sort(), code)
    const sql = fillVariables(
      template,
      variables.map(each => ({ ...each, value: each.value ?? values[each.dataType] })),
    )
    const { relations } = checkSelect(sql)
    assert.ok(relations.length > 0, code)
    for (const relation of relations) {
      const known = tablePlatforms(relation) ?? assert.fail(`${code}: no table ${relation}`)
      for (const platform of platforms) {
        assert.ok(known.includes(platform === 'macOS' ? 'darwin' : platform), `${code}: ${relation} on ${platform}`)
      }
    }
    assert.deepEqual(database.prepare(sql).all(), [], code)
  }
})

test('ids are for ever, and no two things have one', () => {
  const ids = [
    ...queries.map(({ id }) => id),
    ...readQueryFiles().map(({ id }) => id),
    ...categories.map(({ id }) => id),
  ]
  assert.equal(new Set(ids).size, ids.length)
  assert.equal(queries.find(({ code }) => code === 'host-now')?.id, '797333a6-5e80-4e2d-8f59-92733b4173f5')
})

test('every category has a query, and each query is in one', () => {
  const known = new Set(categories.map(({ id }) => id))
  for (const { code, categoryIds } of queries) {
    assert.ok(categoryIds.length > 0, code)
    for (const id of categoryIds) assert.ok(known.has(id), code)
  }
  for (const { id, name } of categories)
    assert.ok(
      queries.some(query => query.categoryIds.includes(id)),
      name,
    )
})

test('every query says what it finds, what a hit means and what to do next', () => {
  for (const { code, description, name } of queries) {
    assert.ok(name.length > 8 && name.length < 80, code)
    assert.match(description, /^[^\n]+\n\n[^\n]+\n\nNext: [^\n]+\n\nATT&CK: T\d/, code)
  }
})
