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
