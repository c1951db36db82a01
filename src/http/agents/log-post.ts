import { statusTable } from '../../lake/tables.ts'
import { heldLogBodyBytesMax, heldLogBytesMax } from '../../limits.ts'
import { AppError } from '../../model/errors.ts'
import type { Host } from '../../model/host.ts'
import { factsInLine } from '../../osquery/host-details.ts'
import { firstLineOf, type LogHead, type LogMembers, readLogHead, readTailOf } from '../../osquery/log-body.ts'
import type { AppDependencies } from '../dependencies.ts'
import { ingestLines } from '../ingest-lines.ts'
import type { AgentCall } from './agent-handler.ts'

// A log post, while it arrives. Agents say who they are before the first line: then lines are stored as they come,
// whatever the body's size. Where that stands behind the lines, they are held until then, within bounds.

/** `find`: the host of a request, by the key in its body. */
export function logPosts(
  { agents, ingest, metrics }: Pick<AppDependencies, 'agents' | 'ingest' | 'metrics'>,
  find: (call: AgentCall, inBody: string | undefined) => Promise<Host>,
) {
  const { hosts } = agents
  const count = ingestLines(metrics)
  /** Bytes held of bodies whose agents are not known yet. */
  let heldBytes = 0

  return async function acceptLog(call: AgentCall): Promise<void> {
    const chunks = call.body.chunks()
    const { head, bytes } = await readHead(chunks)
    if (head.kind === 'whole') {
      await find(call, head.members.nodeKey)
      return
    }
    const lines = restOf(bytes.subarray(head.at), chunks)
    const { nodeKey, logType } = head.members
    if (nodeKey === undefined || logType === undefined) return acceptHeld(call, head.members, lines)
    const host = await find(call, nodeKey)
    await store(call, host, logType, lines, firstLineOf(bytes, head.at))
  }

  /** The members are somewhere behind the lines, or the key is in the header. */
  async function acceptHeld(call: AgentCall, before: LogMembers, lines: AsyncGenerator<Buffer>): Promise<void> {
    const held: Buffer[] = []
    let bytes = 0
    try {
      for await (const chunk of lines) {
        bytes += chunk.length
        heldBytes += chunk.length
        if (bytes > heldLogBodyBytesMax) {
          throw new AppError('too_large', `lines before their node key have at most ${heldLogBodyBytesMax} bytes`)
        }
        if (heldBytes > heldLogBytesMax) throw new AppError('unavailable', 'too many bodies wait for their node key')
        held.push(chunk)
      }
      const behind = readTailOf(held)
      if (behind === undefined) throw new AppError('invalid_argument', 'the body ended early')
      const logType = before.logType ?? behind.logType
      const host = await find(call, before.nodeKey ?? behind.nodeKey)
      await store(call, host, logType, from(held), firstLineOf(held[0]!, 0))
    } finally {
      heldBytes -= bytes
    }
  }

  async function store(
    { peerIp }: AgentCall,
    host: Host,
    logType: string | undefined,
    lines: AsyncIterable<Buffer>,
    firstLine: string | undefined,
  ): Promise<void> {
    if (logType !== 'result' && logType !== 'status') {
      throw new AppError('invalid_argument', 'log_type must be result or status')
    }
    const table = logType === 'status' ? { table: statusTable } : {}
    count('agents', await ingest.accept(host.tenantId, lines, { host, peerIp, isLogBody: true, ...table }))
    hosts.hearLog(host, peerIp)
    if (firstLine === undefined || !hosts.areFactsDue(host)) return
    const facts = factsInLine(firstLine)
    if (facts !== undefined) hosts.noteFacts(host, facts)
  }
}

/** Reads until it is known who sends what, or that there is nothing. */
async function readHead(chunks: AsyncGenerator<Buffer>): Promise<{
  readonly head: Exclude<LogHead, { readonly kind: 'more' }>
  readonly bytes: Buffer
}> {
  let bytes: Buffer = Buffer.alloc(0)
  for (;;) {
    const { value, done } = await chunks.next()
    if (done === true) throw new AppError('invalid_argument', 'the body ended early')
    bytes = bytes.length === 0 ? value : Buffer.concat([bytes, value])
    const head = readLogHead(bytes)
    if (head.kind !== 'more') return { head, bytes }
  }
}

async function* restOf(first: Buffer, chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first
  yield* chunks
}

async function* from(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks
}
