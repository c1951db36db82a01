import { pathArguments } from '../rewrite/json-form.ts'
import type { BoundCall, FunctionRules } from './rule.ts'
import { callSql, macro, refused, rewrite } from './rule.ts'

/** A number in a path finds an item of an array, or the member of that name of an object. */
function atPath(target: string, textOf = plainText): (call: BoundCall) => string {
  return call => {
    const found = pathArguments(call.node.args[1]!).map(path => callSql(target, textOf(call), path))
    return found.length === 1 ? found[0]! : callSql('coalesce', ...found)
  }
}

function plainText(call: BoundCall): string {
  return call.args[0]!.sql
}

/** The text, or NULL where only the engine takes it for JSON; what has the type json was read before. */
function strictText(call: BoundCall): string {
  const { sql } = call.args[0]!
  return call.actual[0]?.kind === 'json' ? sql : callSql('trino_json_strict', sql)
}

/** Functions of JSON, kept as text or as json. Text that is no JSON gives NULL where Trino gives NULL. */
export const jsonRules: FunctionRules = {
  is_json_scalar: macro('trino_is_json_scalar'),
  json_array_contains: rewrite(call => {
    const isText = call.actual[1]?.kind === 'varchar'
    return callSql(isText ? 'trino_json_array_has_text' : 'trino_json_array_has', strictText(call), call.args[1]!.sql)
  }),
  json_array_get: refused("it gives texts without their quotes, which are no JSON; write json_extract(x, '$[0]')"),
  json_array_length: rewrite(call => callSql('trino_json_array_length', strictText(call))),
  json_extract: rewrite(atPath('trino_json_at')),
  json_extract_scalar: rewrite(atPath('trino_json_scalar')),
  json_format: rewrite(call => `CAST(${call.args[0]!.sql} AS VARCHAR)`),
  json_parse: rewrite(call => {
    const message = 'json_parse keeps keys in the order they are written and shortens numbers; Trino sorts the keys'
    call.context.session.notices.push({ code: 'json_as_written', message, span: call.node.nameSpan })
    return `CAST(trino_json_parse(${call.args[0]!.sql}) AS JSON)`
  }),
  json_size: rewrite(atPath('trino_json_size', strictText)),
}
