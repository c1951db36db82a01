import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deleteLiveAnswersOf } from '../../src/db/live-answers.ts'
import { liveHandOutMs } from '../../src/limits/live.ts'
import { AppError } from '../../src/model/errors.ts'
import type { LiveHostCounts } from '../../src/model/live-run.ts'
import { answersOf, everyHost, openTestLive } from '../support/live.ts'

function countsOf(members: Partial<LiveHostCounts>): LiveHostCounts {
  return {
    ...{ total: 0, types: {}, platforms: {}, pending: { online: 0, offline: 0 }, started: 0 },
    ...{ succeeded: { withData: 0, withoutData: 0 }, failed: 0, timedOut: 0, canceled: 0 },
    ...members,
  }
}

const whole = { firstRow: 0, rowCount: 1_000 }

test('a run from its start to the last answer, in the results and in the lake', async t => {
  const it = await openTestLive(t)
  const [a, b, c] = [
    await it.host({ hostIdentifier: 'a', facts: { platform: 'windows', hostname: 'PC-A' } }),
    await it.host({ hostIdentifier: 'b', facts: { platform: 'ubuntu' }, lastSeenAt: it.now }),
    await it.host({ hostIdentifier: 'c', facts: { platform: 'darwin' } }),
  ]
  const { run, counts } = await it.start({
    name: 'who runs',
    template: 'SELECT name FROM processes WHERE pid = $$pid$$',
    variables: [{ name: 'pid', dataType: 'integer', value: '1' }],
  })
  assert.deepEqual([run.state, run.deadline - run.createdAt], ['pending', 900_000])
  assert.deepEqual(
    counts,
    countsOf({
      total: 3,
      types: { computer: 2, server: 1 },
      platforms: { windows: 1, linux: 1, macOS: 1 },
      pending: { online: 1, offline: 2 },
    }),
  )
  const given = await it.live.readFor(a)
  assert.deepEqual(given, { queries: { [run.id]: 'SELECT name FROM processes WHERE pid = 1' }, accelerate: 60 })
  await it.live.readFor(b)
  await it.live.tick()
  assert.equal((await it.live.get(it.tenantId, run.id)).run.state, 'started')

  it.now += 5_000
  await it.live.write(
    a,
    answersOf({
      queries: { [run.id]: [{ name: 'init' }, { name: 'x', pid: '1' }] },
      statuses: { [run.id]: 0 },
      stats: { [run.id]: { wall_time_ms: 40, user_time: 3, system_time: 2, memory: 512 } },
    }),
  )
  await it.live.write(
    b,
    answersOf({ queries: { [run.id]: [] }, statuses: { [run.id]: 0 }, stats: { [run.id]: { wall_time_ms: 10 } } }),
  )
  assert.deepEqual((await it.live.get(it.tenantId, run.id)).counts.succeeded, { withData: 1, withoutData: 1 })
  await it.live.write(
    c,
    answersOf({
      queries: { [run.id]: '' },
      statuses: { [run.id]: 1 },
      messages: { [run.id]: 'no such table: processes' },
    }),
  )

  const ended = await it.live.get(it.tenantId, run.id)
  assert.deepEqual([ended.run.state, ended.run.finishedAt, ended.run.rowCount], ['succeeded', it.now, 2])
  assert.deepEqual(
    ended.counts,
    countsOf({
      total: 3,
      types: { computer: 2, server: 1 },
      platforms: { windows: 1, linux: 1, macOS: 1 },
      succeeded: { withData: 1, withoutData: 1 },
      failed: 1,
    }),
  )
  const bytes = '{"name":"init"}{"name":"x","pid":"1"}'.length
  assert.deepEqual(ended.run.performance, {
    answers: 3,
    measured: 2,
    wallTimeMsTotal: 50,
    wallTimeMsMax: 40,
    bytesTotal: bytes,
    bytesMax: bytes,
  })
  const { items, columns, nextRow } = await it.live.results(it.tenantId, run.id, whole)
  assert.deepEqual(columns, ['endpoint_id', 'meta_hostname', 'name', 'pid'])
  assert.deepEqual(items, [
    { name: 'init', pid: null, endpoint_id: a.id, meta_hostname: 'PC-A' },
    { name: 'x', pid: '1', endpoint_id: a.id, meta_hostname: 'PC-A' },
  ])
  assert.equal(nextRow, undefined)
  const { hosts, total } = await it.live.hosts(it.tenantId, run.id, {
    ...everyHost,
    sorts: [{ by: 'hostname', order: 'asc' }],
  })
  assert.equal(total, 3)
  assert.deepEqual(
    hosts.map(host => [
      host.hostname,
      host.state,
      host.message,
      host.rowCount,
      host.handOuts,
      host.startedAt,
      host.finishedAt,
      host.wallTimeMs,
    ]),
    [
      ['PC-A', 'succeeded', undefined, 2, 1, it.now - 5_000, it.now, 40],
      ['b', 'succeeded', undefined, 0, 1, it.now - 5_000, it.now, 10],
      ['c', 'failed', 'no such table: processes', 0, 0, it.now, it.now, undefined],
    ],
  )
  const lines = await it.lines()
  assert.deepEqual(
    lines.map(line => [line['name'], line['hostIdentifier'], line['action'], line['snapshot']]),
    [
      ['live/who runs', 'a', 'snapshot', [{ name: 'init' }, { name: 'x', pid: '1' }]],
      ['live/who runs', 'b', 'snapshot', []],
    ],
  )
  assert.deepEqual(await it.live.readFor(c), { queries: {} }, 'nothing waits any more')
})

