import { SqlRefusal } from '../diagnostics.ts'
import type { Call, Expression, Name, SortItem } from './ast.ts'
import { accept, acceptAll, commaList, expect, isName, next, parseName, peek, type Reader, spanFrom } from './reader.ts'
import { parseSortItems, parseWindowSpec } from './window.ts'

type Arguments = Pick<Call, 'args' | 'isStar' | 'isDistinct' | 'orderBy' | 'ignoreNulls'>

/** A call whose name has been read: arguments, and whatever may follow them (FILTER, WITHIN GROUP, OVER …). */
export function parseCall(reader: Reader, nameParts: readonly Name[]): Call {
  const last = nameParts.at(-1)!
  const nameSpan = { start: nameParts[0]!.start, end: last.end }
  if (nameParts.length > 1) {
    throw new SqlRefusal(`functions are named without a catalog or schema: write ${last.text}(…)`, nameSpan)
  }
  const name = last.text.toLowerCase()
  expect(reader, '(')
  const inside = parseArguments(reader, name)
  expect(reader, ')')
  const withinGroup = acceptAll(reader, 'WITHIN', 'GROUP') ? parseWithinGroup(reader) : []
  const filter = parseFilter(reader)
  const ignoreNulls = parseNullTreatment(reader) || inside.ignoreNulls
  const over = parseOver(reader)
  const span = spanFrom(reader, nameSpan)
  return { kind: 'call', name, nameSpan, ...inside, withinGroup, filter, ignoreNulls, over, ...span }
}

const plain = { isStar: false, isDistinct: false, orderBy: [], ignoreNulls: false }

function parseArguments(reader: Reader, name: string): Arguments {
  if (peek(reader).key === ')') return { ...plain, args: [] }
  if (peek(reader).key === '*' && peek(reader, 1).key === ')') {
    next(reader)
    return { ...plain, args: [], isStar: true }
  }
  if (name === 'position') return { ...plain, args: parsePosition(reader) }
  if (name === 'substring' || name === 'substr') return { ...plain, args: parseSubstring(reader) }
  if (name === 'normalize') return { ...plain, args: parseNormalize(reader) }
  const isDistinct = accept(reader, 'DISTINCT')
  if (!isDistinct && peek(reader).key === 'ALL' && peek(reader, 1).key !== ')') next(reader)
  const args = commaList(reader, reader.parseExpression)
  if (name === 'listagg') parseOverflow(reader)
  const orderBy: SortItem[] = acceptAll(reader, 'ORDER', 'BY') ? parseSortItems(reader) : []
  const ignoreNulls = parseNullTreatment(reader)
  return { isStar: false, isDistinct, args, orderBy, ignoreNulls }
}

/** `position(needle IN text)`, in the order strpos has its arguments. */
function parsePosition(reader: Reader): Expression[] {
  const needle = reader.parseOperand(reader)
  if (accept(reader, 'IN')) return [reader.parseOperand(reader), needle]
  const token = peek(reader)
  const hint = 'write position(part IN text) or strpos(text, part)'
  throw new SqlRefusal("unexpected arguments of 'position'", token, { hint })
}

function parseSubstring(reader: Reader): Expression[] {
  const text = reader.parseExpression(reader)
  const args = [text]
  if (accept(reader, 'FROM')) {
    args.push(reader.parseOperand(reader))
    if (accept(reader, 'FOR')) args.push(reader.parseOperand(reader))
    return args
  }
  while (accept(reader, ',')) args.push(reader.parseExpression(reader))
  return args
}

function parseNormalize(reader: Reader): Expression[] {
  const text = reader.parseExpression(reader)
  if (!accept(reader, ',')) return [text]
  const form = next(reader)
  const span = { start: form.start, end: form.end }
  if (!['NFC', 'NFD', 'NFKC', 'NFKD'].includes(form.key)) {
    throw new SqlRefusal('normalize knows the forms NFC, NFD, NFKC and NFKD', span)
  }
  return [text, { kind: 'string', value: form.key, ...span }]
}

/**
 * `ON OVERFLOW ERROR`, or `ON OVERFLOW TRUNCATE ['…'] [WITH | WITHOUT COUNT]`: either way what is too long ends the run
 * here, and what is not is the same.
 */
function parseOverflow(reader: Reader): void {
  if (!acceptAll(reader, 'ON', 'OVERFLOW')) return
  if (accept(reader, 'ERROR')) return
  expect(reader, 'TRUNCATE')
  if (peek(reader).kind === 'string') next(reader)
  if (!accept(reader, 'WITH')) expect(reader, 'WITHOUT')
  expect(reader, 'COUNT')
}

function parseWithinGroup(reader: Reader): SortItem[] {
  expect(reader, '(')
  expect(reader, 'ORDER')
  expect(reader, 'BY')
  const items = parseSortItems(reader)
  expect(reader, ')')
  return items
}

function parseFilter(reader: Reader): Expression | undefined {
  if (peek(reader).key !== 'FILTER' || peek(reader, 1).key !== '(') return undefined
  reader.at += 2
  expect(reader, 'WHERE')
  const condition = reader.parseExpression(reader)
  expect(reader, ')')
  return condition
}

function parseNullTreatment(reader: Reader): boolean {
  if (acceptAll(reader, 'IGNORE', 'NULLS')) return true
  acceptAll(reader, 'RESPECT', 'NULLS')
  return false
}

function parseOver(reader: Reader): Call['over'] {
  if (peek(reader).key !== 'OVER') return undefined
  if (peek(reader, 1).key !== '(' && !isName(reader, 1)) return undefined
  next(reader)
  return peek(reader).key === '(' ? parseWindowSpec(reader) : parseName(reader)
}
