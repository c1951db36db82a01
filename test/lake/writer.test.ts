import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openWriter, type Writer } from '../../src/lake/writer.ts'

const tempFolder = mkdtempSync(join(tmpdir(), 'edr-lake-writer-'))
const opened: Writer[] = []

function open(memoryBytes = 256 * 2 ** 20, statementMsMax = 60_000): Writer {
  const writer = openWriter({ memoryBytes, threads: 1, tempFolder, statementMsMax })
  opened.push(writer)
  return writer
}

after(async () => {
  await Promise.all(opened.map(writer => writer.close()))
  rmSync(tempFolder, { recursive: true })
})

test('a statement gives its rows, exact integers as text', async () => {
  const rows = await open().use(run => run('SELECT 9223372036854775807 AS a, [1, 2] AS b, NULL AS c'))
  assert.deepEqual(rows, [{ a: '9223372036854775807', b: [1, 2], c: null }])
})

test('jobs have the writer for themselves, in the order they came', async () => {
  const writer = open()
  const order: string[] = []
  const job = (name: string) =>
    writer.use(async run => {
      order.push(`${name} begins`)
      await run('SELECT 1')
      await run('SELECT 2')
      order.push(`${name} ends`)
    })
  await Promise.all([job('a'), job('b')])
  assert.deepEqual(order, ['a begins', 'a ends', 'b begins', 'b ends'])
})

test('a statement that fails fails its job only', async () => {
  const writer = open()
  await assert.rejects(
    writer.use(run => run('SELECT x')),
    { code: 'internal', message: /Referenced column "x" was not found/ },
  )
  assert.deepEqual(await writer.use(run => run('SELECT 1 AS a')), [{ a: 1 }])
})

/** Processes this one started. */
function children(): readonly number[] {
  const list = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
  return list.split(' ').filter(Boolean).map(Number)
}

test('a process that dies fails the job under way, and the next one has a new process', async () => {
  const before = children()
  const writer = open()
  await assert.rejects(
    writer.use(async run => {
      await run('SELECT 1')
      const [pid, ...others] = children().filter(child => !before.includes(child))
      assert.ok(pid !== undefined && pid > 1)
      assert.deepEqual(others, [])
      const slow = run('SELECT count(*) FROM range(1000000) a, range(1000000) b')
      process.kill(pid, 'SIGKILL')
      await slow
    }),
    { code: 'unavailable', message: 'the writer process ended: SIGKILL' },
  )
  assert.deepEqual(await writer.use(run => run('SELECT 1 AS a')), [{ a: 1 }])
})

test('a statement that never ends is ended, and the next job has a new process', async () => {
  const writer = open(undefined, 1_500)
  const endless = 'SELECT count(*) FROM range(1000000) a, range(1000000) b'
  await assert.rejects(
    writer.use(run => run(endless)),
    { code: 'unavailable' },
  )
  assert.deepEqual(await writer.use(run => run('SELECT 1 AS a')), [{ a: 1 }])
})

test('the memory limit is the process’s own', async () => {
  const writer = open(64 * 2 ** 20)
  const [row] = await writer.use(run => run("SELECT current_setting('memory_limit') AS m"))
  assert.deepEqual(row, { m: '64.0 MiB' })
})

test('closing ends a job under way and refuses later ones', async () => {
  const writer = open()
  let begun: () => void = () => {}
  const hasBegun = new Promise<void>(resolve => {
    begun = resolve
  })
  const job = writer.use(async run => {
    await run('SELECT 1')
    begun()
    await run('SELECT count(*) FROM range(1000000) a, range(1000000) b')
  })
  const refusal = { code: 'canceled', message: 'the writer is closed' }
  const outcome = assert.rejects(job, refusal)
  await hasBegun
  await writer.close()
  await outcome
  await assert.rejects(
    writer.use(run => run('SELECT 1')),
    refusal,
  )
  await writer.close()
})

test('a writer that was never used closes', async () => {
  await open().close()
})
