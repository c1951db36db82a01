import { join } from 'node:path'
import type { Store } from '../db/db.ts'
import { listUnconsumedSegments, openSegment, retryQuarantined, sealSegment } from '../lake/catalog.ts'
import type { Budgets } from '../lake/space/budgets.ts'
import { auditTable } from '../lake/tables.ts'
import { ingestTickMs, sealRetryMs, segmentAgeMsMax } from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import { AppError } from '../model/errors.ts'
import type { Log } from '../model/log.ts'
import type { Frame, Segment } from '../model/segment.ts'
import { openIngestOff } from './ingest-off.ts'
import type { AcceptOptions, AcceptResult, BodySource, HostDirectory } from './intake.ts'
import { openIntake } from './intake.ts'
import { openIngestMemory } from './memory.ts'
import { type RecoverReport, recover } from './recover.ts'
import { openResends } from './resends.ts'
import { type ConsumeSegment, openSealer } from './sealer.ts'
import { openSegmentLog, type SegmentLog } from './segment.ts'
import { type SegmentFiles, segmentFiles } from './segment-files.ts'
import { openTailKeyReader, type TailKeys } from './tail-keys.ts'
import { type CapsOf, openUploadCaps } from './upload-caps.ts'

// The way in, put together. Modes: starting (accept answers `unavailable`) ──recover()──► ready ──close()──► closed.

export interface IngestDependencies {
  readonly store: Store
  readonly hosts: HostDirectory
  readonly consume: ConsumeSegment
  /** Exists. */
  readonly segmentsFolder: string
  readonly rejectedFolder: string
  readonly clock: Clock
  readonly log: Log
  /** Default: the machine's file system. */
  readonly files?: SegmentFiles
  /** How often `tick` is called; 0: only by the caller. */
  readonly tickMs?: number
  readonly segmentBytesMax?: number
  readonly segmentAgeMsMax?: number
  readonly diskReserveBytes?: number
  /** Upload caps of a tenant; default: nobody has any. */
  readonly capsOf?: CapsOf
  /** Says whose lines are to be refused for want of disk; default: nobody's. */
  readonly budgets?: Pick<Budgets, 'admit' | 'sealed'>
  /** Hosts whose lines are not to be stored. Default: none. */
  readonly isIngestOff?: (tenantId: string, hostId: string) => boolean
}

export interface LineCounts {
  readonly accepted: number
  readonly duplicates: number
  readonly rejected: number
  /** Acknowledged over an upload cap, or of hosts that are not wanted; not stored. */
  readonly overCap: number
  readonly ingestOff: number
  /** When lines were last accepted, ms since the epoch; undefined: none were. */
  readonly acceptedAt: number | undefined
}

