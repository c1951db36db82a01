import type { LineKind } from '../buffered-log/ledger.ts'

// Bodies of an agent's requests, member by member as osquery writes them: its JSON library puts a removed member's last
// sibling in its place, so the node key comes last in a log body, and first in one that is sent packed.

export function keyBody(nodeKey: string): Buffer {
  return jsonBody({ node_key: nodeKey })
}

export function jsonBody(members: object): Buffer {
  return Buffer.from(JSON.stringify(members))
}

/** `lines`: JSON objects as they are to arrive, byte by byte. */
export function logBody(nodeKey: string, kind: LineKind, lines: readonly Buffer[], isPacked: boolean): Buffer {
  const key = `"node_key":${JSON.stringify(nodeKey)}`
  const type = `"log_type":"${kind}"`
  const [start, end] = isPacked ? [`{${key},${type},"data":[`, ']}'] : ['{"data":[', `],${type},${key}}`]
  const parts: Buffer[] = [Buffer.from(start)]
  for (const [at, line] of lines.entries()) {
    if (at > 0) parts.push(comma)
    parts.push(line)
  }
  parts.push(Buffer.from(end))
  return Buffer.concat(parts)
}

const comma = Buffer.from(',')
