import assert from 'node:assert/strict'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { importFiles } from '../../src/cli/commands/import.ts'
import { scriptedServer } from '../client/scripted-server.ts'
import { recordedEffects } from './recorded-effects.ts'
import { rememberingLake } from './remembering-lake.ts'
import { temporaryFolder } from './temporary-folder.ts'

function flagsFor(url: string) {
  return { url, clientId: 'id', clientSecret: 'secret', tenant: '7b0e6f5e-5a57-4d0f-9a1d-5d7d3f1c2b40' }
}

function line(number: number, unixTime: number): string {
  return `{"name":"q","unixTime":${unixTime},"columns":{"n":"${number}"},"fill":"${'x'.repeat(50)}"}\n`
}

/** 1770105600 is 2026-02-03T08:00:00Z. */
const start = 1_770_105_600

test('imports files and says what came of it and how to see it', async t => {
  const lake = await rememberingLake()
  await using server = lake.server
  const folder = temporaryFolder(t, {
    'a.log': line(1, start) + line(2, start + 5),
    'b.log.gz': gzipSync(line(3, start - 10)),
  })
  const effects = recordedEffects({ workingDirectory: folder, environment: { EDR_LAKE_COMMAND: './edr-lake' } })
  assert.equal(await importFiles(effects, ['*.log*'], flagsFor(server.url)), 0)
  assert.equal(
    effects.stdout.text,
    [
      'read 3 lines of 2 files in 0.0 s: 3 stored, 0 already there, 0 rejected',
      'their time: 2026-02-03 07:59:50 UTC to 2026-02-03 08:00:05 UTC; see them with',
      "  ./edr-lake query 'SELECT query_name, count(*) AS n FROM xdr_data GROUP BY query_name ORDER BY n DESC' " +
        '--from 2026-02-03T07:59:50.000Z --to 2026-02-03T08:00:05.000Z ' +
        `--url ${server.url} --client-id id --tenant 7b0e6f5e-5a57-4d0f-9a1d-5d7d3f1c2b40`,
      '',
    ].join('\n'),
  )
  assert.equal(effects.stderr.text, '')
  assert.deepEqual(
    lake.stored.map(each => JSON.parse(each).columns.n),
    ['1', '2', '3'],
  )
})

test('the same file again, grown meanwhile, adds what is new', async t => {
  const lake = await rememberingLake()
  await using server = lake.server
  let text = ''
  for (let number = 1; number <= 1000; number++) text += line(number, start + number)
  const folder = temporaryFolder(t, { 'results.log': text })
  const run = async () => {
    const effects = recordedEffects({ workingDirectory: folder })
    assert.equal(await importFiles(effects, ['results.log'], flagsFor(server.url)), 0)
    return effects.stdout.text.split('\n')[0]
  }
  assert.equal(await run(), 'read 1,000 lines of 1 file in 0.0 s: 1,000 stored, 0 already there, 0 rejected')
  appendFileSync(join(folder, 'results.log'), line(1001, start))
  assert.equal(await run(), 'read 1,001 lines of 1 file in 0.0 s: 1 stored, 1,000 already there, 0 rejected')
  assert.equal(new Set(lake.stored).size, 1001)
  assert.equal(lake.stored.length, 1001)
})

test('what the lake has is not sent again', async t => {
  const lake = await rememberingLake()
  await using server = lake.server
  let text = ''
  for (let number = 1; number <= 60_000; number++) text += line(number, start)
  const folder = temporaryFolder(t, { 'results.log': text })
  const run = () => importFiles(recordedEffects({ workingDirectory: folder }), ['results.log'], flagsFor(server.url))
  await run()
  const sent = () => server.seen.reduce((sum, { body }) => sum + body.length, 0)
  const before = sent()
  appendFileSync(join(folder, 'results.log'), line(60_001, start))
  await run()
  assert.ok(sent() - before < 100_000, `${sent() - before} bytes for one new line`)
  assert.equal(lake.stored.length, 60_001)
})

