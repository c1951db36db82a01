import type { FrameBound, SortItem, WindowFrame, WindowSpec } from './ast.ts'
import {
  accept,
  acceptAll,
  commaList,
  expect,
  isName,
  next,
  parseName,
  peek,
  type Reader,
  spanFrom,
  unexpected,
} from './reader.ts'

/** What follows ORDER BY. */
export function parseSortItems(reader: Reader): SortItem[] {
  return commaList(reader, () => {
    const value = reader.parseExpression(reader)
    const isDescending = accept(reader, 'DESC')
    if (!isDescending) accept(reader, 'ASC')
    if (!accept(reader, 'NULLS')) return { value, isDescending, nullsFirst: undefined }
    const nullsFirst = accept(reader, 'FIRST')
    if (!nullsFirst) expect(reader, 'LAST')
    return { value, isDescending, nullsFirst }
  })
}

/** What stands between the parentheses of OVER or of a WINDOW clause, the parentheses included. */
export function parseWindowSpec(reader: Reader): WindowSpec {
  const first = expect(reader, '(')
  const startsClause = ['PARTITION', 'ORDER', 'ROWS', 'RANGE', 'GROUPS', ')'].includes(peek(reader).key)
  const base = !startsClause && isName(reader) ? parseName(reader) : undefined
  const partitionBy = acceptAll(reader, 'PARTITION', 'BY') ? commaList(reader, reader.parseExpression) : []
  const orderBy = acceptAll(reader, 'ORDER', 'BY') ? parseSortItems(reader) : []
  const frame = parseFrame(reader)
  expect(reader, ')')
  return { base, partitionBy, orderBy, frame, ...spanFrom(reader, first) }
}

function parseFrame(reader: Reader): WindowFrame | undefined {
  const token = peek(reader)
  const unit = token.key
  if (unit !== 'ROWS' && unit !== 'RANGE' && unit !== 'GROUPS') return undefined
  next(reader)
  if (accept(reader, 'BETWEEN')) {
    const start = parseBound(reader)
    expect(reader, 'AND')
    return { unit, start, end: parseBound(reader), span: spanFrom(reader, token) }
  }
  return { unit, start: parseBound(reader), end: undefined, span: spanFrom(reader, token) }
}

function parseBound(reader: Reader): FrameBound {
  if (acceptAll(reader, 'UNBOUNDED', 'PRECEDING')) return { kind: 'unboundedPreceding', value: undefined }
  if (acceptAll(reader, 'UNBOUNDED', 'FOLLOWING')) return { kind: 'unboundedFollowing', value: undefined }
  if (acceptAll(reader, 'CURRENT', 'ROW')) return { kind: 'currentRow', value: undefined }
  const value = reader.parseOperand(reader)
  if (accept(reader, 'PRECEDING')) return { kind: 'preceding', value }
  if (accept(reader, 'FOLLOWING')) return { kind: 'following', value }
  throw unexpected(reader, 'PRECEDING or FOLLOWING')
}
