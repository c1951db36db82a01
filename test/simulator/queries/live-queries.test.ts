import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AgentFlags, osqueryFlags } from '../../../src/simulator/agent/flags.ts'
import { makeHosts } from '../../../src/simulator/hosts.ts'
import { openHostTables } from '../../../src/simulator/queries/host-tables.ts'
import { type LiveAnswers, openLiveQueries } from '../../../src/simulator/queries/live-queries.ts'
import { openRandom } from '../../../src/simulator/random.ts'
import type { Judgement } from '../../../src/simulator/remote/judgement.ts'
import { openRollingLife } from '../../../src/simulator/rolling-life.ts'

const start = 1_770_019_200
const [host] = makeHosts(openRandom('live'), 1, start)
const refused: Judgement = { isSuccess: false, reason: 'no', isNodeInvalid: false }

/** An agent's live queries; `reads` are answered one after another, then with nothing to do. */
function live(reads: readonly unknown[], changed: Partial<AgentFlags> = {}) {
  const state = { now: start, isWritable: true, isStopped: false, deaths: 0, until: Number.POSITIVE_INFINITY }
  const writes: LiveAnswers[] = []
  const waits: number[] = []
  const asked: string[] = []
  let read = 0
  const processes = openRollingLife(host!, 'live', start)
  const queries = openLiveQueries({
    flags: () => ({ ...osqueryFlags, ...changed }),
    read: async () => ({ isSuccess: true, json: reads[read++] ?? {}, isEmpty: false }),
    async write(answers) {
      writes.push(answers)
      return state.isWritable ? { isSuccess: true, json: {}, isEmpty: false } : refused
    },
    openTables: () => {
      const life = {
        host: host!,
        random: openRandom('x'),
        processes: processes.processesAt(state.now),
        story: undefined,
      }
      return openHostTables(life, '5.16.0', state.now)
    },
    now: () => state.now,
    async wait(seconds) {
      waits.push(seconds)
      state.now += seconds
      if (state.now >= state.until) state.isStopped = true
    },
    isStopped: () => state.isStopped,
    isDeadly: sql => sql.includes('deadly'),
    onDeath() {
      state.deaths += 1
      state.isStopped = true
    },
    onQuery: id => asked.push(id),
  })
  return { ...queries, state, writes, waits, asked }
}

test('what is asked is answered, from the tables of the host', async () => {
  const sql = 'SELECT count(*) AS n, sum(pid > 0) AS some FROM processes JOIN users USING (uid)'
  const { poll, writes } = live([
    {
      queries: {
        'run-2': `SELECT name, version FROM os_version`,
        'run-1': `SELECT hostname, cpu_brand, null AS missing FROM system_info`,
        'run-3': sql,
        'run-4': 'SELECT pid FROM processes WHERE false',
      },
    },
  ])
  await poll()
  assert.equal(writes.length, 1)
  const { queries, statuses, messages, stats } = writes[0]!
  assert.deepEqual(queries['run-2'], [{ name: 'Windows 11 Pro', version: '10.0.26100' }])
  assert.deepEqual(queries['run-1'], [
    { hostname: 'FIN-WS-01', cpu_brand: 'Intel(R) Core(TM) i7-1365U\u0000\u0000\u0000\u0000', missing: '' },
  ])
  assert.ok(Number(queries['run-3']?.[0]?.['n']) > 0)
  assert.deepEqual(queries['run-4'], [])
  assert.deepEqual(Object.keys(queries), ['run-1', 'run-2', 'run-3', 'run-4'])
  assert.deepEqual(statuses, { 'run-1': 0, 'run-2': 0, 'run-3': 0, 'run-4': 0 })
  assert.deepEqual(messages, { 'run-1': '', 'run-2': '', 'run-3': '', 'run-4': '' })
  assert.deepEqual(stats['run-2'], { wall_time_ms: 2, user_time: 1, system_time: 0, memory: 4096 })
})

test('nothing to do writes nothing', async () => {
  const { poll, writes } = live([{}, { queries: {} }])
  await poll()
  await poll()
  assert.deepEqual(writes, [])
})

