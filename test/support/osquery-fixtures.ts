import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

// The golden fixtures of osquery's log: `NAME.ndjson` holds lines as agents write them, `NAME.rows.json` the rows of
// the lake they must become. Adding a case is adding two files.

const folder = new URL('../fixtures/osquery/', import.meta.url)

export interface OsqueryFixture {
  readonly name: string
  readonly lines: readonly string[]
  /** Each with its non-null columns only, but for those that say where the row was stored. */
  readonly rows: readonly Readonly<Record<string, unknown>>[]
}

export function osqueryFixtures(): readonly OsqueryFixture[] {
  return readdirSync(folder)
    .filter(file => file.endsWith('.ndjson'))
    .sort()
    .map(file => {
      const name = file.slice(0, -'.ndjson'.length)
      const lines = readFileSync(new URL(file, folder), 'utf8').split('\n').slice(0, -1)
      return { name, lines, rows: JSON.parse(readFileSync(new URL(`${name}.rows.json`, folder), 'utf8')) }
    })
}

/** Who reported every fixture, and when it was received. */
export const fixtureTenantId = 'b3e0a6f2-51d4-4c7e-9a43-0d6c5b1f8e21'
export const fixtureHostId = '6f1d2c3b-8a97-4e65-b0d4-1c2e3f4a5b6c'
export const fixtureHostIdentifier = 'host-of-the-frame'
export const fixtureReceivedAt = Date.UTC(2026, 10, 24, 7, 8, 9, 123)

/**
 * Writes lines as the segment file an ingest would leave, `linesPerFrame` to a frame; the number of frames. With
 * `table` they are its rows; `frame` is what else each frame says.
 */
export function writeSegment(
  path: string,
  number: number,
  lines: readonly string[],
  linesPerFrame = 2,
  receivedAt = fixtureReceivedAt,
  table?: string,
  frame: object = {},
): number {
  const header = { format: 1, segment: number, tenant: fixtureTenantId, createdAt: fixtureReceivedAt }
  const texts = [JSON.stringify(header)]
  for (let first = 0; first < lines.length; first += linesPerFrame) {
    const b = lines.slice(first, first + linesPerFrame)
    const s = createHash('sha256')
      .update(b.map(line => `${line}\n`).join(''))
      .digest('hex')
    const owner =
      table === undefined
        ? { h: fixtureHostId, hi: fixtureHostIdentifier }
        : { h: `table/${table}`, hi: table, tb: table }
    const who = { t: receivedAt, ...owner, ...frame }
    texts.push(JSON.stringify({ q: texts.length, o: first, ...who, n: b.length, s, b }))
  }
  writeFileSync(path, texts.map(text => `${text}\n`).join(''))
  return texts.length - 1
}

/**
 * Columns that say where and when a row was stored, or are the same in every row: tested once, not in every fixture.
 */
export const storedColumns: readonly string[] = [
  'row_segment',
  'row_ordinal',
  'message_identifier',
  'record_identifier',
  'customer_id',
  'endpoint_id',
  'ingestion_timestamp',
  'ingest_date',
  'stream_ingest_date',
  'upload_size',
  'schema_version',
  'query_source',
]

export function withoutNulls(
  row: Readonly<Record<string, unknown>>,
  except: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([name, value]) => value !== null && !except.includes(name)))
}
