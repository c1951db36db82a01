// Answers of an HTTP/1.1 server as they arrive (RFC 9112): status, headers, and a body by its length, in chunks, or up
// to the end of the connection. Only what an agent needs: no trailers, no pipelining.

export interface HttpAnswer {
  readonly status: number
  /** Names in lower case; of a repeated header the last. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
  /** False where the server closes the connection after it. */
  readonly keepsAlive: boolean
}

export interface AnswerReader {
  /** The answer once it is whole. Throws where the bytes are no HTTP. */
  push(bytes: Buffer): HttpAnswer | undefined
  /** The connection ended: an answer that ends with it, or undefined where it is cut off. */
  end(): HttpAnswer | undefined
}

interface Head {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly bodyStart: number
  readonly framing:
    | { readonly kind: 'length'; readonly bytes: number }
    | { readonly kind: 'chunked' }
    | { readonly kind: 'untilEnd' }
}

/** Longer answers are no agent's business. */
const answerBytesMax = 64 * 1024 * 1024

/** For one answer. */
export function openAnswerReader(): AnswerReader {
  let received: Buffer = Buffer.alloc(0)
  let head: Head | undefined

  function wholeAnswer(): HttpAnswer | undefined {
    head ??= readHead(received)
    if (head === undefined) return undefined
    const { framing, bodyStart } = head
    if (framing.kind === 'untilEnd') return undefined
    if (framing.kind === 'chunked') {
      const body = readChunks(received, bodyStart)
      return body === undefined ? undefined : answerOf(head, body)
    }
    if (received.length < bodyStart + framing.bytes) return undefined
    return answerOf(head, received.subarray(bodyStart, bodyStart + framing.bytes))
  }

  return {
    push(bytes) {
      received = received.length === 0 ? bytes : Buffer.concat([received, bytes])
      if (received.length > answerBytesMax) throw new Error('the answer is too long')
      return wholeAnswer()
    },
    end: () => (head?.framing.kind === 'untilEnd' ? answerOf(head, received.subarray(head.bodyStart)) : undefined),
  }
}

function answerOf({ status, headers, framing }: Head, body: Buffer): HttpAnswer {
  const keepsAlive = framing.kind !== 'untilEnd' && headers.get('connection')?.toLowerCase() !== 'close'
  return { status, headers, body, keepsAlive }
}

/** undefined: not all of it is there. Interim answers (1xx) are passed over. */
function readHead(bytes: Buffer): Head | undefined {
  let start = 0
  for (;;) {
    const end = bytes.indexOf('\r\n\r\n', start)
    if (end === -1) {
      if (bytes.length > 5 && bytes.toString('latin1', 0, 5) !== 'HTTP/') throw new Error('the answer is no HTTP')
      return undefined
    }
    const [statusLine = '', ...lines] = bytes.toString('latin1', start, end).split('\r\n')
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1])
    if (Number.isNaN(status)) throw new Error('the answer is no HTTP')
    start = end + 4
    if (status < 200) continue
    const headers = new Map(lines.map(headerOf))
    return { status, headers, bodyStart: start, framing: framingOf(status, headers) }
  }
}

function headerOf(line: string): readonly [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}

function framingOf(status: number, headers: ReadonlyMap<string, string>): Head['framing'] {
  if (status === 204 || status === 304) return { kind: 'length', bytes: 0 }
  if (headers.get('transfer-encoding')?.toLowerCase() === 'chunked') return { kind: 'chunked' }
  const length = headers.get('content-length')
  if (length === undefined) return { kind: 'untilEnd' }
  if (!/^\d{1,15}$/.test(length)) throw new Error(`${length} is no length of an answer`)
  return { kind: 'length', bytes: Number(length) }
}

/** undefined: the last chunk is not there yet. */
function readChunks(bytes: Buffer, start: number): Buffer | undefined {
  const chunks: Buffer[] = []
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    if (!(size >= 0)) throw new Error('the answer has a chunk without a size')
    const chunkStart = lineEnd + 2
    const next = chunkStart + size + 2
    if (bytes.length < next) return undefined
    if (size === 0) return Buffer.concat(chunks)
    chunks.push(bytes.subarray(chunkStart, chunkStart + size))
    at = next
  }
}
