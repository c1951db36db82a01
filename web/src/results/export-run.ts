import type { ExportFormat } from '../../../src/api/exports.ts'
import type { LakeClient } from '../../../src/client/client.ts'
import { exportRun as download } from '../../../src/client/console-reads.ts'

export type { ExportFormat }

/** Hands the whole result to the browser as a download; resolves to the file's name. */
export async function exportRun(client: LakeClient, runId: string, format: ExportFormat): Promise<string> {
  const blob = await download(client, runId, format)
  const name = `run-${runId.slice(0, 8)}.${format}`
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  // The browser has taken hold of the blob once the click returned; a turn later it is ours to let go.
  setTimeout(() => URL.revokeObjectURL(link.href))
  return name
}
