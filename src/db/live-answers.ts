import { sql } from 'kysely'
import type { Db } from './db.ts'

// What hosts answered, in parts: each is one line of the lake, deflated, with its place in the run's result. Answers
// are appended in the order in which they came and never change, so a row keeps its place while others arrive.

export interface LiveAnswerPart {
  /** Dense from 0 within the run. */
  readonly position: number
  readonly hostId: string
  /** Place of its first row in the run's result. */
  readonly firstRow: number
  readonly rowCount: number
  /** Deflated. */
  readonly line: Uint8Array
}

export async function insertLiveAnswers(db: Db, runNumber: number, parts: readonly LiveAnswerPart[]): Promise<void> {
  for (const { position, hostId, firstRow, rowCount, line } of parts) {
    const place = { run_number: runNumber, position, host_id: hostId, first_row: firstRow, row_count: rowCount }
    await db
      .insertInto('live_answers')
      .values({ ...place, line, in_lake: 0 })
      .execute()
  }
}

/** The part that holds the row, and those behind it, at most `count`, in order; none past the end. */
export async function listLiveAnswersFrom(
  db: Db,
  runNumber: number,
  row: number,
  count: number,
): Promise<LiveAnswerPart[]> {
  const first = await db
    .selectFrom('live_answers')
    .select('position')
    .where('run_number', '=', runNumber)
    .where('row_count', '>', sql.lit(0))
    .where('first_row', '<=', row)
    .orderBy('first_row', 'desc')
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst()
  const rows = await db
    .selectFrom('live_answers')
    .select(['position', 'host_id', 'first_row', 'row_count', 'line'])
    .where('run_number', '=', runNumber)
    .where('position', '>=', first?.position ?? 0)
    .where('row_count', '>', sql.lit(0))
    .orderBy('position')
    .limit(count)
    .execute()
  return rows.map(fromRow)
}

/** Position of the next answer of a run. */
export async function nextLivePosition(db: Db, runNumber: number): Promise<number> {
  const row = await db
    .selectFrom('live_answers')
    .select('position')
    .where('run_number', '=', runNumber)
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row === undefined ? 0 : row.position + 1
}

/** Whose answers are not known to be in the lake. */
export interface DueAnswer {
  readonly runNumber: number
  readonly tenantId: string
  readonly hostId: string
}

/** Answers of every tenant that are not known to be in the lake, in the order in which they came. */
export async function listDueAnswers(db: Db): Promise<DueAnswer[]> {
  const rows = await db
    .selectFrom('live_answers')
    .innerJoin('live_runs', 'live_runs.number', 'live_answers.run_number')
    .select(['live_answers.run_number', 'live_runs.tenant_id', 'live_answers.host_id'])
    .where('live_answers.in_lake', '=', sql.lit(0))
    .groupBy(['live_answers.run_number', 'live_answers.host_id'])
    .orderBy('live_answers.run_number')
    .execute()
  return rows.map(row => ({ runNumber: row.run_number, tenantId: row.tenant_id, hostId: row.host_id }))
}

/** A host's whole answer, in order. */
export async function listPartsOf(db: Db, runNumber: number, hostId: string): Promise<LiveAnswerPart[]> {
  const rows = await db
    .selectFrom('live_answers')
    .select(['position', 'host_id', 'first_row', 'row_count', 'line'])
    .where('run_number', '=', runNumber)
    .where('host_id', '=', hostId)
    .orderBy('position')
    .execute()
  return rows.map(fromRow)
}

/** Positions one statement takes. */
const positionsMax = 500

/** Notes that the lake has what these positions hold. */
export async function noteAnswersInLake(db: Db, runNumber: number, positions: readonly number[]): Promise<void> {
  for (let at = 0; at < positions.length; at += positionsMax) {
    await db
      .updateTable('live_answers')
      .set({ in_lake: 1 })
      .where('run_number', '=', runNumber)
      .where('position', 'in', positions.slice(at, at + positionsMax))
      .execute()
  }
}

/** Deletes answers of a run, at most `count`; how many there were. */
export async function deleteLiveAnswers(db: Db, runNumber: number, count: number): Promise<number> {
  const result = await db
    .deleteFrom('live_answers')
    .where('run_number', '=', runNumber)
    .where('position', 'in', eb =>
      eb.selectFrom('live_answers').select('position').where('run_number', '=', runNumber).limit(count),
    )
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}

/** Deletes what one host of a tenant answered, in every run; the runs' counts stay. */
export async function deleteLiveAnswersOf(db: Db, tenantId: string, hostId: string): Promise<void> {
  await db
    .deleteFrom('live_answers')
    .where('host_id', '=', hostId)
    .where('run_number', 'in', eb => eb.selectFrom('live_runs').select('number').where('tenant_id', '=', tenantId))
    .execute()
}

interface PartRow {
  readonly position: number
  readonly host_id: string
  readonly first_row: number
  readonly row_count: number
  readonly line: Uint8Array
}

function fromRow(row: PartRow): LiveAnswerPart {
  return {
    position: row.position,
    hostId: row.host_id,
    firstRow: row.first_row,
    rowCount: row.row_count,
    line: row.line,
  }
}
