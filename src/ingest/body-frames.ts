import type { Host } from '../model/host.ts'
import { type FrameSource, resendKeyOf, tableOwnerId } from '../model/segment.ts'
import type { HostLines } from './body.ts'
import { type FrameDraft, hashLines } from './frame.ts'
import type { SiftedLines } from './resends.ts'

// A body's lines as the frames of their owners. Pure.

/** Whose lines a frame holds: a host's, or a table's rows. */
export interface Owner {
  readonly id: string
  readonly hostIdentifier: string
  readonly table?: string | undefined
  readonly peerIp?: string | undefined
  readonly source?: FrameSource | undefined
}

/** The owner of all lines of a body, where it has one. */
export function ownerOf(options: {
  readonly host?: Host | undefined
  readonly table?: string | undefined
  readonly peerIp?: string | undefined
  readonly source?: FrameSource | undefined
}): Owner | undefined {
  const { host, table, peerIp, source } = options
  if (host !== undefined) return { id: host.id, hostIdentifier: host.hostIdentifier, table, peerIp, source }
  // Rows of a table stand under its name wherever lines stand under their host's.
  return table === undefined ? undefined : { id: tableOwnerId(table), hostIdentifier: table, table }
}

/** What the nets against resends know the owner's lines by. */
export function netOf({ id, table, source }: Owner): string {
  return resendKeyOf({ h: id, ...(table === undefined ? {} : { tb: table }), ...(source && { qs: source }) })
}

/** The host's lines less those of whole frames that came before. */
export function withoutKnownFrames(host: HostLines, isKnown: (hash: string) => boolean): HostLines {
  const cuts = host.cuts.filter(({ hash }) => !isKnown(hash))
  if (cuts.length === host.cuts.length) return host
  const fresh: HostLines = { ...host, lines: [], lows: [], highs: [], cuts: [] }
  let begin = 0
  for (const cut of host.cuts) {
    if (cuts.includes(cut)) {
      for (let at = begin; at < cut.end; at++) {
        fresh.lines.push(host.lines[at]!)
        fresh.lows.push(host.lows[at]!)
        fresh.highs.push(host.highs[at]!)
      }
      fresh.cuts.push({ end: fresh.lines.length, hash: cut.hash })
    }
    begin = cut.end
  }
  return fresh
}

export function framesOf(
  host: HostLines,
  { id, hostIdentifier, table, peerIp, source }: Owner,
  receivedAt: number,
  sift: SiftedLines | undefined,
): FrameDraft[] {
  const isKept = sift?.kept === undefined ? undefined : new Set(sift.kept)
  const drafts: FrameDraft[] = []
  const owner = {
    ...{ h: id, hi: hostIdentifier },
    ...(table === undefined ? {} : { tb: table }),
    ...(peerIp === undefined ? {} : { ip: peerIp }),
    ...(source === undefined ? {} : { qs: source }),
  }
  let begin = 0
  for (const { end, hash } of host.cuts) {
    const whole = host.lines.slice(begin, end)
    const lines = isKept === undefined ? whole : whole.filter((_, at) => isKept.has(begin + at))
    begin = end
    if (lines.length === 0) continue
    const s = lines.length === whole.length ? hash : hashLines(lines)
    const head = { t: receivedAt, ...owner, n: lines.length, s }
    drafts.push(isKept === undefined ? { ...head, b: lines } : { ...head, d: sift!.dropped, b: lines })
  }
  return drafts
}

/** Of the lines of frames without their ends, in characters: about the bytes that they will have in the file. */
export function draftsSize(drafts: readonly FrameDraft[]): number {
  return drafts.reduce((sum, { b }) => sum + b.reduce((all, line) => all + line.length, 0), 0)
}

/** Of lines with their ends, in characters: few are more than a byte. */
export function sizeOf(lines: readonly string[]): number {
  return lines.reduce((bytes, line) => bytes + line.length + 1, 0)
}
