import { SqlRefusal } from '../diagnostics.ts'
import type { Name, TypeName } from './ast.ts'
import {
  accept,
  acceptAll,
  expect,
  nested,
  next,
  parseName,
  peek,
  type Reader,
  spanFrom,
  unexpected,
} from './reader.ts'

/** Names that may stand before a string literal: `DATE '2024-05-01'`. */
export const literalTypes = new Set(
  `boolean tinyint smallint integer int bigint real double decimal varchar char date time timestamp json ipaddress
  ipprefix uuid varbinary`.split(/\s+/),
)

/** A type as Trino spells it, checked for shape only: what it means is decided by sql-type.ts. */
export function parseTypeName(reader: Reader): TypeName {
  return nested(reader, parseInside)
}

function parseInside(reader: Reader): TypeName {
  const first = peek(reader)
  if (first.kind !== 'word') throw unexpected(reader, 'a type')
  next(reader)
  let name = first.text.toLowerCase()
  if (name === 'double' && accept(reader, 'PRECISION')) name = 'double'
  if (name === 'interval') name = parseIntervalType(reader)
  const parameters = parseParameters(reader, name)
  if (name === 'time' || name === 'timestamp') {
    if (acceptAll(reader, 'WITH', 'TIME', 'ZONE')) name = `${name} with time zone`
    else acceptAll(reader, 'WITHOUT', 'TIME', 'ZONE')
  }
  let type: TypeName = { name, ...parameters, ...spanFrom(reader, first) }
  // The older spelling of an array: `bigint array`.
  while (accept(reader, 'ARRAY')) {
    type = { name: 'array', numbers: [], items: [{ name: undefined, type }], ...spanFrom(reader, first) }
  }
  return type
}

function parseIntervalType(reader: Reader): string {
  const from = next(reader).key
  expect(reader, 'TO')
  const to = next(reader).key
  const name = `interval ${from} to ${to}`.toLowerCase()
  if (name !== 'interval day to second' && name !== 'interval year to month') {
    throw new SqlRefusal(`type '${name}' does not exist`, reader.tokens[reader.at - 1]!)
  }
  return name
}

function parseParameters(reader: Reader, name: string): Pick<TypeName, 'numbers' | 'items'> {
  const numbers: number[] = []
  const items: { name: Name | undefined; type: TypeName }[] = []
  const isAngled = peek(reader).key === '<'
  if (!isAngled && peek(reader).key !== '(') return { numbers, items }
  if (isAngled) throw new SqlRefusal(`write ${name}(…) with parentheses`, peek(reader))
  next(reader)
  do {
    const token = peek(reader)
    if (token.kind === 'integer') {
      numbers.push(Number(token.text))
      next(reader)
    } else if (name === 'row' && isNamedField(reader)) {
      const fieldName = parseName(reader)
      items.push({ name: fieldName, type: parseTypeName(reader) })
    } else {
      items.push({ name: undefined, type: parseTypeName(reader) })
    }
  } while (accept(reader, ','))
  expect(reader, ')')
  return { numbers, items }
}

/** `a bigint`, as against `bigint`: two names in a row, unless the two are one type. */
function isNamedField(reader: Reader): boolean {
  const [first, second] = [peek(reader), peek(reader, 1)]
  if (first.kind === 'quoted') return true
  if (second.kind !== 'word') return false
  const isOneType =
    (first.key === 'DOUBLE' && second.key === 'PRECISION') ||
    ((first.key === 'TIME' || first.key === 'TIMESTAMP') && (second.key === 'WITH' || second.key === 'WITHOUT')) ||
    second.key === 'ARRAY'
  return !isOneType
}
