// `node scripts/write-examples.ts`: the logs under examples/logs, drawn from a fixed seed; a test fails when the files
// differ from what this writes.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { simulateFleet } from '../src/simulator/fleet.ts'

/** From 2026-02-02T20:00:00Z to midnight. */
const span = { start: 1_770_062_400, end: 1_770_076_800 }
/** Hosts of all three platforms and, with them, all four forms of lines. */
const chosen = [0, 1, 2, 3, 4]

export const examplesFolder = fileURLToPath(new URL('../examples/logs', import.meta.url))

/** File name → content. */
export function exampleLogs(): ReadonlyMap<string, string> {
  const fleet = simulateFleet({ seed: 'examples', hostCount: chosen.length, span })
  return new Map(
    chosen.flatMap(index => {
      const host = fleet.hosts[index]
      if (host === undefined) return []
      const text = fleet
        .linesOf(host)
        .map(line => `${line.text}\n`)
        .join('')
      return [[`${host.hostname}.results.log`, text]] as const
    }),
  )
}

if (import.meta.main) {
  mkdirSync(examplesFolder, { recursive: true })
  for (const [name, text] of exampleLogs()) writeFileSync(join(examplesFolder, name), text)
}