test('a file shorter than 64 KiB that grows adds only what is new, import after import', async t => {
  const lake = await rememberingLake()
  await using server = lake.server
  const folder = temporaryFolder(t, { 'results.log': '' })
  let number = 0
  let text = ''
  const run = async (more: number, cut = '') => {
    const fresh = Array.from({ length: more }, () => line(++number, start)).join('')
    text += fresh
    writeFileSync(join(folder, 'results.log'), text + cut)
    const effects = recordedEffects({ workingDirectory: folder })
    await importFiles(effects, ['results.log'], flagsFor(server.url))
    return effects.stdout.text.split('\n')[0]
  }
  assert.equal(await run(3), 'read 3 lines of 1 file in 0.0 s: 3 stored, 0 already there, 0 rejected')
  assert.equal(await run(0), 'read 3 lines of 1 file in 0.0 s: 0 stored, 3 already there, 0 rejected')
  const cut = line(4, start).slice(0, 20)
  assert.equal(await run(0, cut), 'read 4 lines of 1 file in 0.0 s: 0 stored, 3 already there, 1 rejected')
  assert.equal(await run(2), 'read 5 lines of 1 file in 0.0 s: 2 stored, 3 already there, 0 rejected')
  assert.equal(await run(1), 'read 6 lines of 1 file in 0.0 s: 1 stored, 5 already there, 0 rejected')
  // Past 64 KiB and on.
  assert.equal(await run(1000), 'read 1,006 lines of 1 file in 0.0 s: 1,000 stored, 6 already there, 0 rejected')
  assert.equal(await run(1), 'read 1,007 lines of 1 file in 0.0 s: 1 stored, 1,006 already there, 0 rejected')
  assert.deepEqual(lake.stored, text.trimEnd().split('\n'))
})

test('of two files with one beginning each is stored whole', async t => {
  const lake = await rememberingLake()
  await using server = lake.server
  const folder = temporaryFolder(t, {})
  const run = async (text: string) => {
    writeFileSync(join(folder, 'results.log'), text)
    await importFiles(recordedEffects({ workingDirectory: folder }), ['results.log'], flagsFor(server.url))
  }
  const shared = line(1, start) + line(2, start)
  const [one, other] = [line(3, start) + line(4, start), line(5, start) + line(6, start)]
  await run(shared)
  await run(shared + one)
  await run(shared + other)
  assert.deepEqual(lake.stored, (shared + one + other).trimEnd().split('\n'))
})

test('a file of very many short lines is asked for in parts, and only until it is found', async t => {
  const lake = await rememberingLake()
  await using server = lake.server
  const folder = temporaryFolder(t, {})
  const run = async (lines: number) => {
    writeFileSync(join(folder, 'results.log'), '{}\n'.repeat(lines))
    await importFiles(recordedEffects({ workingDirectory: folder }), ['results.log'], flagsFor(server.url))
    return lake.questions.splice(0)
  }
  assert.deepEqual(await run(2_500), [1000, 1000, 500])
  assert.deepEqual(await run(2_500), [1000])
  assert.deepEqual(await run(4_000), [1000, 1000])
  assert.equal(lake.stored.length, 4_000)
})

test('rejected lines are named by their place in the file and make the exit code 1', async t => {
  const lake = await rememberingLake()
  await using server = lake.server
  const wrong = Array.from({ length: 25 }, (_, index) => `broken ${index}\n`).join('')
  const folder = temporaryFolder(t, { 'results.log': `${line(1, start)}${wrong}${line(2, start)}{"cut` })
  const effects = recordedEffects({ workingDirectory: folder })
  assert.equal(await importFiles(effects, ['results.log'], flagsFor(server.url)), 1)
  const said = effects.stderr.text.split('\n')
  assert.equal(said[0], 'results.log:2: no JSON object')
  assert.equal(said[19], 'results.log:21: no JSON object')
  assert.equal(said[20], '… and 6 more rejected lines')
  assert.equal(
    effects.stdout.text.split('\n')[0],
    'read 28 lines of 1 file in 0.0 s: 2 stored, 0 already there, 26 rejected',
  )
})