test('an answer that is sent again adds nothing, whoever lost what', async t => {
  const it = await openTestLive(t)
  const host = await it.host()
  const other = await it.host()
  const { run } = await it.start()
  await it.live.readFor(host)
  await Promise.all([it.answer(host, run.id), it.answer(host, run.id)])
  await it.answer(host, run.id, { rows: [{ name: 'it ran once more' }] })
  await it.answer(host, run.id, { status: 1, message: 'late' })
  assert.equal((await it.live.results(it.tenantId, run.id, whole)).items.length, 1)
  assert.equal((await it.lines()).length, 1)
  // To another process, too.
  await it.crash()
  assert.deepEqual(await it.live.readFor(host), { queries: {} })
  await it.answer(host, run.id, { rows: [{ name: 'it ran once more' }] })
  await it.answer(other, run.id)
  const { items, run: ended } = await it.live.results(it.tenantId, run.id, whole)
  assert.deepEqual(
    items.map(item => item['endpoint_id']),
    [host.id, other.id],
  )
  assert.deepEqual([ended.state, (await it.lines()).length], ['succeeded', 2])
})

test('a query that was lost on its way is handed out again, and one that ends its agent is given up', async t => {
  const it = await openTestLive(t)
  const host = await it.host()
  const { run } = await it.start()
  for (let n = 0; n < 5; n++) {
    assert.equal(Object.keys((await it.live.readFor(host)).queries).length, 1)
    assert.equal(Object.keys((await it.live.readFor(host)).queries).length, 0, 'held back')
    it.now += liveHandOutMs
  }
  assert.deepEqual(await it.live.readFor(host), { queries: {}, accelerate: 60 })
  await it.live.close()
  const { run: ended, counts } = await it.live.get(it.tenantId, run.id)
  assert.deepEqual([ended.state, counts.failed], ['failed', 1])
  const { hosts } = await it.live.hosts(it.tenantId, run.id, everyHost)
  assert.equal(hosts[0]!.message, 'the query was handed out 5 times and never answered')
  assert.deepEqual(await it.lines(), [])
})

test('a denylisted query is said', async t => {
  const it = await openTestLive(t)
  const host = await it.host()
  const { run } = await it.start()
  await it.answer(host, run.id, { status: 1, rows: [], message: 'distributed query is denylisted' })
  const { hosts } = await it.live.hosts(it.tenantId, run.id, everyHost)
  assert.equal(
    hosts[0]!.message,
    "distributed query is denylisted: this host's agent died running it within the last 24 hours and refuses it until then",
  )
})

test('at its deadline a run ends with what came; hosts that were silent timed out', async t => {
  const it = await openTestLive(t)
  const [fast, slow] = [await it.host(), await it.host()]
  await it.host()
  const { run } = await it.start({ durationMs: 60_000 })
  await it.live.readFor(fast)
  await it.live.readFor(slow)
  await it.answer(fast, run.id)
  it.now += 59_999
  await it.live.tick()
  assert.equal((await it.live.get(it.tenantId, run.id)).run.state, 'started')
  it.now += 1
  assert.deepEqual((await it.live.readFor(slow)).queries, {}, 'too late to begin')
  await it.live.tick()
  const { run: ended, counts } = await it.live.get(it.tenantId, run.id)
  assert.deepEqual([ended.state, counts.timedOut, counts.succeeded.withData], ['succeeded', 2, 1])
  await it.answer(slow, run.id)
  assert.equal((await it.live.results(it.tenantId, run.id, whole)).items.length, 1, 'a late answer is passed over')
  const { hosts } = await it.live.hosts(it.tenantId, run.id, everyHost)
  assert.deepEqual(hosts.map(host => host.state).sort(), ['succeeded', 'timed_out', 'timed_out'])

  const { run: silent } = await it.start({ durationMs: 10_000 })
  it.now += 10_000
  await it.live.tick()
  assert.equal((await it.live.get(it.tenantId, silent.id)).run.state, 'timed_out')
})

