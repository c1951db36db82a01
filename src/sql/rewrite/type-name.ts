import { didYouMean, nearNames, SqlRefusal } from '../diagnostics.ts'
import type { TypeName } from '../parse/ast.ts'
import type { SqlType } from '../sql-type.ts'

const simpleTypes = new Map<string, SqlType>(
  Object.entries({
    boolean: { kind: 'boolean' },
    tinyint: { kind: 'tinyint' },
    smallint: { kind: 'smallint' },
    integer: { kind: 'integer' },
    int: { kind: 'integer' },
    bigint: { kind: 'bigint' },
    real: { kind: 'real' },
    double: { kind: 'double' },
    varbinary: { kind: 'varbinary' },
    date: { kind: 'date' },
    json: { kind: 'json' },
    uuid: { kind: 'uuid' },
    ipaddress: { kind: 'ipaddress' },
    ipprefix: { kind: 'ipprefix' },
    'interval day to second': { kind: 'intervalDay' },
    'interval year to month': { kind: 'intervalMonth' },
  }),
)

const knownNames = [...simpleTypes.keys(), 'varchar', 'char', 'decimal', 'time', 'timestamp', 'array', 'map', 'row']

/** Types other engines have under a name of their own. */
const foreignNames = new Map(
  Object.entries({
    string: 'varchar',
    text: 'varchar',
    long: 'bigint',
    float: 'double or real',
    numeric: 'decimal',
    datetime: 'timestamp',
    blob: 'varbinary',
    bytes: 'varbinary',
  }),
)

/** The type a written type name means, or a refusal that names the type that was probably meant. */
export function resolveType(name: TypeName): SqlType {
  const simple = simpleTypes.get(name.name)
  if (simple !== undefined) {
    if (name.numbers.length > 0 || name.items.length > 0) throw wrongParameters(name)
    return simple
  }
  const resolved = resolveParametric(name)
  if (resolved !== undefined) return resolved
  const meant = foreignNames.get(name.name)
  const near = didYouMean(name.name, knownNames) ?? nearForeign(name.name)
  const hint = meant === undefined ? near : `write ${meant}`
  const message = `type '${name.name}' does not exist or is not supported`
  throw new SqlRefusal(message, name, hint === undefined ? {} : { hint })
}

/** What to write for a misspelt name of another engine. */
function nearForeign(name: string): string | undefined {
  const [near] = nearNames(name, foreignNames.keys())
  return near === undefined ? undefined : `write ${foreignNames.get(near)}`
}

function resolveParametric(name: TypeName): SqlType | undefined {
  const [first, second] = name.numbers
  const items = name.items.map(item => item.type)
  switch (name.name) {
    case 'varchar':
      return { kind: 'varchar', length: first }
    case 'char':
      return { kind: 'char', length: first ?? 1 }
    case 'decimal':
    case 'dec': {
      const precision = first ?? 38
      const scale = second ?? 0
      if (precision < 1 || precision > 38 || scale > precision) throw wrongParameters(name)
      return { kind: 'decimal', precision, scale }
    }
    case 'time':
      return { kind: 'time', precision: first ?? 3 }
    case 'timestamp':
      if ((first ?? 3) > 12) throw wrongParameters(name)
      return { kind: 'timestamp', precision: first ?? 3 }
    case 'timestamp with time zone':
      if ((first ?? 3) > 12) throw wrongParameters(name)
      return { kind: 'timestamptz', precision: first ?? 3, zone: undefined }
    case 'array':
      if (items.length !== 1) throw wrongParameters(name)
      return { kind: 'array', element: resolveType(items[0]!) }
    case 'map':
      if (items.length !== 2) throw wrongParameters(name)
      return { kind: 'map', key: resolveType(items[0]!), value: resolveType(items[1]!) }
    case 'row':
      return resolveRow(name)
    default:
      return undefined
  }
}

function resolveRow(name: TypeName): SqlType {
  if (name.items.length === 0) throw wrongParameters(name)
  const names = name.items.flatMap(item => item.name?.text.toLowerCase() ?? [])
  if (new Set(names).size !== names.length) throw new SqlRefusal('a row names a field twice', name)
  const fields = name.items.map(item => ({ name: item.name?.text, type: resolveType(item.type) }))
  return { kind: 'row', fields }
}

function wrongParameters(name: TypeName): SqlRefusal {
  return new SqlRefusal(`type '${name.name}' has wrong parameters`, name)
}