export interface Ingest {
  /** Resolves when every accepted line is durable, and from then on seen by queries. See `Intake`. */
  accept(tenantId: string, body: BodySource, options?: AcceptOptions): Promise<AcceptResult>
  /** Number of the first line not yet in the lake, for each of the files of which something is known. */
  importPositions(tenantId: string, importIds: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** To be called once, before anybody is listened to; converting goes on in the background. */
  recover(): Promise<RecoverReport>
  /** Seals the open segment of the tenant, or of all, and resolves when nothing is in line for conversion. */
  sealNow(tenantId?: string): Promise<void>
  /** Does what is due by the clock: writes frame hashes, seals old segments. Failures are logged and come again. */
  tick(): Promise<void>
  /** Durable frames of a segment opened or checked by this process; undefined: not known here. */
  durableFrames(segmentNumber: number): number | undefined
  /** The tables that a segment's durable frames name, as `tb`; undefined: not known here. */
  durableTables(segmentNumber: number): ReadonlySet<Frame['tb']> | undefined
  /** The absolute path of a segment's file. */
  pathOf(segment: Pick<Segment, 'fileName'>): string
  /** Query names, columns and event times of what is in no data file yet. */
  tailKeys(tenantId: string): Promise<TailKeys>
  /** Since the start, by tenant. */
  counts(): ReadonlyMap<string, LineCounts>
  /** What the tenant's open segment holds; the catalog knows all others. */
  openSize(tenantId: string): { readonly lines: number; readonly bytes: number }
  /** Sealed segments waiting for their conversion. */
  backlog(): number
  /** Seals what is open and waits for the conversion under way. Nobody may be accepted any more. */
  close(): Promise<void>
}

/** What this process knows to be on disk of a segment. */
interface DurablePrefix {
  readonly frames: number
  /** undefined: another process wrote it. */
  readonly tables: ReadonlySet<Frame['tb']> | undefined
}

const noCaps: CapsOf = () => ({ uploadCapHostBytes: undefined, uploadCapTenantBytes: undefined })

/** Segments whose frame counts are remembered here: far more than are ever open or just sealed. */
const durableHeldMax = 10_000

export function openIngest(dependencies: IngestDependencies): Ingest {
  const { store, hosts, clock, log, segmentsFolder, rejectedFolder } = dependencies
  const files = dependencies.files ?? segmentFiles
  const ageMsMax = dependencies.segmentAgeMsMax ?? segmentAgeMsMax
  let mode: 'starting' | 'ready' | 'closed' = 'starting'
  const logs = new Map<string, SegmentLog>()
  const durable = new Map<number, DurablePrefix>()
  const counts = new Map<string, LineCounts>()
  const memory = openIngestMemory(store, clock)
  const resends = openResends()
  const caps = openUploadCaps(store, clock, dependencies.capsOf ?? noCaps)
  const ingestOff = openIngestOff(store, clock, dependencies.isIngestOff ?? (() => false))
  const tailKeyReader = openTailKeyReader()

  const pathOf = ({ fileName }: Pick<Segment, 'fileName'>) => join(segmentsFolder, fileName)

  const sealer = openSealer({
    store,
    memory,
    consume: dependencies.consume,
    pathOf,
    clock,
    onConsumed: ({ number, tenantId, lines }) => log.info({ segment: number, tenantId, lines }, 'segment consumed'),
    onFailed({ number, tenantId }, error, isQuarantined) {
      const facts = { segment: number, tenantId, err: error }
      if (isQuarantined) log.error(facts, 'segment quarantined')
      else log.warn(facts, 'segment not converted')
    },
  })

  function noteDurable(number: number, prefix: DurablePrefix): void {
    if (!durable.has(number) && durable.size >= durableHeldMax) durable.delete(durable.keys().next().value!)
    durable.set(number, prefix)
  }

  function logOf(tenantId: string): SegmentLog {
    const found = logs.get(tenantId)
    if (found !== undefined) return found
    const { segmentBytesMax, diskReserveBytes } = dependencies
    const catalog = {
      openSegment: (id: string, now: number) => openSegment(store, id, now),
      sealSegment: (number: number, content: Parameters<typeof sealSegment>[2], now: number) =>
        sealSegment(store, number, content, now),
    }
    const opened = openSegmentLog(
      {
        ...{ catalog, files, folder: segmentsFolder, clock },
        onDurable: ({ number }, frames, tables) => noteDurable(number, { frames, tables }),
        onSealed: segment => {
          dependencies.budgets?.sealed(tenantId, segment.bytes)
          sealer.add(segment)
        },
        onFailed: (segment, error) => log.error({ segment: segment?.number, tenantId, err: error }, 'segment failed'),
        ...(segmentBytesMax === undefined ? {} : { segmentBytesMax }),
        ...(diskReserveBytes === undefined ? {} : { diskReserveBytes }),
      },
      tenantId,
    )
    logs.set(tenantId, opened)
    return opened
  }

  const intake = openIntake({
    ...{ hosts, memory, resends, logOf, caps, ingestOff, clock, rejectedFolder },
    onRejectedLost: (tenantId, error) => log.warn({ tenantId, err: error }, 'rejected lines not kept'),
  })

  async function tick(): Promise<void> {
    const now = clock()
    const old = [...logs.values()].filter(each => now - (each.openSince() ?? now) >= ageMsMax)
    const results = await Promise.allSettled([
      ...[memory.flush(), caps.flush(), ingestOff.flush()],
      ...old.map(each => each.seal()),
    ])
    for (const result of results) {
      if (result.status === 'rejected') log.warn({ err: result.reason }, 'ingest is late')
    }
  }

  const tickMs = dependencies.tickMs ?? ingestTickMs
  const timers =
    tickMs === 0 ? [] : [setInterval(() => void tick(), tickMs), setInterval(() => sealer.retry(), sealRetryMs)]
  for (const timer of timers) timer.unref()

  async function accept(tenantId: string, body: BodySource, options?: AcceptOptions): Promise<AcceptResult> {
    if (mode !== 'ready') throw new AppError('unavailable', `the lake is ${mode}`)
    // What the lake says of itself is nobody's data.
    if (options?.table === auditTable) return intake.accept(tenantId, body, options)
    dependencies.budgets?.admit(tenantId)
    const result = await intake.accept(tenantId, body, options)
    const before = counts.get(tenantId)
    counts.set(tenantId, {
      accepted: (before?.accepted ?? 0) + result.accepted,
      duplicates: (before?.duplicates ?? 0) + result.duplicates,
      rejected: (before?.rejected ?? 0) + result.rejected.count,
      overCap: (before?.overCap ?? 0) + (result.overCap ?? 0),
      ingestOff: (before?.ingestOff ?? 0) + (result.ingestOff ?? 0),
      acceptedAt: result.accepted > 0 ? clock() : before?.acceptedAt,
    })
    return result
  }

  async function recoverAll(): Promise<RecoverReport> {
    await caps.load()
    await retryQuarantined(store)
    const report = await recover({ store, files, folder: segmentsFolder, memory, resends, logOf, clock })
    for (const segment of report.sealed) {
      noteDurable(segment.number, { frames: segment.frames, tables: undefined })
      sealer.add(segment)
    }
    for (const facts of report.damaged) log.error({ ...facts }, 'segment damaged')
    const { segments, frames, lines, tornBytes } = report
    const { hosts: resendHosts, bytes: resendBytes } = resends.held()
    log.info({ segments, frames, lines, tornBytes, resendHosts, resendBytes }, 'segments recovered')
    mode = 'ready'
    return report
  }

  async function sealNow(tenantId?: string): Promise<void> {
    const chosen = tenantId === undefined ? [...logs.values()] : [logs.get(tenantId)]
    await Promise.all(chosen.map(segmentLog => segmentLog?.seal()))
    sealer.retry()
    await sealer.idle()
  }

  async function tailKeys(tenantId: string): Promise<TailKeys> {
    const segments = await listUnconsumedSegments(store, tenantId)
    return tailKeyReader.read(
      tenantId,
      segments.map(segment => {
        const frames = segment.frames ?? durable.get(segment.number)?.frames ?? 0
        return { number: segment.number, path: pathOf(segment), frames }
      }),
    )
  }

  async function close(): Promise<void> {
    mode = 'closed'
    for (const timer of timers) clearInterval(timer)
    await Promise.allSettled([...logs.values()].map(segmentLog => segmentLog.seal()))
    await sealer.close()
    await memory.flush()
    await caps.flush()
    await ingestOff.flush()
  }

  return {
    ...{ accept, recover: recoverAll, sealNow, tick, pathOf, tailKeys, close },
    importPositions: (tenantId, importIds) => memory.importPositions(tenantId, importIds),
    durableFrames: number => durable.get(number)?.frames,
    durableTables: number => durable.get(number)?.tables,
    counts: () => counts,
    openSize: tenantId => logs.get(tenantId)?.openSize() ?? { lines: 0, bytes: 0 },
    backlog: () => sealer.backlog(),
  }
}
