import type { LakeSchema } from '../../src/model/lake-table.ts'
import { fixture } from '../../test/sql/lake.ts'

// Statements of a wanted length in the style of hunting queries: WITH parts, joins, conditions, one item a line.

const schema: LakeSchema = JSON.parse(fixture('lake-schema.json'))

const columns = ['name', 'cmdline', 'path', 'username', 'pid', 'parent', 'meta_hostname', 'calendar_time']

function part(index: number): string[] {
  return [
    `part_${index} AS (`,
    '  SELECT',
    ...columns.map(column => `    a.${column},`),
    `    lower(regexp_extract(a.path, '[^/\\\\]+$')) AS file_${index},`,
    `    count(*) AS n_${index},`,
    '    max_by(a.sha256, a.calendar_time) AS newest',
    '  FROM xdr_data AS a',
    `  WHERE a.query_name = 'running_processes_windows_sophos'`,
    `    AND a.cmdline LIKE '%part${index}%'`,
    `    AND a.calendar_time > date_add('hour', -${index + 1}, now())`,
    `    AND coalesce(a.username, '') NOT IN ('SYSTEM', 'LOCAL SERVICE', 'x${index}')`,
    `  GROUP BY ${columns.map((_, column) => column + 1).join(', ')}, 9`,
    ')',
  ]
}

const partLines = part(0).length

/** A statement of about that many lines that the gate accepts. */
function text(lineCount: number): string {
  const parts = Math.max(1, Math.round((lineCount - 4) / partLines))
  const bodies = Array.from({ length: parts }, (_, index) => part(index).join('\n')).join(',\n')
  const unions = Array.from({ length: parts }, (_, index) => `SELECT name, n_${index} AS n FROM part_${index}`)
  return `WITH ${bodies}\n${unions.join('\nUNION ALL\n')}\nORDER BY n DESC\nLIMIT 100`
}

export const longQuery = { schema, text }
