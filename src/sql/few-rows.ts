import { fewRowsMax } from '../limits.ts'
import type { Expression, Query } from './parse/ast.ts'

// A statement that sorts what it reads and keeps the first few rows of it, with no condition but on the columns that
// files are cut and pruned by. An engine does well to find those rows by their sort keys alone and read the other
// columns of them only; with any further condition, or without an order, it does better to read as it goes.

const prunedColumns = ['query_name', 'calendar_time', 'unix_time', 'ingestion_timestamp', 'timestamp', 'endpoint_id']

/** In doubt false, which costs time only. */
export function keepsFewRows(query: Query): boolean {
  const { body, orderBy, limit, tables, offset } = query
  if (body.kind !== 'select' || body.isDistinct || body.groupBy !== undefined || body.having !== undefined) return false
  if (tables.length > 0 || offset !== undefined || orderBy.length === 0) return false
  if (limit?.kind !== 'number' || Number(limit.text) > fewRowsMax) return false
  const [relation, ...others] = body.from
  if (relation?.kind !== 'table' || relation.sample !== undefined || others.length > 0) return false
  return body.where === undefined || isOnPrunedColumns(body.where)
}

function isOnPrunedColumns(condition: Expression): boolean {
  switch (condition.kind) {
    case 'logic':
      return condition.items.every(isOnPrunedColumns)
    case 'compare':
      return isPrunedColumn(condition.left) || isPrunedColumn(condition.right)
    case 'between':
    case 'inList':
      return isPrunedColumn(condition.value)
    default:
      return false
  }
}

function isPrunedColumn(node: Expression): boolean {
  return node.kind === 'name' && prunedColumns.includes(node.parts.at(-1)?.text.toLowerCase() ?? '')
}
