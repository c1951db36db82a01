import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openSimulation } from '../../src/bin/simulation.ts'
import { type SimulateFlags, simulate } from '../../src/cli/commands/simulate.ts'
import type { CliEffects } from '../../src/cli/effects.ts'
import { startReferenceServer } from '../support/reference-server.ts'
import { startServer } from '../support/server.ts'
import { testCertificates } from '../support/test-certificates.ts'
import { recordedEffects } from './recorded-effects.ts'
import { temporaryFolder } from './temporary-folder.ts'

const defaults: SimulateFlags = {
  ...{ hosts: 4, rate: 600, paths: 'osquery', seed: 'fleet', clones: 0, misbehave: [] },
  ...{ minutes: 0.02, enrollSecret: 'let-me-in' },
}

function run(flags: Partial<SimulateFlags>, changed: Partial<CliEffects> = {}) {
  const effects = recordedEffects()
  const clock = () => Date.now()
  return {
    effects,
    ended: simulate({ ...effects, clock, ...changed }, openSimulation, { ...defaults, ...flags }),
  }
}

async function reference(t: TestContext, isSecure = false) {
  const certificates = await testCertificates()
  const server = await startReferenceServer(isSecure ? certificates.pem : undefined)
  t.after(() => server.close())
  return { server, certificates }
}

test('a fleet runs for its time, sends what it logged and tells what became of it', async t => {
  const { server, certificates } = await reference(t, true)
  const ca = join(temporaryFolder(t, { 'ca.pem': certificates.caPem }), 'ca.pem')
  server.configuration = { schedule: { time: { query: 'SELECT * FROM time', interval: 1, snapshot: true } } }
  const { effects, ended } = run({ url: server.url, ca, minutes: 0.05 })
  assert.equal(await ended, 0)
  assert.equal(server.requestsOf('enroll').length, 4)
  const { text } = effects.stdout
  const logged = Number(/ (\d+) lines logged/.exec(text)?.[1])
  assert.ok(logged > 0, text)
  assert.match(text, new RegExp(`${logged} lines logged, ${logged} acknowledged, 0 dropped by full agents, 0 never`))
  assert.match(text, /enroll +4 requests +p50 +[\d.]+ ms +p99 +[\d.]+ ms\n/)
  assert.equal(server.stored.result.length + server.stored.status.length, logged)
  // No marks where nobody asks for them.
  assert.ok(server.stored.result.every(line => !line.includes('simulator')))
})

test('it says what failed, and what an empty answer has taken', async t => {
  const { server } = await reference(t)
  server.configuration = { schedule: { time: { query: 'SELECT * FROM time', interval: 1, snapshot: true } } }
  server.fail('read', { silence: 'closed' }, { silence: 'closed' })
  server.fail('log', { status: 502 })
  const { effects, ended } = run({ url: server.url, hosts: 1, minutes: 0.08 })
  assert.equal(await ended, 0)
  assert.match(effects.stdout.text, /\d+ lines? acknowledged by an empty answer, which no lake gives/)
  assert.match(effects.stdout.text, /read .* 1 failed\n/)
  assert.match(effects.stdout.text, /failed, 1 time: read: the server closed the connection\n/)
})

test('a person may stop it before its time; the lines still arrive', async t => {
  const { server } = await reference(t)
  const stopping = new AbortController()
  const { ended } = run({ url: server.url, minutes: 60 }, { signal: stopping.signal })
  while (server.requestsOf('read').length < 4) await new Promise(resolve => setImmediate(resolve))
  stopping.abort()
  assert.equal(await ended, 0)
})

test("Fleet's and osctrl's paths, packed bodies, clones", async t => {
  const { server } = await reference(t)
  assert.equal(await run({ url: server.url, paths: 'fleet', clones: 2 }).ended, 0)
  assert.ok(server.requests.every(({ path }) => path.startsWith('/api/osquery/')))
  const identifiers = server.requestsOf('enroll').map(({ json }) => json['host_identifier'])
  assert.deepEqual([identifiers.length, new Set(identifiers).size], [4, 2])
  const { server: other } = await reference(t)
  assert.equal(await run({ url: other.url, environment: 'prod', gzip: true }).ended, 0)
  assert.ok(other.requests.every(({ path }) => path.startsWith('/prod/')))
  assert.ok(other.requestsOf('log').every(({ headers }) => headers['content-encoding'] === 'gzip'))
})

test('what cannot be is one sentence', async t => {
  const folder = temporaryFolder(t, {
    'first-run.json': JSON.stringify({ url: 'http://127.0.0.1:1', tenantId: 't', clientId: 'c', clientSecret: 's' }),
  })
  for (const [flags, message] of [
    [{ url: 'lake.example' }, '"lake.example" is no http or https URL'],
    [
      { url: 'https://lake.example', ca: join(folder, 'none.pem') },
      `${join(folder, 'none.pem')} cannot be read (ENOENT)`,
    ],
    [{ url: 'https://lake.example', clones: 4 }, 'of 4 hosts at most 3 can be clones'],
    [{ data: folder, enrollSecret: undefined }, 'no enroll secret is known: give one with --enroll-secret'],
  ] as const) {
    await assert.rejects(run(flags as Partial<SimulateFlags>).ended, { message })
  }
  await assert.rejects(run({ data: join(folder, 'none') }).ended, /no lake is known: there is no .*first-run\.json/)
})

test('--verify asks a real lake, and a lake that lost or doubled something is told', async t => {
  const server = await startServer()
  t.after(() => server.close())
  const { url, clientId, clientSecret, enrollSecret } = server.firstRun
  const credentials = { url, clientId, clientSecret, enrollSecret }
  const nothing = run({ ...credentials, verify: true, minutes: 0.001, rate: 0 })
  await assert.rejects(nothing.ended, { message: 'nothing to verify: no line was sent' })
  const right = run({ ...credentials, verify: true, minutes: 0.19, misbehave: ['utf8', 'nul', 'huge'] })
  assert.equal(await right.ended, 0, right.effects.stdout.text)
  assert.match(
    right.effects.stdout.text,
    /result lines: \d+ acknowledged and there, 0 lost, 0 doubled, 0 torn, 0 unexpe/,
  )
  assert.match(right.effects.stdout.text, /verified: the lake has what the agents had acknowledged, each line once\n$/)
  // Lines that never went to the lake that is asked.
  const { server: elsewhere } = await reference(t)
  elsewhere.configuration = { schedule: { time: { query: 'SELECT * FROM time', interval: 1, snapshot: true } } }
  const wrong = run({
    ...credentials,
    url: elsewhere.url,
    apiUrl: url,
    enrollSecret: 'let-me-in',
    verify: true,
    minutes: 0.1,
  })
  assert.equal(await wrong.ended, 1)
  assert.match(wrong.effects.stdout.text, /result lines: 0 acknowledged and there, [1-9]\d* lost, 0 doubled/)
  assert.match(wrong.effects.stdout.text, /lost: [0-9a-f]{8}-\d line \d+, 0 rows found\n/)
  assert.match(wrong.effects.stdout.text, /THE LAKE DIFFERS from its agents\n$/)
})