test('a canceled run asks nobody any more and keeps what came', async t => {
  const it = await openTestLive(t)
  const [a, b] = [await it.host(), await it.host()]
  const { run } = await it.start()
  await it.answer(a, run.id)
  assert.equal(await it.live.cancel(it.tenantId, run.id), true)
  assert.equal(await it.live.cancel(it.tenantId, run.id), false)
  assert.deepEqual(await it.live.readFor(b), { queries: {} })
  await it.answer(b, run.id)
  const { run: ended, counts } = await it.live.get(it.tenantId, run.id)
  assert.deepEqual([ended.state, counts.canceled, counts.succeeded.withData], ['canceled', 1, 1])
  assert.equal((await it.live.results(it.tenantId, run.id, whole)).items.length, 1)
})

test('of a cancel, a deadline and the last answer that race one ends the run', async t => {
  const it = await openTestLive(t)
  for (let round = 0; round < 20; round++) {
    const host = await it.host()
    const { run } = await it.start({ durationMs: 10_000, match: { filters: [{ ids: [host.id] }] } })
    it.now += 10_000
    const racers = [
      () => it.live.cancel(it.tenantId, run.id).then(() => undefined),
      () => it.live.tick(),
      () => it.answer(host, run.id),
    ]
    const at = round % 3
    await Promise.all([...racers.slice(at), ...racers.slice(0, at)].map(race => race()))
    const { run: ended, counts } = await it.live.get(it.tenantId, run.id)
    const { items } = await it.live.results(it.tenantId, run.id, whole)
    const expected = { canceled: 0, timed_out: 0, succeeded: 1 }[ended.state as string]
    assert.equal(items.length, expected, ended.state)
    assert.equal(counts.canceled + counts.timedOut + counts.succeeded.withData, 1)
  }
})

test('what the lake cannot take now is durable, and comes into it once: by a resend, by the clock, after a crash', async t => {
  const it = await openTestLive(t)
  const hosts = [await it.host(), await it.host(), await it.host()]
  const { run } = await it.start()
  it.refusal = new AppError('unavailable', 'the disk is full')
  for (const host of hosts) await assert.rejects(it.answer(host, run.id), /the disk is full/)
  assert.equal((await it.live.results(it.tenantId, run.id, whole)).items.length, 3)
  await assert.rejects(it.answer(hosts[0]!, run.id), /the disk is full/, 'the agent must not be told that it is done')
  await it.live.tick()
  assert.deepEqual(await it.lines(), [])
  it.refusal = undefined
  await it.answer(hosts[0]!, run.id)
  assert.equal((await it.lines()).length, 1, 'its own, and nobody else waits for others')
  await it.live.tick()
  assert.equal((await it.lines()).length, 3)

  const { run: second } = await it.start()
  it.refusal = new AppError('unavailable', 'the disk is full')
  for (const host of hosts) await assert.rejects(it.answer(host, second.id), /the disk is full/)
  it.refusal = undefined
  assert.deepEqual(await it.crash(), { runs: 0, due: 3 })
  assert.equal((await it.lines()).length, 6)
  assert.deepEqual(await it.crash(), { runs: 0, due: 0 })
  assert.equal((await it.lines()).length, 6)
})

test('a process that dies between the lake and its note of it puts nothing twice', async t => {
  const it = await openTestLive(t)
  const host = await it.host()
  const { run } = await it.start()
  await it.answer(host, run.id, { rows: Array.from({ length: 2_500 }, () => ({ name: 'bash' })) })
  await it.live.close()
  await it.store.updateTable('live_answers').set({ in_lake: 0 }).execute()
  assert.deepEqual(await it.crash(), { runs: 0, due: 1 })
  assert.deepEqual(
    (await it.lines()).map(line => (line['snapshot'] as unknown[]).length),
    [1_000, 1_000, 500],
  )
})

