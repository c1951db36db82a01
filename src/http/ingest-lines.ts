import { Counter, type Registry } from 'prom-client'
import type { AcceptResult } from '../ingest/intake.ts'

/** How lines came in: from agents, as lines of a body, as a piece of a file, as a table's rows, as HEC's events. */
export type WayIn = 'agents' | 'lines' | 'import' | 'table' | 'hec'

/** The counter of lines by way in and outcome; one a registry, whoever asks first. */
export function ingestLines(metrics: Registry): (way: WayIn, result: AcceptResult) => void {
  const name = 'edr_lake_ingest_lines_total'
  const known = metrics.getSingleMetric(name) as Counter<'way' | 'outcome'> | undefined
  const counter =
    known ??
    new Counter({
      name,
      help: 'lines that came in, by how they came and what came of them',
      labelNames: ['way', 'outcome'] as const,
      registers: [metrics],
    })
  return (way, { accepted, duplicates, rejected }) => {
    counter.inc({ way, outcome: 'accepted' }, accepted)
    counter.inc({ way, outcome: 'duplicate' }, duplicates)
    counter.inc({ way, outcome: 'rejected' }, rejected.count)
  }
}
