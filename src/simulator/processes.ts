import { sha256Hex } from '../model/ids.ts'
import { addresses, type Program, programs } from './catalogue-programs.ts'
import type { SimulatedHost } from './hosts.ts'
import type { Random } from './random.ts'

// What runs on a machine between two instants: residents from the start, others coming and going, each with a parent
// that was running when it started.

/** Seconds since the epoch; start inclusive, end exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface Process {
  readonly pid: number
  readonly parent: Process | undefined
  readonly program: Program
  readonly commandLine: string
  readonly user: string
  /** Seconds since the epoch. */
  readonly startedAt: number
  readonly endedAt: number
  readonly connections: readonly Connection[]
}

export interface Connection {
  readonly remoteName: string
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localPort: number
  readonly openedAt: number
  readonly closedAt: number
}

/** A process that has to be there: the story's. */
export interface PlannedProcess {
  readonly program: Program
  readonly startedAt: number
  readonly seconds: number
  /** Name of the parent's program; the last one started before. */
  readonly parentName: string
  readonly user?: string
}

const startsPerDay = 150

/**
 * Processes in order of their start, those planned among them. `before`: what ran until the span begins, in order of
 * its start; without it the machine's residents are started.
 */
export function liveProcesses(
  host: SimulatedHost,
  random: Random,
  span: Span,
  planned: readonly PlannedProcess[],
  before: readonly Process[] = [],
): readonly Process[] {
  const running = new Map(before.map(process => [process.program.name, process]))
  const all: Process[] = []
  let pid = before.at(-1)?.pid ?? 300
  const start = (program: Program, startedAt: number, endedAt: number, more: Partial<PlannedProcess> = {}): void => {
    pid += random.integer(1, 9) * 4
    const parentNames = more.parentName === undefined ? program.parents : [more.parentName]
    const parent = parentNames.map(name => running.get(name)).find(each => each !== undefined)
    const process: Process = {
      pid,
      parent,
      program,
      commandLine: random.pick(program.commandLines),
      user: more.user ?? (program.runsAs === 'user' ? host.user : systemUser(host)),
      startedAt,
      endedAt,
      connections: connect(program, random, startedAt, endedAt),
    }
    running.set(program.name, process)
    all.push(process)
  }
  for (const program of programs[host.platform].filter(each => each.isResident && before.length === 0)) {
    for (const _ of program.commandLines) start(program, host.bootTime, Number.POSITIVE_INFINITY)
  }
  for (const each of startTimes(host, random, span, planned)) {
    const { program, startedAt, seconds } = each
    start(program, startedAt, startedAt + seconds, each)
  }
  return all
}

function startTimes(
  host: SimulatedHost,
  random: Random,
  span: Span,
  planned: readonly PlannedProcess[],
): readonly (Omit<PlannedProcess, 'parentName'> & { parentName?: string })[] {
  const count = Math.round((startsPerDay * (span.end - span.start)) / 86_400)
  const drawn = Array.from({ length: count }, () => ({
    program: random.pickWeighted(programs[host.platform]),
    startedAt: random.integer(span.start, span.end - 1),
    seconds: random.integer(1, 3_600),
  }))
  return [...drawn, ...planned].sort((one, other) => one.startedAt - other.startedAt)
}

/** Long-lived programs connect again and again, others once. */
function connect(program: Program, random: Random, startedAt: number, endedAt: number): readonly Connection[] {
  return program.remotes.map(([remoteName, remotePort]) => {
    const openedAt = startedAt + random.integer(0, 2)
    return {
      remoteName,
      remoteAddress: addresses[remoteName] ?? remoteName,
      remotePort,
      localPort: random.integer(49_152, 65_535),
      openedAt,
      closedAt: endedAt,
    }
  })
}

export function systemUser(host: SimulatedHost): string {
  return host.platform === 'windows' ? 'SYSTEM' : 'root'
}

const programHashes = new WeakMap<Program, string>()

/** The same program has the same hash on every machine. */
export function programHash(program: Program): string {
  const known = programHashes.get(program)
  if (known !== undefined) return known
  const hash = sha256Hex(`${program.company}/${program.name}`)
  programHashes.set(program, hash)
  return hash
}

/** `<pid>:<FILETIME of its start>`: unique over reboots. FILETIME counts 100 ns since 1601. */
export function sophosPid(process: Process): string {
  return `${process.pid}:${BigInt(process.startedAt + 11_644_473_600) * 10_000_000n}`
}
