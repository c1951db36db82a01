import assert from 'node:assert/strict'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { holdLockFile } from '../../src/bin/lock-file.ts'
import { type WatchFlags, watchFiles } from '../../src/cli/commands/watch.ts'
import type { ScriptedAnswer } from '../client/scripted-server.ts'
import { type RecordedEffects, recordedEffects } from './recorded-effects.ts'
import { rememberingLake } from './remembering-lake.ts'
import { temporaryFolder } from './temporary-folder.ts'

const line = (n: number, width = 40) => `{"n":${n},"fill":"${'x'.repeat(width)}"}\n`
const lines = (from: number, to: number, width = 40) =>
  Array.from({ length: to - from + 1 }, (_, at) => line(from + at, width)).join('')
/** More than the 64 KiB that name a file. */
const long = (from: number, to: number) => lines(from, to, 1000)

type Script = (request: number) => ScriptedAnswer | undefined

async function openWatch(t: TestContext, fail?: Script, lose?: Script) {
  const lake = await rememberingLake(fail, lose)
  t.after(() => lake.server[Symbol.asyncDispose]())
  const folder = temporaryFolder(t)
  const state = join(temporaryFolder(t), 'state.json')
  const flags: WatchFlags = { url: lake.server.url, ingestToken: 'token', state }
  let latest: RecordedEffects | undefined
  const watch = async (names: readonly string[], more: Partial<WatchFlags> = {}, signal?: AbortSignal) => {
    const effects = recordedEffects({ workingDirectory: folder, ...(signal === undefined ? {} : { signal }) })
    latest = effects
    const exitCode = await watchFiles(effects, names, { ...flags, ...more }, holdLockFile)
    return { exitCode, stdout: effects.stdout.text, stderr: effects.stderr.text }
  }
  const once = (...names: string[]) => watch(names.length === 0 ? ['.'] : names, { once: true })
  const write = (name: string, text: string | Buffer) => writeFileSync(join(folder, name), text)
  const append = (name: string, text: string) => appendFileSync(join(folder, name), text)
  const numbers = () => lake.stored.map(each => JSON.parse(each).n as number)
  const path = (name: string) => join(folder, name)
  const said = () => latest?.stderr.text ?? ''
  return { lake, folder, state, watch, once, write, append, numbers, said, path }
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at)

test('a command line that makes no sense ends before anything is sent', async t => {
  const { lake, folder, state, once, watch, write } = await openWatch(t)
  await assert.rejects(once(), { code: 'not_found', message: 'there is no log at .' })
  await assert.rejects(once('nowhere/x.log', 'nothing*'), { code: 'not_found' })
  write('x.log', line(1))
  await assert.rejects(watch(['.'], { url: 'nonsense', once: true }), /"nonsense" is no http or https URL/)
  await assert.rejects(watch(['.'], { state: join(folder, 'x.log', 'state'), once: true }), { code: 'unavailable' })
  const held = holdLockFile(`${state}.lock`, 'mine')
  await assert.rejects(once(), { code: 'conflict', message: `another watch uses the state file ${state}` })
  held.release()
  assert.deepEqual(lake.server.seen, [])
})

test('a lake that refuses the token ends it; one that is away does not end what is patient', async t => {
  const refused = await openWatch(t, () => ({ status: 401, body: { detail: 'no' } }))
  refused.write('x.log', line(1))
  await assert.rejects(refused.once(), { code: 'unauthenticated' })
  const stop = new AbortController()
  await assert.rejects(refused.watch(['.'], {}, stop.signal), { code: 'unauthenticated' })
  const away = await openWatch(t, () => ({ status: 503, body: { detail: 'full' } }))
  away.write('x.log', line(1))
  await assert.rejects(away.once(), { code: 'unavailable', message: 'full' })
  // Until the clients' own repeats are over and the first wait is under way.
  const waiting = away.watch(['.'], {}, stop.signal)
  while (!away.said().includes('trying again')) await new Promise(resolve => setTimeout(resolve, 5))
  stop.abort()
  const { exitCode, stdout, stderr } = await waiting
  assert.deepEqual([exitCode, stdout], [0, '0 stored, 0 already there, 0 rejected\n'])
  assert.match(
    stderr,
    /^edr-lake: following \.; how far is kept in .*state\.json\nedr-lake: full; trying again until it is stored\n$/,
  )
})

