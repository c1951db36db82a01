import type { FleetColumn, RowSubject } from './columns.ts'
import { below, mix, skewed, unit } from './draw.ts'
import type { AgentStyle, FleetHost } from './hosts.ts'
import { type FleetProgram, programCount } from './programs.ts'
import { type FleetQuery, fleetQueries } from './queries.ts'

// The lines of one tenant's log, in order of time. A line depends on the seed, the log's shape and its own number only.

export interface LogShape {
  readonly seed: number
  readonly hosts: readonly FleetHost[]
  readonly programs: readonly FleetProgram[]
  /** Lines in the whole log; they are spread evenly over its time. */
  readonly lineCount: number
  /** Seconds since the epoch; start inclusive, end exclusive. */
  readonly start: number
  readonly end: number
}

const daySeconds = 86_400
const snapshotRowsMax = 12
const batchRowsMax = 3

/** The text of line `index`, without a line break. */
export function logLine(shape: LogShape, index: number): string {
  const key = mix(shape.seed, index)
  const time = shape.start + Math.floor((index / shape.lineCount) * (shape.end - shape.start))
  const hostIndex = below(key, 1, shape.hosts.length)
  const host = shape.hosts[hostIndex]!
  const query = queryAt(unit(key, 2))
  const head = lineHead(host, query.name, time)
  const row = (ordinal: number): string =>
    rowText(query.columns, rowSubject(shape, host, key, ordinal, time), host.style)
  if (query.isInventory && host.number % 2 === 0) {
    const count = 1 + below(key, 4, snapshotRowsMax)
    const rows = Array.from({ length: count }, (_, ordinal) => row(ordinal)).join(',')
    return `${head},"snapshot":[${rows}],"action":"snapshot"}`
  }
  if (host.style === 'batch') {
    const counts = [1 + below(key, 4, batchRowsMax), below(key, 5, 2)] as const
    const added = Array.from({ length: counts[0] }, (_, ordinal) => row(ordinal)).join(',')
    const removed = Array.from({ length: counts[1] }, (_, ordinal) => row(counts[0] + ordinal)).join(',')
    return `${head},"diffResults":{"removed":[${removed}],"added":[${added}]}}`
  }
  const action = query.isInventory && host.number % 5 === 0 ? 'snapshot' : unit(key, 7) < 0.9 ? 'added' : 'removed'
  return `${head},"columns":${row(0)},"action":"${action}"}`
}

const shareBounds = fleetQueries.map((_, index) =>
  fleetQueries.slice(0, index + 1).reduce((sum, q) => sum + q.share, 0),
)

function queryAt(dice: number): FleetQuery {
  const index = shareBounds.findIndex(bound => dice < bound)
  return fleetQueries[index === -1 ? fleetQueries.length - 1 : index]!
}

function rowSubject(shape: LogShape, host: FleetHost, lineKey: number, ordinal: number, time: number): RowSubject {
  const key = ordinal === 0 ? lineKey : mix(lineKey, 1000 + ordinal)
  const day = time - (time % daySeconds)
  // About forty processes of a host do most of its work on a day.
  const process = mix(mix(host.number, day), skewed(key, 8, 40, 2)) >>> 4
  return { key, host, program: shape.programs[skewed(key, 9, programCount, 3)]!, process, time, day }
}

function rowText(columns: readonly FleetColumn[], subject: RowSubject, style: AgentStyle): string {
  let text = '{'
  for (let index = 0; index < columns.length; index += 1) {
    const column = columns[index]!
    const value = column.value(subject)
    if (index > 0) text += ','
    text += `"${column.name}":${valueText(value, column.isNumeric && style === 'numerics')}`
  }
  return `${text}}`
}

function valueText(value: string | number, isBare: boolean): string {
  if (typeof value === 'number') return isBare ? String(value) : `"${value}"`
  return JSON.stringify(value)
}

/** The header and decorations, as far as the comma before the rows. */
function lineHead(host: FleetHost, queryName: string, time: number): string {
  const name = host.style === 'fleet' ? `pack/Global/${queryName}` : queryName
  const counter = Math.floor(time / 300) % 100_000
  const { identity, decorations } = hostText(host)
  if (host.style === 'old') {
    const clock = calendarText(time)
    return `{"name":"${name}",${identity},"calendarTime":"${clock}","unixTime":"${time}","epoch":"0","counter":"${counter}","logNumericsAsNumbers":false,${decorations}`
  }
  const numerics = host.style === 'numerics'
  return `{"name":"${name}",${identity},"calendarTime":"${calendarText(time)} UTC","unixTime":${time},"epoch":0,"counter":${counter},"numerics":${numerics},${decorations}`
}

interface HostText {
  readonly identity: string
  readonly decorations: string
}

const hostTexts = new WeakMap<FleetHost, HostText>()

/** The parts of a line that never change for a host; they are half of its bytes. */
function hostText(host: FleetHost): HostText {
  const known = hostTexts.get(host)
  if (known !== undefined) return known
  const identity = `"${host.style === 'old' ? 'hostname' : 'hostIdentifier'}":${JSON.stringify(host.hostIdentifier)}`
  const object = JSON.stringify(host.decorations)
  const decorations = host.style === 'topLevel' ? object.slice(1, -1) : `"decorations":${object}`
  const text = { identity, decorations }
  hostTexts.set(host, text)
  return text
}

const calendarTexts = { time: -1, text: '' }

/** `asctime` as osquery writes it: `Sat Oct  3 07:05:09 2026`. */
function calendarText(time: number): string {
  if (calendarTexts.time === time) return calendarTexts.text
  const [weekDay, day, month, year, clock] = new Date(time * 1000).toUTCString().split(' ')
  calendarTexts.text = `${weekDay!.slice(0, 3)} ${month} ${String(Number(day)).padStart(2, ' ')} ${clock} ${year}`
  calendarTexts.time = time
  return calendarTexts.text
}
