import { pathArgument } from '../rewrite/json-form.ts'
import type { BoundCall, FunctionRules } from './rule.ts'
import { callSql, macro, refused, rewrite } from './rule.ts'

function atPath(target: string): (call: BoundCall) => string {
  return call => callSql(target, call.args[0]!.sql, pathArgument(call.node.args[1]!))
}

/** Functions of JSON, kept as text or as json. Text that is no JSON gives NULL where Trino gives NULL. */
export const jsonRules: FunctionRules = {
  is_json_scalar: macro('trino_is_json_scalar'),
  json_array_contains: rewrite(call => {
    const isText = call.actual[1]?.kind === 'varchar'
    return callSql(isText ? 'trino_json_array_has_text' : 'trino_json_array_has', call.args[0]!.sql, call.args[1]!.sql)
  }),
  json_array_get: refused("it gives texts without their quotes, which are no JSON; write json_extract(x, '$[0]')"),
  json_array_length: macro('trino_json_array_length'),
  json_extract: rewrite(atPath('trino_json_at')),
  json_extract_scalar: rewrite(atPath('trino_json_scalar')),
  json_format: rewrite(call => `CAST(${call.args[0]!.sql} AS VARCHAR)`),
  json_parse: rewrite(call => {
    const message = 'json_parse keeps keys in the order they are written and shortens numbers; Trino sorts the keys'
    call.context.session.notices.push({ code: 'json_as_written', message, span: call.node.nameSpan })
    return `CAST(json(${call.args[0]!.sql}) AS JSON)`
  }),
  json_size: rewrite(atPath('trino_json_size')),
}