test('files that are no logs are said once and cost the others nothing', async t => {
  const { once, write, path, numbers } = await openWatch(t)
  write('array.json', '[{"a":1}]')
  write('utf16.log', Buffer.from('\ufeff{"a":1}\n', 'utf16le'))
  write('cut.log.gz', gzipSync(lines(1, 5_000)).subarray(0, 900))
  write('bad.log', `${line(1)}nonsense\n[1]\n${line(2)}`)
  write('good.log', lines(3, 4))
  mkdirSync(path('folder.log'))
  const { exitCode, stdout, stderr } = await once()
  assert.equal(exitCode, 1)
  assert.equal(stdout, '4 stored, 0 already there, 2 rejected\n')
  assert.deepEqual(
    stderr.split('\n').sort(),
    [
      '',
      "edr-lake: array.json is a JSON array, not lines: convert it with `jq -c '.[]'` or post it to /lake/v1/ingest/osquery",
      'edr-lake: bad.log:2: no JSON object',
      'edr-lake: bad.log:3: no JSON object',
      'edr-lake: cut.log.gz is cut off: its packed data has no end',
      'edr-lake: utf16.log is UTF-16: convert it to UTF-8 first',
    ].sort(),
  )
  assert.deepEqual(numbers().sort(), [1, 2, 3, 4])
})

test('a file that may not be read is said, and counts', { skip: process.getuid?.() === 0 && 'root may' }, async t => {
  const { once, write, path } = await openWatch(t)
  write('x.log', line(1))
  chmodSync(path('x.log'), 0)
  const { exitCode, stderr } = await once()
  assert.deepEqual([exitCode, stderr], [1, 'edr-lake: cannot read x.log: EACCES\n'])
})

for (const [size, write] of [['short', lines] as const, ['long', long] as const]) {
  test(`${size} files: grown, renamed, packed, copied; with the state, without it, with another’s`, async t => {
    const { lake, state, once, write: put, append, numbers, path } = await openWatch(t)
    const file = 'osqueryd.results.log'
    put(file, write(1, 100))
    assert.equal((await once()).stdout, '100 stored, 0 already there, 0 rejected\n')
    append(file, write(101, 150))
    assert.equal((await once()).stdout, '50 stored, 0 already there, 0 rejected\n')
    append(file, write(151, 170))
    renameSync(path(file), path(`${file}.1`))
    put(file, write(171, 200))
    assert.equal((await once(file)).stdout, '50 stored, 0 already there, 0 rejected\n')
    // logrotate's copytruncate: the rest is in the copy.
    append(file, write(201, 210))
    put(`${file}.2`, write(171, 210))
    truncateSync(path(file))
    append(file, write(211, 220))
    assert.equal((await once()).stdout, '20 stored, 30 already there, 0 rejected\n')
    // Grown past the old place before it is looked at again.
    truncateSync(path(file))
    put(`${file}.3`, zstdCompressSync(write(211, 225)))
    append(file, write(226, 280))
    assert.equal((await once()).stdout, '60 stored, 10 already there, 0 rejected\n')
    put(`${file}.4.gz`, gzipSync(write(1, 170) + write(281, 290)))
    assert.equal((await once()).stdout, '10 stored, 170 already there, 0 rejected\n')
    for (const text of ['{}', 'nonsense', JSON.stringify({ format: 1, lake: lake.server.url, files: {} })]) {
      writeFileSync(state, text)
      assert.match((await once()).stdout, /^0 stored, /)
    }
    assert.deepEqual(numbers(), range(1, 290))
  })
}

test('a state that is ahead of the lake, as after a restored backup, is not believed', async t => {
  const { lake, once, write, append, numbers } = await openWatch(t)
  write('x.log', long(1, 100))
  await once()
  for (const id of lake.positions.keys()) lake.positions.set(id, 61)
  append('x.log', long(101, 110))
  assert.equal((await once()).stdout, '50 stored, 60 already there, 0 rejected\n')
  assert.deepEqual(numbers(), [...range(1, 100), ...range(61, 110)])
})

