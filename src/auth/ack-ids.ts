import { createHmac } from 'node:crypto'
import { ackIdAgeMsMax } from '../limits.ts'
import type { Clock } from '../model/clock.ts'

// Ids by which a shipper asks later whether what it sent is stored. An id is given only for what is durable already, so
// an id that is ours is the answer: it holds when it was given and a keyed hash over whom and where. Nothing is kept,
// whatever the number of channels, and a restart forgets nothing.

export interface AckIds {
  /** A new id, below 2^53, never the same twice for one channel. */
  give(tenantId: string, channel: string): number
  /** True for an id that `give` gave for this channel within `ackIdAgeMsMax`; for 1 of 4,096 numbers made up, too. */
  isGiven(tenantId: string, channel: string, id: number): boolean
}

/** Ids count from here, so that they fit below 2^53 until 2095. */
const firstMs = Date.UTC(2026, 0, 1)
/** What is left beside 41 bits of milliseconds. */
const hashValues = 4_096
/** Ids may be ahead of the clock: two in one millisecond are two, and a clock may have been set back. */
const aheadMsMax = 3_600_000

export function openAckIds(secretKey: Uint8Array, clock: Clock): AckIds {
  let lastMs = 0

  function hashOf(tenantId: string, channel: string, ms: number): number {
    const digest = createHmac('sha256', secretKey).update(`ack/${tenantId}/${channel}/${ms}`).digest()
    return digest.readUInt16BE(0) % hashValues
  }

  return {
    give(tenantId, channel) {
      lastMs = Math.max(clock() - firstMs, lastMs + 1)
      return lastMs * hashValues + hashOf(tenantId, channel, lastMs)
    },
    isGiven(tenantId, channel, id) {
      const ms = Math.floor(id / hashValues)
      const now = clock() - firstMs
      if (ms < Math.max(1, now - ackIdAgeMsMax) || ms > Math.max(now, lastMs) + aheadMsMax) return false
      return hashOf(tenantId, channel, ms) === id % hashValues
    },
  }
}
