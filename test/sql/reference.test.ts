import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { functionTable, tableEnd, tableStart } from '../../scripts/trino/function-table.ts'

test('the function table of docs/sql.md is the one the catalogue makes', () => {
  const page = readFileSync(new URL('../../docs/sql.md', import.meta.url), 'utf8')
  const shown = page.split(tableStart)[1]?.split(tableEnd)[0]?.trim()
  assert.equal(shown, functionTable().trim())
})