test('a last line without its end waits for it; with --once one that is whole is sent', async t => {
  const { once, write, append, numbers } = await openWatch(t)
  write('x.log', `${line(1)}{"n":2`)
  assert.equal((await once()).stdout, '1 stored, 0 already there, 0 rejected\n')
  append('x.log', '}')
  assert.equal((await once()).stdout, '1 stored, 0 already there, 0 rejected\n')
  append('x.log', '\n{"n":3}\n{"n":')
  assert.equal((await once()).stdout, '1 stored, 1 already there, 0 rejected\n')
  assert.deepEqual(numbers(), [1, 2, 3])
})

test('a piece whose answer was lost is not stored twice, sent again or looked up by the next start', async t => {
  let isLost = true
  const lose = (): ScriptedAnswer | undefined => (isLost ? { body: 'cut' } : undefined)
  for (const write of [lines, long]) {
    const { once, write: put, append, numbers } = await openWatch(t, undefined, lose)
    isLost = false
    put('x.log', write(1, 40))
    await once()
    // From here on the lake is ahead of the state.
    isLost = true
    append('x.log', write(41, 100))
    await assert.rejects(once(), { code: 'unavailable' })
    append('x.log', write(101, 110))
    await assert.rejects(once(), { code: 'unavailable' })
    isLost = false
    append('x.log', write(111, 120))
    assert.equal((await once()).stdout, '10 stored, 70 already there, 0 rejected\n')
    assert.deepEqual(numbers(), range(1, 120))
  }
  const flaky = await openWatch(t, undefined, request => (request % 2 === 1 ? { body: 'cut' } : undefined))
  flaky.write('x.log', lines(1, 50))
  assert.equal((await flaky.once()).stdout, '0 stored, 50 already there, 0 rejected\n')
  assert.deepEqual(flaky.numbers(), range(1, 50))
})

test('it follows until it is told to stop, and says when the lake was away', async t => {
  let isAway = false
  const { lake, folder, watch, write, append, numbers, said, path } = await openWatch(t, () =>
    isAway ? { status: 500, body: { detail: 'broken' } } : undefined,
  )
  const stop = new AbortController()
  const until = async (isDone: () => boolean) => {
    const deadline = performance.now() + 20_000
    while (!isDone()) {
      assert.ok(performance.now() < deadline, JSON.stringify(numbers()))
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }
  const watching = watch(['osqueryd.results.log', folder], {}, stop.signal)
  await until(() => said().includes('there is no log yet'))
  write('osqueryd.results.log', lines(1, 3))
  await until(() => numbers().length === 3)
  isAway = true
  append('osqueryd.results.log', lines(4, 5))
  const seen = lake.server.seen.length
  await until(() => lake.server.seen.length > seen)
  renameSync(path('osqueryd.results.log'), path('osqueryd.results.log.1'))
  write('osqueryd.results.log', lines(6, 7))
  isAway = false
  await until(() => numbers().length === 7)
  stop.abort()
  const { exitCode, stdout, stderr } = await watching
  assert.deepEqual([exitCode, stdout], [0, '7 stored, 0 already there, 0 rejected\n'])
  assert.deepEqual(numbers(), range(1, 7))
  assert.match(stderr, /\nedr-lake: broken; trying again until it is stored\nedr-lake: the lake answers again\n$/)
})

test('the state has a place of its own for each lake and set of names', async t => {
  const { lake, folder, write } = await openWatch(t)
  write('x.log', line(1))
  const run = async (names: readonly string[], environment: Record<string, string>) => {
    const effects = recordedEffects({ workingDirectory: folder, environment })
    await watchFiles(effects, names, { url: lake.server.url, ingestToken: 'token', once: true }, holdLockFile)
  }
  const home = temporaryFolder(t)
  await run(['x.log'], { HOME: home })
  assert.ok(existsSync(join(home, '.local/state/edr-lake')))
  const files = (where: string) => readdirSync(where).filter(each => /^watch-[0-9a-f]{16}\.json$/.test(each))
  await run(['.', 'x.log'], { HOME: home })
  await run(['x.log', '.'], { HOME: home })
  assert.equal(files(join(home, '.local/state/edr-lake')).length, 2)
  await run(['x.log'], { HOME: home, STATE_DIRECTORY: join(home, 'service') })
  assert.equal(files(join(home, 'service')).length, 1)
})
