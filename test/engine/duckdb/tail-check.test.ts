import assert from 'node:assert/strict'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { isTailDamaged } from '../../../src/engine/duckdb/tail-check.ts'
import type { TailPin } from '../../../src/model/run-view.ts'
import { engineFixture, rowsOf, tenantId, testFolder, viewOf } from '../../support/engine-fixtures.ts'
import { writeSegment } from '../../support/osquery-fixtures.ts'

const lineOf = (name: string) =>
  JSON.stringify({ name: 'processes', hostIdentifier: 'h', unixTime: 1770000000, columns: { name }, action: 'added' })

/** A segment of five frames with two lines each. */
async function segment(context: TestContext): Promise<TailPin> {
  const fileName = '1.ndjson'
  const path = join(await testFolder(context), fileName)
  const lines = Array.from({ length: 10 }, (_, index) => lineOf(`n${index}`))
  return { number: 1, tenantId, fileName, path, frames: writeSegment(path, 1, lines) }
}

const damages: Readonly<Record<string, (path: string) => void>> = {
  'a last frame that is torn': path => truncateSync(path, readFileSync(path).length - 10),
  'a file without its last frame': path => rewrite(path, lines => lines.slice(0, -1)),
  'a frame in the middle that is gone': path => rewrite(path, lines => lines.toSpliced(3, 1)),
  'a frame in the middle that lacks its end': path =>
    rewrite(path, lines => lines.with(3, (lines[3] ?? '').slice(0, -5))),
  'an empty file': path => truncateSync(path, 0),
}

function rewrite(path: string, change: (lines: string[]) => string[]): void {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  writeFileSync(path, `${change(lines).join('\n')}\n`)
}

suite('a damaged tail', () => {
  test('is none where every pinned frame is whole, whatever follows', async context => {
    const pin = await segment(context)
    assert.equal(await isTailDamaged([pin]), false)
    writeFileSync(pin.path, '{"q":6,"o', { flag: 'a' })
    assert.equal(await isTailDamaged([pin, { ...pin, frames: 2 }]), false)
  })

  for (const [name, damage] of Object.entries(damages)) {
    test(`is ${name}`, async context => {
      const pin = await segment(context)
      damage(pin.path)
      assert.equal(await isTailDamaged([pin]), true)
    })
  }

  test('is said with the rows that are left', async context => {
    const fixture = await engineFixture(context)
    const pin = await segment(context)
    const sql = 'SELECT name FROM "xdr_data" ORDER BY name'
    const whole = await fixture.run(sql, { view: viewOf({ tail: [pin] }) })
    assert.equal(whole.outcome.kind === 'succeeded' && whole.outcome.truncated, undefined)
    assert.equal((await rowsOf(fixture, whole)).length, 10)
    truncateSync(pin.path, readFileSync(pin.path).length - 10)
    const cut = await fixture.run(sql, { view: viewOf({ tail: [pin] }) })
    assert.deepEqual(cut.outcome.kind === 'succeeded' && cut.outcome.truncated, { reason: 'damagedSegment' })
    assert.equal((await rowsOf(fixture, cut)).length, 8)
  })
})
