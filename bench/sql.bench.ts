import { parseArgs } from 'node:util'
import { checkStatement } from '../src/sql/check.ts'
import { lakeSchema, now } from '../test/sql/lake.ts'
import { count, type Figure, machine, milliseconds, otherWork, quantile, table } from './support/report.ts'

// The SQL front end in figures: variables, grammar, names and types, rewriting and scope of one statement, on queries
// of
// 40 and 200 lines, and whether its memory stays level.
//
//   npm run bench -- sql [--rounds=2000]

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

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '2000' } } })
const rounds = Number(values.rounds)
const residentMib = () => process.memoryUsage().rss / 2 ** 20
const lines = [figures(40, rounds), figures(200, rounds)].flat()
const first = residentMib()
figures(200, rounds)
const memory = { beside: `${count(first)} MiB before the last ${count(rounds)} rounds`, note: 'of the whole process' }
lines.push({ name: 'resident memory', value: `${count(residentMib())} MiB`, ...memory })
process.stdout.write(`${machine()}; ${otherWork()}\n\n${table(lines)}\n`)
