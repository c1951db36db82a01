import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sha256Hex } from '../../src/model/ids.ts'
import { simulateFleet } from '../../src/simulator/fleet.ts'

const day = { start: 1_770_019_200, end: 1_770_105_600 }

interface LogLine {
  readonly name: string
  readonly hostIdentifier: string
  readonly calendarTime: string
  readonly unixTime: number
  readonly counter: number
  readonly numerics: boolean
  readonly action?: string
  readonly columns?: Readonly<Record<string, unknown>>
  readonly snapshot?: readonly Readonly<Record<string, unknown>>[]
  readonly diffResults?: {
    readonly added: readonly Readonly<Record<string, unknown>>[]
    readonly removed: readonly Readonly<Record<string, unknown>>[]
  }
  readonly decorations: Readonly<Record<string, string>>
}

const fleet = simulateFleet({ seed: 'test', hostCount: 20, span: day })
const texts = fleet.hosts.map(host => fleet.linesOf(host).map(line => line.text))
const lines = texts.flat().map(text => JSON.parse(text) as LogLine)

function rowsOf(line: LogLine): readonly Readonly<Record<string, unknown>>[] {
  return [
    ...(line.columns === undefined ? [] : [line.columns]),
    ...(line.snapshot ?? []),
    ...(line.diffResults?.added ?? []),
    ...(line.diffResults?.removed ?? []),
  ]
}

test('the same seed writes the same logs, another one others', () => {
  const again = simulateFleet({ seed: 'test', hostCount: 20, span: day })
  const hash = (log: readonly string[]) => sha256Hex(log.join('\n'))
  // Hosts in another order: no log depends on those made before it.
  for (const [index, host] of [...again.hosts.entries()].toReversed()) {
    assert.equal(hash(again.linesOf(host).map(line => line.text)), hash(texts[index] ?? []))
  }
  const other = simulateFleet({ seed: 'tesu', hostCount: 20, span: day })
  assert.notEqual(other.hosts[0]?.identifier, fleet.hosts[0]?.identifier)
})

test('a day of twenty hosts has all platforms, fourteen query names and all four forms', () => {
  assert.deepEqual(new Set(fleet.hosts.map(host => host.platform)), new Set(['windows', 'linux', 'macos']))
  assert.equal(new Set(fleet.hosts.map(host => host.identifier)).size, 20)
  const names = new Set(lines.map(line => line.name.replace('pack/edr/', '')))
  assert.equal(names.size, 14)
  const forms = new Set(
    lines.map(line =>
      line.columns ? line.action : line.snapshot ? `${line.action}s` : Object.keys(line.diffResults ?? {}).join(),
    ),
  )
  assert.deepEqual(forms, new Set(['added', 'removed', 'snapshot', 'snapshots', 'added,removed']))
  assert.ok(lines.length > 8_000, `${lines.length} lines`)
  assert.ok(lines.some(line => line.name.startsWith('pack/edr/')))
  assert.ok(lines.some(line => line.numerics && rowsOf(line).some(row => typeof row['pid'] === 'number')))
  assert.ok(lines.some(line => line.decorations['hostname'] !== undefined))
})

test('every line has its time within the day and in the order of the log', () => {
  for (const log of texts) {
    let before = day.start
    for (const text of log) {
      const { unixTime, calendarTime } = JSON.parse(text) as LogLine
      assert.ok(unixTime >= before && unixTime < day.end)
      assert.equal(Date.parse(calendarTime.replace(' UTC', 'Z')), unixTime * 1000)
      before = unixTime
    }
  }
})

test('counters grow by one; event tables begin at one, others at zero', () => {
  const last = new Map<string, number>()
  for (const line of lines) {
    const key = `${line.hostIdentifier} ${line.name}`
    const before = last.get(key)
    if (before === undefined) assert.ok(line.counter >= (/processes|ips|urls/.test(line.name) ? 1 : 0))
    else assert.ok(line.counter >= before)
    last.set(key, line.counter)
  }
})

test('a process row of Windows fills the columns of the guide that an agent can', () => {
  const row = lines.find(line => line.name === 'running_processes_windows_sophos' && line.columns)?.columns ?? {}
  const wanted = `cmdline file_size gid global_rep global_rep_data local_rep local_rep_data ml_score ml_score_data name
    parent parent_name parent_path parent_sophos_pid path pid pua_score sha1 sha256 sophos_pid time uid username`
  for (const name of wanted.split(/\s+/)) assert.ok(name in row, name)
  assert.match(String(row['sha256']), /^[0-9a-f]{64}$/)
  assert.match(String(row['sophos_pid']), /^\d+:13\d{16}$/)
  assert.equal(String(row['sophos_pid']).split(':')[0], row['pid'])
})

test('what a removed row says was added before', () => {
  const open = new Set<string>()
  for (const line of lines.filter(each => each.name.endsWith('open_sockets'))) {
    const changes = line.diffResults ?? {
      added: line.action === 'added' ? rowsOf(line) : [],
      removed: line.action === 'removed' ? rowsOf(line) : [],
    }
    const key = (row: object) => line.hostIdentifier + JSON.stringify(row)
    for (const row of changes.removed) assert.ok(open.delete(key(row)))
    for (const row of changes.added) open.add(key(row))
  }
  assert.ok(open.size > 0)
})

test('the story can be found: a hash on two hosts, an address, a new user', () => {
  const { story } = fleet
  assert.ok(story)
  const hostsWith = (name: string, column: string, value: string) =>
    new Set(
      lines
        .filter(line => line.name.endsWith(name) && rowsOf(line).some(row => String(row[column]) === value))
        .map(line => line.hostIdentifier),
    )
  const both = new Set([story.first.identifier, story.second.identifier])
  assert.deepEqual(hostsWith('running_processes_windows_sophos', 'sha256', story.sha256), both)
  assert.deepEqual(hostsWith('open_sockets', 'remote_address', story.remoteAddress), both)
  assert.deepEqual(hostsWith('user_accounts', 'username', story.userName), new Set([story.first.identifier]))
  const parents = lines
    .filter(line => line.name === 'running_processes_windows_sophos')
    .flatMap(rowsOf)
    .filter(row => row['name'] === story.fileName)
    .map(row => row['parent_name'])
  assert.deepEqual(new Set(parents), new Set(['powershell.exe', 'services.exe']))
})

test('a fleet of one has no story and still a log', () => {
  const small = simulateFleet({ seed: 'x', hostCount: 1, span: { start: day.start, end: day.start + 600 } })
  assert.equal(small.story, undefined)
  const [host] = small.hosts
  assert.ok(host && small.linesOf(host).length > 0)
})
