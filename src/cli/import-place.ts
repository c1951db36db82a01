import type { LakeClient } from '../client/client.ts'
import { importIdsAskedMax } from '../limits.ts'
import type { LogNames, LogPlace } from './log-names.ts'

/**
 * Where the lake is with a file, by its own name or by that of a beginning: a file shorter than 64 KiB has another name
 * when it has grown. A name stands for its content, so a place within that content is one within the file; a place
 * behind it can only be another file's and is not believed.
 */
export async function findPlace(client: LakeClient, names: LogNames, signal: AbortSignal): Promise<LogPlace> {
  const { importId, beginnings } = names
  const all = [{ importId, lines: Number.POSITIVE_INFINITY }, ...beginnings]
  for (let at = 0; at < all.length; at += importIdsAskedMax) {
    const asked = all.slice(at, at + importIdsAskedMax)
    const positions = await askPositions(
      client,
      asked.map(each => each.importId),
      signal,
    )
    const places = asked.flatMap(({ importId: id, lines }) => {
      const nextLine = positions[id]
      return nextLine === undefined || nextLine > lines + 1 ? [] : [nextLine]
    })
    if (places.length > 0) return { wantedFrom: Math.max(...places) }
  }
  return { wantedFrom: 1 }
}

async function askPositions(
  client: LakeClient,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Readonly<Record<string, number>>> {
  const path = '/lake/v1/ingest/imports'
  const answer = await client.call({ method: 'POST', path, json: { ids }, isRepeatable: true, signal })
  return (answer as { positions: Record<string, number> }).positions
}
