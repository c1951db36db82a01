import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'

// What the metadata store of a running server says, read from beside it without a lock that would hold it up.

export interface Conversion {
  readonly rows: number
  readonly files: number
  readonly bytes: number
  /** Commits of segments after the first, which they are counted from: a start-up is not part of the speed. */
  readonly rowsPerSecond: number | undefined
}

const pollMs = 50
const waitMsMax = 30 * 60_000

/** Resolves when every segment has become data files. */
export async function untilConverted(directory: string): Promise<void> {
  const deadline = performance.now() + waitMsMax
  while (unconsumedSegments(directory) > 0) {
    if (performance.now() > deadline) throw new Error(`segments were not converted in ${waitMsMax} ms`)
    await delay(pollMs)
  }
}

/** The result rows' data files committed since `since` (ms since the epoch); reports of lines are not counted. */
export function conversionSince(directory: string, since: number): Conversion {
  return withStore(directory, store => {
    const commits = store
      .prepare(
        `SELECT created_at AS at, sum(rows) AS rows, count(*) AS files, sum(bytes) AS bytes
         FROM data_files WHERE created_at >= ? AND table_name = 'xdr_data' GROUP BY created_at ORDER BY created_at`,
      )
      .all(since) as unknown as { at: number; rows: number; files: number; bytes: number }[]
    const sum = (key: 'rows' | 'files' | 'bytes'): number => commits.reduce((total, commit) => total + commit[key], 0)
    const [first, last] = [commits[0], commits.at(-1)]
    const seconds = first === undefined || last === undefined ? 0 : (last.at - first.at) / 1000
    const rowsPerSecond = seconds === 0 ? undefined : (sum('rows') - first!.rows) / seconds
    return { rows: sum('rows'), files: sum('files'), bytes: sum('bytes'), rowsPerSecond }
  })
}

/** Absolute paths of the live data files of result rows, of one tenant or of all. */
export function dataFiles(directory: string, tenantId?: string): readonly string[] {
  return withStore(directory, store => {
    const rows = store
      .prepare(
        `SELECT path FROM data_files WHERE dropped_version IS NULL AND table_name = 'xdr_data'
         AND tenant_id = coalesce(?, tenant_id) ORDER BY id`,
      )
      .all(tenantId ?? null)
    return rows.map(row => join(directory, 'lake', String(row['path'])))
  })
}

export interface StoredSize {
  readonly rows: number
  readonly bytes: number
  readonly files: number
  readonly byLevel: ReadonlyMap<number, { readonly rows: number; readonly bytes: number }>
}

/** What the live files of a tenant's result rows weigh. */
export function storedSize(directory: string, tenantId: string): StoredSize {
  return withStore(directory, store => {
    const levels = store
      .prepare(
        `SELECT level, count(*) AS files, sum(rows) AS rows, sum(bytes) AS bytes FROM data_files
         WHERE dropped_version IS NULL AND table_name = 'xdr_data' AND tenant_id = ? GROUP BY level`,
      )
      .all(tenantId) as unknown as { level: number; files: number; rows: number; bytes: number }[]
    const sum = (key: 'files' | 'rows' | 'bytes'): number => levels.reduce((total, level) => total + level[key], 0)
    const byLevel = new Map(levels.map(({ level, rows, bytes }) => [level, { rows, bytes }]))
    return { rows: sum('rows'), bytes: sum('bytes'), files: sum('files'), byLevel }
  })
}

/** Data files of all tables committed since `since` (ms since the epoch), whether they are live or not. */
export function committedFiles(directory: string, since: number): number {
  return withStore(directory, store =>
    Number(store.prepare('SELECT count(*) AS n FROM data_files WHERE created_at >= ?').get(since)!['n']),
  )
}

function unconsumedSegments(directory: string): number {
  return withStore(directory, store => {
    const row = store.prepare("SELECT count(*) AS n FROM segments WHERE state IN ('open', 'sealed')").get()
    return Number(row!['n'])
  })
}

function withStore<Result>(directory: string, read: (store: DatabaseSync) => Result): Result {
  const store = new DatabaseSync(join(directory, 'private', 'store.sqlite'), { readOnly: true, timeout: 5000 })
  try {
    return read(store)
  } finally {
    store.close()
  }
}
