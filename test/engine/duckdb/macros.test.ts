import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { macroNames, macroStatements, macroStatementsFor } from '../../../src/sql/macros.ts'

suite('the macros of one statement', () => {
  test('are those it names and those they call, in the order of all', () => {
    for (const name of macroNames) {
      const statements = macroStatementsFor(`SELECT ${name}("x") FROM "xdr_data"`)
      const made = new Set<string>()
      for (const statement of statements) {
        const [, own, body] = /^CREATE MACRO (\w+)\(.*?\) AS ([\s\S]*)$/.exec(statement) ?? []
        const called = (body ?? '').match(/\btrino_\w+/g) ?? []
        for (const each of called) assert.ok(made.has(each) || each === own, `${own} calls ${each}`)
        made.add(own ?? '')
      }
      assert.ok(made.has(name), name)
      assert.deepEqual(
        statements,
        macroStatements.filter(statement => statements.includes(statement)),
      )
    }
  })

  test('are none for a statement that names none', () => {
    assert.deepEqual(macroStatementsFor('SELECT lower(name) FROM "xdr_data"'), [])
  })
})
