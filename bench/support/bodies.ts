import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import type { FleetLog } from '../fleet.ts'

// Request bodies as agents send them: some lines of one host each. Made before anything is timed and kept in one file,
// because a million lines do not fit in memory beside the server that is measured.

export interface Bodies {
  readonly count: number
  readonly lines: number
  readonly bytes: number
  lineCount(index: number): number
  /** A buffer of its own, straight from the page cache. */
  read(index: number): Buffer
  close(): void
}

interface BodyPlace {
  readonly offset: number
  readonly length: number
  readonly lines: number
}

/** One line of every host: makes all of them known before anything is timed, as the hosts of a running lake are. */
export function greetings(log: FleetLog): string {
  const lines = log.tenant.hosts.map(({ hostIdentifier }) => {
    const head = { name: 'greeting', hostIdentifier, unixTime: 1_760_000_000, epoch: 0, counter: 0, numerics: false }
    return JSON.stringify({ ...head, columns: { seen: '1' }, action: 'added' })
  })
  return `${lines.join('\n')}\n`
}

/**
 * Cuts the log's lines, in their order, into bodies of `linesPerBody` lines of one host; the last of a host is shorter.
 */
export function writeBodies(log: FleetLog, linesPerBody: number, path: string): Bodies {
  const file = openSync(path, 'w+')
  const places: BodyPlace[] = []
  let offset = 0
  const flush = (lines: readonly string[]): void => {
    const length = writeSync(file, `${lines.join('\n')}\n`, offset)
    places.push({ offset, length, lines: lines.length })
    offset += length
  }
  const waiting = new Map<string, string[]>()
  for (let index = 0; index < log.lineCount; index += 1) {
    const line = log.line(index)
    const host = hostOf(line)
    const lines = waiting.get(host) ?? []
    lines.push(line)
    if (lines.length === linesPerBody) flush(lines)
    waiting.set(host, lines.length === linesPerBody ? [] : lines)
  }
  for (const lines of waiting.values()) if (lines.length > 0) flush(lines)
  return bodiesOf(file, places, log.lineCount, offset)
}

function bodiesOf(file: number, places: readonly BodyPlace[], lines: number, bytes: number): Bodies {
  return {
    count: places.length,
    lines,
    bytes,
    lineCount: index => places[index]!.lines,
    read: index => {
      const { offset, length } = places[index]!
      const body = Buffer.allocUnsafe(length)
      readSync(file, body, 0, length, offset)
      return body
    },
    close: () => closeSync(file),
  }
}

/** The same lines as other bodies: `change` makes each of the old one's text and of its host. */
export function changeBodies(bodies: Bodies, path: string, change: (text: string, host: string) => string): Bodies {
  const file = openSync(path, 'w+')
  const places: BodyPlace[] = []
  let offset = 0
  for (let index = 0; index < bodies.count; index += 1) {
    const text = bodies.read(index).toString('utf8')
    const length = writeSync(file, change(text, hostOf(text)), offset)
    places.push({ offset, length, lines: bodies.lineCount(index) })
    offset += length
  }
  return bodiesOf(file, places, bodies.lines, offset)
}

const hostPattern = /"(?:hostIdentifier|hostname)":"([^"]+)"/

function hostOf(line: string): string {
  return hostPattern.exec(line)![1]!
}
