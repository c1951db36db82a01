import { SqlRefusal } from '../diagnostics.ts'
import type { BoundCall, FunctionRules } from './rule.ts'
import { callSql, macro, native, refused, renamed, rewrite } from './rule.ts'

const noHash = 'the engine has md5, sha1 and sha256'
const noBits = 'the engine cannot read the bits of a floating-point number'

/** from_base64 and the like take text, or the bytes of that text. */
function asText(call: BoundCall): string {
  const sql = call.args[0]!.sql
  return call.actual[0]?.kind === 'varbinary' ? `decode(${sql})` : sql
}

function macroOfText(target: string) {
  return rewrite(call => callSql(target, asText(call)))
}

function digest(name: string) {
  return rewrite(call => `unhex(${callSql(name, call.args[0]!.sql)})`)
}

/** Functions of bytes, encodings, hashes and URLs. */
export const binaryRules: FunctionRules = {
  crc32: refused(noHash),
  from_base32: rewrite(call => callSql('trino_from_base32', asText(call))),
  from_base64: macroOfText('trino_from_base64'),
  from_base64url: rewrite(call => callSql('trino_from_base64url', asText(call))),
  from_big_endian_32: rewrite(call => callSql('trino_from_big_endian', call.args[0]!.sql, '4')),
  from_big_endian_64: rewrite(call => callSql('trino_from_big_endian', call.args[0]!.sql, '8')),
  from_hex: macroOfText('trino_from_hex'),
  from_ieee754_32: refused(noBits),
  from_ieee754_64: refused(noBits),
  from_utf8: rewrite(call => {
    const by = call.args[1]
    if (by !== undefined && call.actual[1]?.kind !== 'varchar') {
      throw new SqlRefusal('the replacement of from_utf8 must be a text of one character', call.node.args[1]!)
    }
    return callSql('trino_from_utf8', call.args[0]!.sql, by?.sql ?? 'chr(65533)')
  }),
  hmac_md5: refused(noHash),
  hmac_sha1: refused(noHash),
  hmac_sha256: refused(noHash),
  hmac_sha512: refused(noHash),
  md5: digest('md5'),
  murmur3: refused(noHash),
  sha1: digest('sha1'),
  sha256: digest('sha256'),
  sha512: refused(noHash),
  spooky_hash_v2_32: refused(noHash),
  spooky_hash_v2_64: refused(noHash),
  to_base32: macro('trino_to_base32'),
  to_base64: native('to_base64'),
  to_base64url: macro('trino_to_base64url'),
  to_big_endian_32: rewrite(call => callSql('trino_to_big_endian', call.args[0]!.sql, '8')),
  to_big_endian_64: rewrite(call => callSql('trino_to_big_endian', call.args[0]!.sql, '16')),
  to_hex: renamed('hex'),
  to_ieee754_32: refused(noBits),
  to_ieee754_64: refused(noBits),
  to_utf8: renamed('encode'),
  url_decode: macro('trino_url_decode'),
  url_encode: macro('trino_url_encode'),
  url_extract_fragment: macro('trino_url_fragment'),
  url_extract_host: macro('trino_url_host'),
  url_extract_parameter: macro('trino_url_parameter'),
  url_extract_path: macro('trino_url_path'),
  url_extract_port: macro('trino_url_port'),
  url_extract_protocol: macro('trino_url_protocol'),
  url_extract_query: macro('trino_url_query'),
  uuid: rewrite(() => 'uuid()'),
  xxhash64: refused(noHash),
}

const noSketch = 'sketches are not kept; use approx_distinct or approx_percentile on the rows'

/** Types of Trino that no column or engine value here has. */
export const sketchRules: FunctionRules = {
  current_groups: refused('the lake has no SQL groups; access is decided by the caller’s role'),
  empty_approx_set: refused(noSketch),
  hash_counts: refused(noSketch),
  intersection_cardinality: refused(noSketch),
  jaccard_index: refused(noSketch),
  quantile_at_value: refused(noSketch),
  value_at_quantile: refused(noSketch),
  values_at_quantiles: refused(noSketch),
  variant_is_null: refused('there is no variant type; JSON is kept as text'),
}
