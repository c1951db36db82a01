// Objects out of a stream of JSON objects with nothing or white space between them, as HEC's clients send their events.
// Only brackets, quotes and backslashes are looked at: what an object holds is checked by whoever gets it.

export interface ObjectSink {
  /** A whole object, from brace to brace; the bytes stay as they are. */
  object(bytes: Buffer): void
  /** An object of more than `objectBytesMax` bytes has ended; `beginning` is its start. */
  tooLong(beginning: Buffer): void
  /** A byte between objects that begins none: nothing tells where the next one begins. Nothing more is handed over. */
  garbage(): void
}

export interface ObjectSplitter {
  /** The chunk must not change afterwards. */
  push(chunk: Buffer): void
  /** True: the stream ended within an object. Called once, last. */
  end(): boolean
}

const beginningBytes = 4 * 1024

/** Modes: between objects → in one, held or too long to be → between … → lost, after garbage. */
export function openObjectSplitter(sink: ObjectSink, objectBytesMax: number): ObjectSplitter {
  let held: Buffer[] = []
  let heldBytes = 0
  let depth = 0
  let isString = false
  let isEscaped = false
  let isLost = false

  function hold(bytes: Buffer): void {
    const isWithin = heldBytes <= objectBytesMax
    heldBytes += bytes.length
    if (!isWithin) return
    held.push(bytes)
    if (heldBytes > objectBytesMax) held = [Buffer.from(Buffer.concat(held).subarray(0, beginningBytes))]
  }

  function finish(bytes: Buffer): void {
    hold(bytes)
    const whole = held.length === 1 ? held[0]! : Buffer.concat(held)
    const isTooLong = heldBytes > objectBytesMax
    held = []
    heldBytes = 0
    if (isTooLong) sink.tooLong(whole)
    else sink.object(whole)
  }

  function skipString(chunk: Buffer, from: number): number {
    let at = from
    if (isEscaped) {
      isEscaped = false
      at++
    }
    for (; at < chunk.length; at++) {
      if (chunk[at] === 0x22) {
        isString = false
        return at + 1
      }
      if (chunk[at] === 0x5c) at++
    }
    isEscaped = at > chunk.length
    return chunk.length
  }

  function push(chunk: Buffer): void {
    let begin = 0
    let at = 0
    while (at < chunk.length && !isLost) {
      if (isString) {
        at = skipString(chunk, at)
        continue
      }
      const byte = chunk[at]!
      at++
      if (depth === 0) {
        begin = at - 1
        if (byte === 0x7b) depth = 1
        else if (!isSpace(byte)) {
          isLost = true
          sink.garbage()
        }
      } else if (byte === 0x22) isString = true
      else if (byte === 0x7b || byte === 0x5b) depth++
      else if ((byte === 0x7d || byte === 0x5d) && --depth === 0) finish(chunk.subarray(begin, at))
    }
    if (depth > 0) hold(chunk.subarray(begin))
  }

  return { push, end: () => depth > 0 }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
