import type { Store } from '../db/db.ts'
import { listDueAnswers, listPartsOf } from '../db/live-answers.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { Host } from '../model/host.ts'
import type { Log } from '../model/log.ts'
import { inflateText } from './deflated-line.ts'
import type { Journal } from './live-journal.ts'

// The way of answers into the lake. What is in the store and not known to be in the lake is due: it is tried again by
// the clock, when its host writes again, and at start, each time with the very lines that were stored, which the nets
// against resends know if the lake has them.

/** One host's answer to one run. */
export interface StoredAnswer {
  readonly runNumber: number
  readonly tenantId: string
  readonly host: Pick<Host, 'id' | 'hostIdentifier'>
  readonly lines: readonly string[]
  readonly positions: readonly number[]
}

export interface LiveLake {
  /** Resolves when the lake has the answer. Rejects where it cannot have it now; the answer is due then. */
  put(answer: StoredAnswer): Promise<void>
  /** Puts what is due of the host; rejects where it cannot be put now. Answers at once where nothing is. */
  putDueOf(tenantId: string, hostId: string): Promise<void>
  /** Puts what is due; how many answers still are. */
  putDue(): Promise<number>
  /** Learns what a dead process left due; how many answers. */
  load(): Promise<number>
  /** Notes in the store what the lake has taken since the last time. Rejects where the store does; it comes again. */
  flush(): Promise<void>
}

interface Due {
  readonly runNumber: number
  readonly tenantId: string
  readonly hostId: string
  /** Under way. */
  putting: Promise<void> | undefined
}

export interface LiveLakeOptions {
  readonly store: Store
  readonly ingest: Pick<Ingest, 'accept'>
  readonly journal: Journal
  readonly log: Log
}

export function openLiveLake({ store, ingest, journal, log }: LiveLakeOptions): LiveLake {
  /**
   * Positions that the lake has, by run: what a crash keeps from being noted is put once more, and known by the nets.
   */
  let taken = new Map<number, number[]>()
  /** By tenant and host, by run. */
  const due = new Map<string, Map<number, Due>>()
  const keyOf = (tenantId: string, hostId: string) => `${tenantId}/${hostId}`

  function addDue({ runNumber, tenantId, hostId }: Omit<Due, 'putting'>): void {
    const key = keyOf(tenantId, hostId)
    const ofHost = due.get(key) ?? new Map<number, Due>()
    due.set(key, ofHost)
    if (!ofHost.has(runNumber)) ofHost.set(runNumber, { runNumber, tenantId, hostId, putting: undefined })
  }

  function dropDue({ runNumber, tenantId, hostId }: Due): void {
    const key = keyOf(tenantId, hostId)
    const ofHost = due.get(key)
    ofHost?.delete(runNumber)
    if (ofHost?.size === 0) due.delete(key)
  }

  async function accept({ tenantId, host, lines }: StoredAnswer): Promise<void> {
    const body = Buffer.from(lines.map(line => `${line}\n`).join(''))
    await ingest.accept(tenantId, body, { host: asHost(tenantId, host), source: 'live' })
  }

  function take({ runNumber, positions }: Pick<StoredAnswer, 'runNumber' | 'positions'>): void {
    const ofRun = taken.get(runNumber) ?? []
    taken.set(runNumber, ofRun)
    ofRun.push(...positions)
  }

  async function put(answer: StoredAnswer): Promise<void> {
    try {
      await accept(answer)
    } catch (error) {
      addDue({ runNumber: answer.runNumber, tenantId: answer.tenantId, hostId: answer.host.id })
      throw error
    }
    take(answer)
  }

  /** Twice at once is once. */
  function putAgain(each: Due): Promise<void> {
    each.putting ??= putStored(each).finally(() => {
      each.putting = undefined
    })
    return each.putting
  }

  async function putStored(each: Due): Promise<void> {
    const { runNumber, tenantId, hostId } = each
    const parts = await listPartsOf(store, runNumber, hostId)
    // None: its run has expired.
    if (parts.length > 0) {
      const lines = await Promise.all(parts.map(part => inflateText(part.line)))
      const { hostIdentifier } = JSON.parse(lines[0]!) as { hostIdentifier: string }
      const positions = parts.map(part => part.position)
      await accept({ runNumber, tenantId, host: { id: hostId, hostIdentifier }, lines, positions })
      take({ runNumber, positions })
    }
    dropDue(each)
  }

  return {
    put,
    async putDueOf(tenantId, hostId) {
      for (const each of due.get(keyOf(tenantId, hostId))?.values() ?? []) await putAgain(each)
    },
    async putDue() {
      for (const each of [...due.values()].flatMap(ofHost => [...ofHost.values()])) {
        try {
          await putAgain(each)
        } catch (error) {
          // The lake takes nothing now: whatever is behind in line is not tried either.
          log.warn({ err: error, run: each.runNumber }, 'live answer not yet in the lake')
          break
        }
      }
      return [...due.values()].reduce((sum, ofHost) => sum + ofHost.size, 0)
    },
    async load() {
      const found = await listDueAnswers(store)
      for (const each of found) addDue(each)
      return found.length
    },
    async flush() {
      const noted = taken
      taken = new Map()
      try {
        await Promise.all([...noted].map(([runNumber, positions]) => journal.noteInLake(runNumber, positions)))
      } catch (error) {
        for (const [runNumber, positions] of noted) take({ runNumber, positions })
        throw error
      }
    },
  }
}

/** What a frame says of its owner. */
function asHost(tenantId: string, { id, hostIdentifier }: Pick<Host, 'id' | 'hostIdentifier'>): Host {
  const unknown = { hardwareUuid: undefined, createdAt: 0, lastSeenAt: undefined, enrolledAt: undefined }
  return { id, tenantId, hostIdentifier, ...unknown, facts: {} }
}