test('a query that fails has status 1 and the message; the others are answered', async () => {
  const { poll, writes } = live([{ queries: { a: 'SELECT * FROM nowhere', b: 'SELECT 1 AS one', c: 'no sql' } }])
  await poll()
  assert.deepEqual(writes[0]?.statuses, { a: 1, b: 0, c: 1 })
  assert.deepEqual(writes[0]?.messages, { a: 'no such table: nowhere', b: '', c: 'near "no": syntax error' })
  assert.deepEqual(writes[0]?.queries, { a: [], b: [{ one: '1' }], c: [] })
})

test('a table that osquery has on the platform is empty where the simulator has none; on others it is missing', async () => {
  const { poll, writes } = live([
    { queries: { a: 'SELECT path FROM registry', b: 'SELECT * FROM deb_packages', c: 'SELECT nme FROM users' } },
  ])
  await poll()
  assert.deepEqual(writes[0]?.queries, { a: [], b: [], c: [] })
  const messages = { a: '', b: 'no such table: deb_packages', c: 'no such column: nme' }
  assert.deepEqual([writes[0]?.statuses, writes[0]?.messages], [{ a: 0, b: 1, c: 1 }, messages])
})

test('discovery: without rows its query is not run; an error in it drops the whole answer', async () => {
  const queries = { a: 'SELECT 1 AS a', b: 'SELECT 2 AS b', c: 'SELECT 3 AS c' }
  const found = live([{ queries, discovery: { a: 'SELECT 1 WHERE false', b: 'SELECT 1' } }])
  await found.poll()
  assert.deepEqual(found.writes[0]?.queries, { b: [{ b: '2' }], c: [{ c: '3' }] })
  const dropped = live([{ queries, discovery: { a: 'SELECT * FROM nowhere' }, accelerate: 60 }])
  await dropped.poll()
  assert.deepEqual(dropped.writes, [])
})

test('an answer that is not as it should be counts up to there', async () => {
  const { poll, writes } = live([
    { queries: { a: 'SELECT 1 AS a', b: 7, c: 'SELECT 3 AS c' } },
    [],
    'x',
    { queries: [] },
  ])
  for (let n = 0; n < 4; n += 1) await poll()
  assert.deepEqual(
    writes.map(({ queries }) => queries),
    [{ a: [{ a: '1' }] }],
  )
})

test('polls every interval, every five seconds while accelerated; only whole numbers accelerate', async () => {
  const { run, state, waits } = live([{}, { accelerate: 12 }, {}, {}, {}, { accelerate: '60' }, { accelerate: 1.5 }])
  state.until = start + 60 + 3 * 5 + 3 * 60
  await run()
  assert.deepEqual(waits, [60, 5, 5, 5, 60, 60, 60])
})

test('answers that could not be written come with those of the next query', async () => {
  const { poll, state, writes } = live([
    { queries: { a: 'SELECT 1 AS a' } },
    {},
    { queries: { b: 'SELECT 2 AS b' } },
    {},
  ])
  state.isWritable = false
  await poll()
  await poll()
  assert.equal(writes.length, 1)
  state.isWritable = true
  await poll()
  assert.deepEqual(writes[1]?.queries, { a: [{ a: '1' }], b: [{ b: '2' }] })
  await poll()
  assert.equal(writes.length, 2)
})

test('a query that killed the worker is denylisted for a day; what was pending behind it is run', async () => {
  const deadly = 'SELECT * FROM deadly'
  const { poll, state, writes, asked, forgetResults } = live([
    { queries: { a: 'SELECT 1 AS a', b: deadly, c: 'SELECT 3 AS c' } },
    { queries: { d: deadly } },
    { queries: { e: deadly } },
  ])
  await poll()
  assert.deepEqual([state.deaths, writes, asked], [1, [], ['a', 'b']])
  // The worker starts anew: what it had in memory is gone.
  state.isStopped = false
  forgetResults()
  await poll()
  assert.deepEqual(writes[0]?.queries, { c: [{ c: '3' }], d: [] })
  assert.deepEqual(writes[0]?.statuses, { c: 0, d: 1 })
  assert.deepEqual(writes[0]?.messages, { c: '', d: 'distributed query is denylisted' })
  assert.deepEqual(writes[0]?.stats['d'], {})
  state.now += 86_400 + 1
  await poll()
  assert.equal(state.deaths, 2)
})
