import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countHosts, type OpenHost, type OpenRun, openBoard } from '../../src/fleet/live-board.ts'
import type { Host } from '../../src/model/host.ts'
import type { LiveRun } from '../../src/model/live-run.ts'
import { liveHostOf, liveRunOf } from '../support/live-fixtures.ts'

const now = 1_000_000

function openHost(members: Partial<OpenHost> = {}): OpenHost {
  return {
    ...{ platform: 'linux', type: 'server', state: 'pending', hasData: false, handOuts: 0, startedAt: undefined },
    ...{ heldUntil: 0, seenAt: 0, settling: undefined },
    ...members,
  }
}

function openRun(hosts: readonly Host[], members: Partial<LiveRun> = {}): OpenRun {
  const run = liveRunOf({ tenantId: hosts[0]!.tenantId, deadline: now + 900_000, ...members })
  const map = new Map(hosts.map(host => [host.id, openHost()]))
  return { run, hosts: map, openHosts: hosts.length, nextPosition: 0, unnoted: new Set() }
}

test('a host gets what waits for it, and nobody else', () => {
  const board = openBoard()
  const host = liveHostOf()
  const [stranger, neighbour] = [liveHostOf(), liveHostOf({ tenantId: host.tenantId })]
  const open = openRun([host], { sql: 'SELECT 7' })
  board.add(open)
  for (const other of [stranger, neighbour, { ...host, tenantId: stranger.tenantId }]) {
    assert.deepEqual(board.handOut(other, now), { answer: { queries: {} }, givenUp: [] })
  }
  assert.deepEqual(board.handOut(host, now), {
    answer: { queries: { [open.run.id]: 'SELECT 7' }, accelerate: 60 },
    givenUp: [],
  })
  assert.deepEqual(
    { ...open.hosts.get(host.id) },
    { ...openHost(), state: 'started', handOuts: 1, startedAt: now, heldUntil: now + 20_000, seenAt: now },
  )
  assert.deepEqual([...open.unnoted], [host.id])
})

test('a query is held back while its agent may still be reading it, then handed out again, five times at most', () => {
  const board = openBoard()
  const host = liveHostOf()
  const open = openRun([host])
  board.add(open)
  let handOuts = 0
  let at = now
  for (; at < now + 95_000; at += 5_000) {
    const { answer, givenUp } = board.handOut(host, at)
    assert.equal(answer.accelerate, 60, 'it goes on asking soon')
    assert.deepEqual(givenUp, [])
    handOuts += Object.keys(answer.queries).length
  }
  assert.equal(handOuts, 5)
  assert.equal(open.hosts.get(host.id)!.startedAt, now)
  assert.deepEqual(board.handOut(host, now + 100_000), { answer: { queries: {}, accelerate: 60 }, givenUp: [open] })
})

test('nothing is handed out while an answer is written, or past the deadline', async () => {
  const board = openBoard()
  const host = liveHostOf()
  const open = openRun([host], { deadline: now + 1 })
  board.add(open)
  open.hosts.get(host.id)!.settling = Promise.resolve()
  assert.deepEqual(board.handOut(host, now).answer.queries, {})
  open.hosts.get(host.id)!.settling = undefined
  assert.deepEqual(board.handOut(host, now + 1).answer.queries, {})
  assert.deepEqual(Object.keys(board.handOut(host, now).answer.queries), [open.run.id])
})

test('of many runs the oldest come first, ten at a time', () => {
  const board = openBoard()
  const host = liveHostOf()
  const opens = Array.from({ length: 13 }, () => openRun([host]))
  for (const open of opens) board.add(open)
  assert.deepEqual(
    Object.keys(board.handOut(host, now).answer.queries),
    opens.slice(0, 10).map(open => open.run.id),
  )
  assert.deepEqual(
    Object.keys(board.handOut(host, now).answer.queries),
    opens.slice(10).map(open => open.run.id),
  )
})

test('who leaves is not asked any more, and an empty board knows no tenant', () => {
  const board = openBoard()
  const host = liveHostOf()
  const other = liveHostOf({ tenantId: host.tenantId })
  const open = openRun([host, other])
  board.add(open)
  assert.deepEqual([board.hostsOpen(), board.runsOf(host.tenantId), board.runsOf('x')], [2, 1, 0])
  assert.equal(board.find(host.tenantId, open.run.id), open)
  assert.equal(board.find('x', open.run.id), undefined)
  board.leave(open, host.id)
  board.leave(open, host.id)
  assert.deepEqual(board.handOut(host, now).answer, { queries: {} })
  assert.equal(Object.keys(board.handOut(other, now).answer.queries).length, 1)
  board.remove(open)
  board.remove(open)
  assert.deepEqual([board.hostsOpen(), board.runsOf(host.tenantId), [...board.all()].length], [0, 0, 0])
  assert.deepEqual(board.handOut(other, now + 60_000).answer, { queries: {} })
})

test('hosts that ended before are not waited for', () => {
  const board = openBoard()
  const host = liveHostOf()
  const open = openRun([host])
  open.hosts.get(host.id)!.state = 'failed'
  board.add(open)
  assert.deepEqual(board.handOut(host, now).answer, { queries: {} })
})

test('hosts are counted by where they are', () => {
  const hosts = [
    openHost({ seenAt: now - 600_000 }),
    openHost({ seenAt: now - 600_001, platform: undefined, type: 'computer' }),
    openHost({ state: 'started' }),
    openHost({ state: 'succeeded', hasData: true, platform: 'windows' }),
    openHost({ state: 'succeeded' }),
    openHost({ state: 'failed' }),
  ]
  const counted = {
    ...{ total: 6, types: { server: 5, computer: 1 }, platforms: { linux: 4, windows: 1 } },
    succeeded: { withData: 1, withoutData: 1 },
    failed: 1,
  }
  const rest = { pending: { online: 0, offline: 0 }, started: 0, timedOut: 0, canceled: 0 }
  assert.deepEqual(countHosts(hosts, 'started', now), {
    ...counted,
    ...rest,
    pending: { online: 1, offline: 1 },
    started: 1,
  })
  assert.deepEqual(countHosts(hosts, 'succeeded', now), { ...counted, ...rest, timedOut: 3 })
  assert.deepEqual(countHosts(hosts, 'canceled', now), { ...counted, ...rest, canceled: 3 })
})