test('an interrupted import says that it goes on', async t => {
  let isDown = true
  const lake = await rememberingLake(request =>
    isDown && request > 1 ? { status: 500, body: { title: 'internal', detail: 'internal error' } } : undefined,
  )
  await using server = lake.server
  let text = ''
  for (let number = 1; number <= 60_000; number++) text += line(number, start)
  const folder = temporaryFolder(t, { 'results.log': text })
  const first = importFiles(recordedEffects({ workingDirectory: folder }), ['results.log'], flagsFor(server.url))
  await assert.rejects(first, {
    code: 'internal',
    message: /^internal error; [\d,]+ lines are in the lake; the same command again goes on from there$/,
  })
  assert.ok(lake.stored.length > 0 && lake.stored.length < 60_000)
  isDown = false
  const effects = recordedEffects({ workingDirectory: folder })
  assert.equal(await importFiles(effects, ['results.log'], flagsFor(server.url)), 0)
  assert.equal(lake.stored.length, 60_000)
  assert.equal(new Set(lake.stored).size, 60_000)
})

test('lines for another machine travel packed', async t => {
  const lake = await rememberingLake()
  await using server = lake.server
  const folder = temporaryFolder(t, { 'results.log': line(1, start) })
  // Another name of this machine, which the command cannot know to be near.
  const url = server.url.replace('127.0.0.1', '127.0.0.2')
  const effects = recordedEffects({ workingDirectory: folder })
  const openClient: typeof effects.openClient = connection => effects.openClient({ ...connection, url: server.url })
  assert.equal(await importFiles({ ...effects, openClient }, ['results.log'], flagsFor(url)), 0)
  assert.equal(server.seen.at(-1)?.headers['content-encoding'], 'gzip')
  assert.deepEqual(lake.stored, [line(1, start).trim()])
})

test('a terminal sees a bar, anything else a line now and then', async t => {
  const lake = await rememberingLake()
  await using server = lake.server
  let text = ''
  for (let number = 1; number <= 60_000; number++) text += line(number, start)
  const folder = temporaryFolder(t, { 'results.log': text })
  const terminal = recordedEffects({ workingDirectory: folder, isTerminal: true, tickMs: 50 })
  await importFiles(terminal, ['results.log'], flagsFor(server.url))
  assert.match(terminal.stderr.text, /\r\u001b\[Kresults\.log {2}█+░* {2} *\d+% {2}[\d,]+ lines {2}[\d,]+ lines\/s/)
  assert.ok(terminal.stderr.text.endsWith('\r\u001b[K'), 'the bar is gone at the end')
  const pipe = recordedEffects({ workingDirectory: folder, tickMs: 2_000 })
  await importFiles(pipe, ['results.log'], flagsFor(server.url))
  assert.match(pipe.stderr.text, /^results\.log {2}.*\n/)
  assert.doesNotMatch(pipe.stderr.text, /[\r\u001b]/)
})

test('a missing file is said before anything is sent', async t => {
  const lake = await rememberingLake()
  await using server = lake.server
  const folder = temporaryFolder(t, { 'a.log': line(1, start) })
  const effects = recordedEffects({ workingDirectory: folder })
  await assert.rejects(importFiles(effects, ['a.log', 'b.log'], flagsFor(server.url)), { code: 'not_found' })
  assert.deepEqual(server.seen, [])
})

test('wrong credentials are one sentence without advice about lines', async t => {
  await using server = await scriptedServer(() => ({
    status: 401,
    body: { errorCode: 'oauth.invalid_client_secret', message: 'Unauthorized', trackingId: 't' },
  }))
  const folder = temporaryFolder(t, { 'a.log': line(1, start) })
  const effects = recordedEffects({ workingDirectory: folder })
  await assert.rejects(importFiles(effects, ['a.log'], flagsFor(server.url)), {
    code: 'unauthenticated',
    message: 'Unauthorized',
  })
})
