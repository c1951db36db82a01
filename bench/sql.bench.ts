import { parseArgs } from 'node:util'
import { checkStatement } from '../src/sql/check.ts'
import { lakeSchema, now } from '../test/sql/lake.ts'
import { count, type Figure, machine, milliseconds, otherWork, quantile, table } from './support/report.ts'

// The SQL front end in figures: variables, grammar, names and types, rewriting and scope of one statement, on queries
// of 40 and 200 lines, and where its memory levels off over thousands of distinct ones.
//
//   npm run bench -- sql [--rounds=2000] [--distinct=10]   (thousands of statements)

/** A hunt over processes and ports: a WITH query of twelve lines for each step, and a union of them. */
function query(lines: number): string {
  const steps = Math.max(1, Math.floor((lines - 8) / 14))
  const tables = Array.from(
    { length: steps },
    (_, index) => `step${index} AS (
  SELECT
    meta_hostname AS host,
    lower(name) AS process,
    CAST(pid AS varchar) AS pid,
    date_format(from_unixtime(time), '%Y-%m-%d %H:%i:%s') AS at,
    replace(cmdline, chr(92), '/') AS command,
    CASE WHEN cmdline LIKE '%-enc%' THEN 'encoded' WHEN cmdline LIKE '%$$part$$%' THEN 'part' ELSE 'plain' END AS kind
  FROM xdr_data
  WHERE query_name = 'running_processes_${index}'
    AND calendar_time > now() - INTERVAL '7' DAY
    AND (lower(name) = 'powershell.exe' OR regexp_like(cmdline, '(?i)invoke-[a-z]+${index}'))
    AND NOT (meta_hostname IN ('a', 'b') AND coalesce(username, '') <> 'SYSTEM')
)`,
  )
  const union = Array.from({ length: steps }, (_, index) => `SELECT * FROM step${index}`).join(' UNION ALL ')
  return `WITH ${tables.join(',\n')}
SELECT
  host,
  count(*) AS events,
  count(DISTINCT process) AS processes,
  array_join(array_agg(DISTINCT command), chr(10)) AS commands
FROM (${union})
GROUP BY host
ORDER BY events DESC LIMIT 100`
}

function check(template: string): void {
  const variables = [{ name: 'part', dataType: 'text', value: 'x' }] as const
  checkStatement({ template, variables, schema: lakeSchema, now })
}

function figures(lines: number, rounds: number): Figure[] {
  const template = query(lines)
  const shown = template.split('\n').length
  for (let round = 0; round < 200; round++) check(template)
  const taken: number[] = []
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    check(template)
    taken.push(performance.now() - start)
  }
  const note = `${count(rounds)} rounds, warm, ${count(template.length)} characters`
  return [
    { name: `check, ${shown} lines, p50`, value: milliseconds(quantile(taken, 0.5)), beside: '', note },
    { name: `check, ${shown} lines, p99`, value: milliseconds(quantile(taken, 0.99)), beside: '', note },
  ]
}

/** As many texts as wanted, no two alike: what was kept of one would be of no use to the next. */
function residentAfterDistinct(thousands: number): number {
  const template = query(200)
  for (let index = 0; index < thousands * 1000; index++) {
    distinct++
    check(template.replaceAll('running_processes_', `running_processes_${distinct}_`))
  }
  return process.memoryUsage().rss / 2 ** 20
}

let distinct = 0
const samplings = 5

/** Resident memory of the process at equal distances: it has a plateau where the last figures are like each other. */
function plateau(thousands: number): Figure {
  const sizes = Array.from({ length: samplings }, () => residentAfterDistinct(thousands / samplings))
  const beside = sizes.map((size, index) => `${count(size)} after ${((index + 1) * thousands) / samplings}k`).join(', ')
  const note = `MiB of the whole process, ${thousands} thousand distinct statements of 200 lines`
  return { name: 'resident memory, plateau', value: `${count(sizes.at(-1)!)} MiB`, beside, note }
}

const options = {
  rounds: { type: 'string', default: '2000' },
  distinct: { type: 'string', default: '10' },
} as const
const { values } = parseArgs({ options })
const rounds = Number(values.rounds)
const lines = [figures(40, rounds), figures(200, rounds)].flat()
lines.push(plateau(Number(values.distinct)))
process.stdout.write(`${machine()}; ${otherWork()}\n\n${table(lines)}\n`)