test('a run goes on in the next process: who answered stays, who was asked is asked again', async t => {
  const it = await openTestLive(t)
  const [done, asked, idle] = [await it.host(), await it.host(), await it.host()]
  const { run } = await it.start()
  for (const host of [done, asked]) await it.live.readFor(host)
  await it.answer(done, run.id)
  await it.live.tick()
  assert.deepEqual(await it.crash(), { runs: 1, due: 0 })
  const { counts } = await it.live.get(it.tenantId, run.id)
  assert.deepEqual([counts.succeeded.withData, counts.started, counts.pending.offline], [1, 1, 1])
  assert.deepEqual((await it.live.readFor(done)).queries, {})
  for (const host of [asked, idle]) assert.equal(Object.keys((await it.live.readFor(host)).queries).length, 1)
  for (const host of [idle, asked]) await it.answer(host, run.id)
  const { items, run: ended } = await it.live.results(it.tenantId, run.id, whole)
  assert.deepEqual([ended.state, items.map(item => item['endpoint_id'])], ['succeeded', [done.id, idle.id, asked.id]])
  const { hosts } = await it.live.hosts(it.tenantId, run.id, everyHost)
  assert.equal(hosts.find(host => host.hostId === asked.id)!.handOuts, 2)
})

test('a start that died half-way leaves no run', async t => {
  const it = await openTestLive(t)
  const host = await it.host()
  const { run } = await it.start()
  await it.store.updateTable('live_runs').set({ state: 'preparing' }).execute()
  assert.deepEqual(await it.crash(), { runs: 0, due: 0 })
  await assert.rejects(it.live.get(it.tenantId, run.id), /there is no run/)
  assert.deepEqual(await it.live.readFor(host), { queries: {} })
  assert.deepEqual(await it.store.selectFrom('live_hosts').selectAll().execute(), [])
})

test('a page keeps its rows while answers arrive', async t => {
  const it = await openTestLive(t)
  const hosts = await Promise.all(Array.from({ length: 12 }, () => it.host()))
  const { run } = await it.start()
  const rowsOf = (n: number) => Array.from({ length: n % 4 === 0 ? 0 : n * 90 }, (_, at) => ({ at: `${n}/${at}` }))
  const seen: string[] = []
  let next = 0
  for (const [n, host] of hosts.entries()) {
    await it.answer(host, run.id, { rows: rowsOf(n) })
    const page = await it.live.results(it.tenantId, run.id, { firstRow: next, rowCount: 100 })
    const again = await it.live.results(it.tenantId, run.id, { firstRow: next, rowCount: 100 })
    assert.deepEqual(again.items, page.items)
    seen.push(...page.items.map(item => item['at']!))
    next += page.items.length
    assert.equal(page.nextRow, next < page.run.rowCount ? next : undefined)
  }
  for (;;) {
    const page = await it.live.results(it.tenantId, run.id, { firstRow: next, rowCount: 1_000 })
    seen.push(...page.items.map(item => item['at']!))
    next += page.items.length
    if (page.nextRow === undefined) break
  }
  assert.deepEqual(
    seen,
    hosts.flatMap((_, n) => rowsOf(n).map(row => row.at)),
  )
  assert.deepEqual((await it.live.results(it.tenantId, run.id, { firstRow: next + 5, rowCount: 10 })).items, [])
})

test('whom a run asks', async t => {
  const it = await openTestLive(t)
  const windows = await it.host({ facts: { platform: 'windows' } })
  const linux = await it.host({ facts: { platform: 'debian' } })
  const unknown = await it.host()
  await it.host({ enrolledAt: undefined })
  const idsOf = async (members: Parameters<typeof it.start>[0]) => {
    const { run } = await it.start(members)
    const { hosts } = await it.live.hosts(it.tenantId, run.id, everyHost)
    await it.live.cancel(it.tenantId, run.id)
    return hosts.map(host => host.hostId).sort()
  }
  assert.deepEqual(
    await idsOf({}),
    [windows, linux, unknown].map(host => host.id).sort(),
    'one known from its logs only has no agent',
  )
  assert.deepEqual(await idsOf({ platforms: ['linux', 'macOS'] }), [linux, unknown].map(host => host.id).sort())
  assert.deepEqual(await idsOf({ match: { filters: [{ ids: [linux.id, 'nobody'] }] } }), [linux.id])
  const isNobody = (error: unknown) =>
    error instanceof AppError &&
    error.code === 'not_found' &&
    error.message === 'No resolved endpoints found in query submission request'
  await assert.rejects(it.start({ match: { filters: [{ ids: ['nobody'] }] } }), isNobody)
  await assert.rejects(it.start({ match: { filters: [{ hostnameContains: 'nope' }] } }), isNobody)
})

