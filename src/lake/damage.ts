import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { Store } from '../db/db.ts'
import { systemErrorCode } from '../model/errors.ts'
import type { RunView } from '../model/run-view.ts'
import type { Storage } from '../storage/storage.ts'

/** Names a message shows of a file that several share. */
const namesShownMax = 3

/**
 * One sentence about the first file of the view that is not what was written: the day it was received on and its query
 * names. undefined: all of them are whole. Reads every file of the view to its end, so it is for runs that have failed.
 */
export async function describeDamage(
  { store, storage }: { readonly store: Store; readonly storage: Storage },
  view: RunView,
): Promise<string | undefined> {
  const inView = new Set(view.relations.flatMap(({ files }) => files))
  const rows = await store
    .selectFrom('data_files')
    .select(['path', 'sha256', 'table_name', 'query_names_json', 'min_ingested'])
    .where('tenant_id', '=', view.tenantId)
    .orderBy('id')
    .execute()
  for (const row of rows) {
    const local = await storage.locate(row.path).catch(() => undefined)
    // A file that is gone cannot be located, and is in the view by the name it had.
    if (local !== undefined && !inView.has(local)) continue
    if (local !== undefined && (await hashOf(local)) === row.sha256) continue
    if (local === undefined && ![...inView].some(path => path.endsWith(`/${row.path}`))) continue
    const names: string[] = row.query_names_json === null ? [] : JSON.parse(row.query_names_json)
    const shown = names.slice(0, namesShownMax).join(', ') + (names.length > namesShownMax ? ' and others' : '')
    const day = new Date(row.min_ingested).toISOString().slice(0, 10)
    const what = shown === '' ? row.table_name : shown
    const file = `a data file of ${what} received on ${day}`
    return `${file} is damaged: an operator can find and repair it with \`edr-lake fsck\``
  }
  return undefined
}

async function hashOf(path: string): Promise<string | undefined> {
  try {
    const hash = createHash('sha256')
    await pipeline(createReadStream(path), hash)
    return hash.digest('hex')
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return undefined
  }
}
