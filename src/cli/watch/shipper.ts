import { setTimeout as delay } from 'node:timers/promises'
import type { IngestReply } from '../../api/ingest.ts'
import type { LakeClient } from '../../client/client.ts'
import { AppError, type ErrorCode } from '../../model/errors.ts'
import { findPlace } from '../import-place.ts'
import type { LogNames, LogPlace } from '../log-names.ts'
import type { PackedPiece } from '../piece-packing.ts'

// The lake as somebody who must not lose a line sees it: what cannot be sent now is sent later, the same piece first,
// however long it takes. Told to stop, it lets what is on its way arrive and begins nothing more.

export interface Shipper {
  /** Resolves when the lines are durable. */
  send(piece: SentPiece): Promise<IngestReply>
  find(names: LogNames): Promise<LogPlace>
}

export interface SentPiece {
  readonly body: Buffer<ArrayBuffer>
  readonly importId: string
  readonly firstLine: number
}

export interface ShipperOptions {
  readonly client: LakeClient
  readonly pack: (body: Buffer<ArrayBuffer>) => Promise<PackedPiece>
  /** Aborts when nothing more is to be begun. */
  readonly stop: AbortSignal
  /** False: what the client's own repeats do not bring through fails. */
  readonly isPatient: boolean
  /** One sentence when the lake stops answering, and one when it answers again. */
  readonly report: (sentence: string) => Promise<void>
}

/** Outcomes that time may change: the lake is away, busy, full, or fails. Any other is the same next time. */
const passing: readonly ErrorCode[] = ['unavailable', 'timed_out', 'rate_limited', 'internal']

const firstWaitMs = 1_000
const waitMsMax = 60_000
/** What is on its way when it is told to stop has this long to arrive. */
const finishMsMax = 10_000

export function openShipper({ client, pack, stop, isPatient, report }: ShipperOptions): Shipper {
  const giveUp = new AbortController()
  stop.addEventListener('abort', () => void setTimeout(() => giveUp.abort(), finishMsMax).unref(), { once: true })

  async function persist<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    for (let tries = 0; ; tries++) {
      if (stop.aborted) throw stopped()
      try {
        const result = await work(giveUp.signal)
        if (tries > 0) await report('the lake answers again')
        return result
      } catch (error) {
        const isPassing = error instanceof AppError && passing.includes(error.code)
        if (stop.aborted || !isPassing || !isPatient) throw error
        if (tries === 0) await report(`${error.message}; trying again until it is stored`)
        const ms = Math.min(waitMsMax, firstWaitMs * 2 ** tries)
        await delay(ms * (0.5 + Math.random() / 2), undefined, { signal: stop }).catch(() => {})
      }
    }
  }

  return {
    async send({ body, importId, firstLine }) {
      const packed = await pack(body)
      return persist(signal => client.ingest(packed.body, { importId, firstLine, isGzip: packed.isGzip, signal }))
    },
    find: names => persist(signal => findPlace(client, names, signal)),
  }
}

export function stopped(): AppError {
  return new AppError('canceled', 'stopped')
}