test('tenants see nothing of one another', async t => {
  const it = await openTestLive(t)
  const own = await it.host()
  const { run } = await it.start()
  const foreign = { ...own, tenantId: 'another' }
  assert.deepEqual(await it.live.readFor(foreign), { queries: {} })
  await it.answer(foreign, run.id)
  for (const call of [
    it.live.get('another', run.id),
    it.live.cancel('another', run.id),
    it.live.results('another', run.id, whole),
    it.live.hosts('another', run.id, everyHost),
  ]) {
    await assert.rejects(call, (error: unknown) => error instanceof AppError && error.code === 'not_found')
  }
  const list = {
    states: undefined,
    savedQueryId: undefined,
    categoryId: undefined,
    sorts: [{ by: 'createdAt', order: 'desc' }],
    offset: 0,
    count: 10,
    isTotalWanted: true,
  } as const
  assert.deepEqual(await it.live.list('another', list), { runs: [], total: 0 })
  assert.equal((await it.live.list(it.tenantId, list)).total, 1)
  assert.deepEqual((await it.live.get(it.tenantId, run.id)).run.rowCount, 0)
})

test('a host that nobody asked, or a run that nobody knows, is passed over', async t => {
  const it = await openTestLive(t)
  const asked = await it.host()
  const stranger = await it.host()
  const { run } = await it.start({ match: { filters: [{ ids: [asked.id] }] } })
  await it.answer(stranger, run.id)
  await it.answer(asked, 'no such run')
  assert.deepEqual((await it.live.get(it.tenantId, run.id)).run.rowCount, 0)
  assert.deepEqual(await it.lines(), [])
})

test('SQL that cannot go out starts nothing', async t => {
  const it = await openTestLive(t)
  await it.host()
  await assert.rejects(it.start({ template: 'DROP TABLE x' }), /only SELECT/)
  await assert.rejects(it.start({ template: 'SELECT $$x$$' }), /variable 'x' has no value/)
  assert.deepEqual(await it.store.selectFrom('live_runs').selectAll().execute(), [])
})

test('twenty runs of a tenant are under way at most', async t => {
  const it = await openTestLive(t)
  await it.host()
  for (let n = 0; n < 20; n++) await it.start()
  await assert.rejects(it.start(), (error: unknown) => error instanceof AppError && error.code === 'rate_limited')
})

test('runs expire with all that hangs on them', async t => {
  const it = await openTestLive(t)
  const host = await it.host()
  const { run } = await it.start({ durationMs: 10_000 })
  await it.answer(host, run.id, { rows: Array.from({ length: 3_000 }, (_, n) => ({ n: String(n) })) })
  await it.live.close()
  it.now = run.expiresAt
  await assert.rejects(it.live.get(it.tenantId, run.id), /there is no run/)
  await it.live.tick()
  for (const table of ['live_runs', 'live_hosts', 'live_answers'] as const) {
    assert.deepEqual(await it.store.selectFrom(table).selectAll().execute(), [], table)
  }
})

test('answers over the bounds of a host are cut, and it is said', async t => {
  const it = await openTestLive(t)
  const host = await it.host()
  const { run } = await it.start()
  await it.answer(host, run.id, { droppedRows: 7 })
  const { run: ended } = await it.live.get(it.tenantId, run.id)
  assert.deepEqual(ended.truncated, { reason: 'answerMax', rows: 7 })
  assert.equal((await it.live.hosts(it.tenantId, run.id, everyHost)).hosts[0]!.droppedRows, 7)
})

test('rows of an erased host are gone, and pages go past them', async t => {
  const it = await openTestLive(t)
  const hosts = [await it.host(), await it.host(), await it.host()]
  const { run } = await it.start()
  for (const host of hosts) await it.answer(host, run.id, { rows: [{ name: 'a' }, { name: 'b' }] })
  const read = async () => {
    const owners: (string | null | undefined)[] = []
    for (let next: number | undefined = 0; next !== undefined; ) {
      const page = await it.live.results(it.tenantId, run.id, { firstRow: next, rowCount: 1 })
      owners.push(...page.items.map(item => item['endpoint_id']))
      next = page.nextRow
    }
    return owners
  }
  const [first, second, third] = hosts.map(host => host.id)
  assert.deepEqual(await read(), [first, first, second, second, third, third])
  await deleteLiveAnswersOf(it.store, 'another', second!)
  await deleteLiveAnswersOf(it.store, it.tenantId, second!)
  assert.deepEqual(await read(), [first, first, third, third])
  await deleteLiveAnswersOf(it.store, it.tenantId, third!)
  assert.deepEqual(await read(), [first, first])
})
