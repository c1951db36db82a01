import { sql } from 'kysely'
import type { Db } from './db.ts'

/** What counts of a sealed segment becomes less: its file was found damaged behind these frames. */
export async function shortenSegment(
  db: Db,
  number: number,
  content: { readonly frames: number; readonly lines: number; readonly bytes: number },
): Promise<void> {
  await db
    .updateTable('segments')
    .set(content)
    .where('number', '=', number)
    .where('state', 'in', ['sealed', 'quarantined'])
    .execute()
}

/** The greatest number a segment ever had; 0 before the first. */
export async function lastSegmentNumber(db: Db): Promise<number> {
  const { rows } = await sql<{ seq: number }>`SELECT seq FROM sqlite_sequence WHERE name = 'segments'`.execute(db)
  return rows[0]?.seq ?? 0
}

/** Numbers up to `number` are never given again. */
export async function skipSegmentNumbers(db: Db, number: number): Promise<void> {
  if (number <= (await lastSegmentNumber(db))) return
  await sql`DELETE FROM sqlite_sequence WHERE name = 'segments'`.execute(db)
  await sql`INSERT INTO sqlite_sequence (name, seq) VALUES ('segments', ${number})`.execute(db)
}
