import { readFileSync } from 'node:fs'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { RunProgress } from '../engine.ts'
import type { StatementJob } from './protocol.ts'
import { withRelations } from './view-sql.ts'

// How far a statement is: what DuckDB says of its rows, and what the system says this process has read. A process
// executes one statement at a time, so the difference since its start is the statement's own.

/** Bytes this process has read so far, cached ones included; undefined where the system does not say. */
export function bytesReadNow(): number | undefined {
  try {
    const match = /^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))
    return match === null ? undefined : Number(match[1])
  } catch {
    // No /proc.
    return undefined
  }
}

/** `bytesBefore`: what had been read when the statement began. */
export function progressOf(connection: DuckDBConnection, bytesBefore: number | undefined): RunProgress {
  const { percentage, rows_processed: rows } = connection.progress
  const bytes = bytesReadNow()
  return {
    phase: 'executing',
    percent: percentage < 0 ? undefined : Math.min(100, Math.round(percentage)),
    rowsRead: percentage < 0 ? undefined : Number(rows),
    bytesRead: bytes === undefined || bytesBefore === undefined ? undefined : bytes - bytesBefore,
  }
}

/**
 * Rows the statement returns in all, where that can be counted within `msMax`; undefined where it cannot. Best effort:
 * the rows that were kept are right without it.
 */
export async function countRows(
  connection: DuckDBConnection,
  { sql, view }: StatementJob,
  msMax: number,
): Promise<number | undefined> {
  const deadline = setTimeout(() => connection.interrupt(), msMax)
  try {
    const counting = `${withRelations(view)}SELECT count(*) FROM (\n${sql}\n) AS "counted"`
    const reader = await connection.runAndReadAll(counting)
    return Number(reader.value(0, 0))
  } catch {
    // Interrupted, or a row beyond those that were kept fails.
    return undefined
  } finally {
    clearTimeout(deadline)
  }
}
