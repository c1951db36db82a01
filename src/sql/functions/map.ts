import { lambdaName } from '../rewrite/context.ts'
import { engineType, type SqlType } from '../sql-type.ts'
import { pairOf, pairSql } from './array.ts'
import type { BoundCall, FunctionRules } from './rule.ts'
import { callSql, native, rewrite } from './rule.ts'

/** A lambda's parameter for an entry of a map, and the entry's two sides. */
function entryOf(call: BoundCall): { entry: string; key: string; value: string } {
  const entry = lambdaName(call.context)
  return { entry, key: `struct_extract(${entry}, 'key')`, value: `struct_extract(${entry}, 'value')` }
}

/** The map whose entries are made of those of the first argument. */
function overEntries(call: BoundCall, make: (key: string, value: string) => string): string {
  const { entry, key, value } = entryOf(call)
  return `map_from_entries(list_transform(map_entries(${call.args[0]!.sql}), lambda ${entry}: ${make(key, value)}))`
}

/** The element type of an array argument. */
function elementOf(type: SqlType): SqlType {
  return type.kind === 'array' ? type.element : type
}

function fromEntries(call: BoundCall): string {
  const { entry } = entryOf(call)
  const [k, v] = pairOf(entry, elementOf(call.args[0]!.type))
  return `map_from_entries(list_transform(${call.args[0]!.sql}, lambda ${entry}: ${pairSql(k, v)}))`
}

function multimapFromEntries(call: BoundCall): string {
  const { entry } = entryOf(call)
  const [k, v] = pairOf(entry, elementOf(call.args[0]!.type))
  return callSql('trino_multimap', `list_transform(${call.args[0]!.sql}, lambda ${entry}: ${pairSql(k, v)})`)
}

function zipWith(call: BoundCall): string {
  const [a, b] = [call.args[0]!.sql, call.args[1]!.sql]
  const keys = `list_distinct(map_keys(${a}) || map_keys(${b}))`
  const name = lambdaName(call.context)
  const body = call.bodies[2]!([name, `${a}[${name}]`, `${b}[${name}]`])
  return `map_from_entries(list_transform(${keys}, lambda ${name}: ${pairSql(name, body)}))`
}

export const mapRules: FunctionRules = {
  map: rewrite(call => (call.args.length === 0 ? 'MAP()' : callSql('map', ...call.args.map(arg => arg.sql)))),
  map_concat: rewrite(call => {
    const maps = call.args.map(arg => arg.sql)
    if (maps.length === 1) return maps[0]!
    const isNull = maps.map(map => `${map} IS NULL`).join(' OR ')
    return `CASE WHEN ${isNull} THEN NULL ELSE ${callSql('map_concat', ...maps)} END`
  }),
  map_entries: rewrite(call => {
    const { entry, key, value } = entryOf(call)
    const row = `struct_pack("field0" := ${key}, "field1" := ${value})`
    return `list_transform(map_entries(${call.args[0]!.sql}), lambda ${entry}: ${row})`
  }),
  map_filter: rewrite(call => {
    const { entry, key, value } = entryOf(call)
    const test = call.bodies[1]!([key, value])
    return `map_from_entries(list_filter(map_entries(${call.args[0]!.sql}), lambda ${entry}: ${test}))`
  }),
  map_from_entries: rewrite(fromEntries),
  map_keys: native('map_keys'),
  map_values: native('map_values'),
  map_zip_with: rewrite(zipWith),
  multimap_from_entries: rewrite(multimapFromEntries),
  transform_keys: rewrite(call => overEntries(call, (key, value) => pairSql(call.bodies[1]!([key, value]), value))),
  transform_values: rewrite(call => overEntries(call, (key, value) => pairSql(key, call.bodies[1]!([key, value])))),
}

export function mapType(key: SqlType, value: SqlType): string {
  return `MAP(${engineType(key)}, ${engineType(value)})`
}
