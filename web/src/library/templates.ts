import type { SchemaQueryName } from '../../../src/api/lake-schema.ts'

// Statements to begin with.

const columnsMax = 12
const rowsMax = 200

/** The newest rows of a query name, with its own columns. */
export function queryNameTemplate({ name, columns }: Pick<SchemaQueryName, 'name' | 'columns'>): string {
  const shown = columns.slice(0, columnsMax).map(quoted)
  const list = [
    'calendar_time',
    'meta_hostname',
    ...shown.filter(each => each !== 'calendar_time' && each !== 'meta_hostname'),
  ]
  return [
    `SELECT ${list.join(', ')}`,
    'FROM xdr_data',
    `WHERE query_name = '${name.replaceAll("'", "''")}'`,
    'ORDER BY calendar_time DESC',
    `LIMIT ${rowsMax}`,
  ].join('\n')
}

/** One row of the query name, newest first, to show what its columns hold. */
export function sampleTemplate({ name, columns }: Pick<SchemaQueryName, 'name' | 'columns'>): string {
  const list = columns.length === 0 ? '*' : columns.map(quoted).join(', ')
  const where = `query_name = '${name.replaceAll("'", "''")}'`
  return `SELECT ${list} FROM xdr_data WHERE ${where} ORDER BY calendar_time DESC LIMIT 5`
}

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}
