import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { appendJournal, declaredIn, erasedIn, type JournalEntry, readJournal } from '../../src/lake/journal.ts'
import { declareTable } from '../../src/model/declared-table.ts'

function journalFile(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'edr-lake-journal-'))
  context.after(() => rmSync(folder, { recursive: true }))
  return join(folder, 'journal.ndjson')
}

const erased = (hostId: string, lastSegment: number, tenantId = 'a'): JournalEntry => ({
  ...{ kind: 'erased', tenantId, hostId, lastSegment, at: 1 },
})
const table = declareTable({ name: 't', columns: [{ name: 'c', type: 'string' }] }, 5)

test('entries come back in order; there are none before the first', async t => {
  const file = journalFile(t)
  assert.deepEqual(await readJournal(file), [])
  const entries = [erased('h', 3), erased('i', 4)]
  for (const entry of entries) await appendJournal(file, entry)
  assert.deepEqual(await readJournal(file), entries)
})

test('a line cut off at any place is passed over, and the next one begins anew', async t => {
  const file = journalFile(t)
  await appendJournal(file, erased('h', 3))
  const whole = readFileSync(file, 'utf8')
  for (let length = 0; length < whole.length; length++) {
    truncateSync(file, 0)
    appendFileSync(file, whole + whole.slice(0, length))
    await appendJournal(file, erased('i', 4))
    // Only the line's end may be missing: then it is whole.
    const isWhole = length === whole.length - 1
    assert.deepEqual(await readJournal(file), [erased('h', 3), ...(isWhole ? [erased('h', 3)] : []), erased('i', 4)])
  }
})

test('what is no entry is passed over', async t => {
  const file = journalFile(t)
  appendFileSync(file, 'null\n{"kind":"else","tenantId":"a"}\n{"kind":"erased"}\n[]\n7\n')
  await appendJournal(file, erased('h', 3))
  assert.deepEqual(await readJournal(file), [erased('h', 3)])
})

test("a tenant's tables as they stand now, and up to where each host is erased", () => {
  const entries: readonly JournalEntry[] = [
    { kind: 'declared', tenantId: 'a', table },
    { kind: 'declared', tenantId: 'b', table: { ...table, name: 'u' } },
    { kind: 'undeclared', tenantId: 'b', name: 't', at: 6 },
    erased('h', 9),
    erased('h', 4),
    erased('h', 99, 'b'),
  ]
  assert.deepEqual([...declaredIn(entries, 'a')], [['t', table]])
  assert.deepEqual([...declaredIn(entries, 'b').keys()], ['u'])
  const gone: JournalEntry = { kind: 'undeclared', tenantId: 'a', name: 't', at: 7 }
  assert.equal(declaredIn([...entries, gone], 'a').get('t')?.undeclaredAt, 7)
  const again: JournalEntry = { kind: 'declared', tenantId: 'a', table }
  assert.equal(declaredIn([...entries, gone, again], 'a').get('t')?.undeclaredAt, undefined)
  assert.deepEqual([...erasedIn(entries, 'a')], [['h', 9]])
})
