import { type Macro, macro } from './macro.ts'

const base32 = "'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'"

export const byteMacros: readonly Macro[] = [
  macro('trino_byte_at', 'b, i', "CAST('0x' || substr(hex(b), i * 2 + 1, 2) AS INTEGER)"),
  // Text is kept as it is; where the bytes are no UTF-8, what is not ASCII becomes U+FFFD.
  macro(
    'trino_from_utf8',
    'b',
    `coalesce(TRY(decode(b)), array_to_string(list_transform(range(octet_length(b)), lambda i:
      CASE WHEN trino_byte_at(b, i) < 128 THEN chr(trino_byte_at(b, i)) ELSE chr(65533) END), ''))`,
  ),
  macro('trino_to_base64url', 'b', "replace(replace(to_base64(b), '+', '-'), '/', '_')"),
  macro(
    'trino_from_base64url',
    's',
    `from_base64(rpad(replace(replace(rtrim(s, '='), '-', '+'), '_', '/'),
      CAST((length(rtrim(s, '=')) + 3) // 4 * 4 AS INTEGER), '='))`,
  ),
  macro('trino_bits', 'b', 'CAST(CAST(b AS BIT) AS VARCHAR)'),
  macro(
    'trino_bits_number',
    't',
    "list_reduce(list_transform(string_split(t, ''), lambda c: CAST(c AS INTEGER)), lambda a, d: a * 2 + d, 0)",
  ),
  macro(
    'trino_to_base32',
    'b',
    `CASE WHEN octet_length(b) = 0 THEN '' ELSE rpad(array_to_string(list_transform(
      range((octet_length(b) * 8 + 4) // 5), lambda i: substr(${base32}, trino_bits_number(rpad(
      substr(trino_bits(b), i * 5 + 1, 5), 5, '0')) + 1, 1)), ''), CAST((octet_length(b) + 4) // 5 * 8 AS INTEGER),
      '=') END`,
  ),
  macro(
    'trino_base32_bits',
    's',
    `array_to_string(list_transform(string_split(rtrim(upper(s), '='), ''), lambda c:
      right('0000' || ltrim(CAST(CAST(CAST(strpos(${base32}, c) - 1 AS INTEGER) AS BIT) AS VARCHAR), ''), 5)), '')`,
  ),
  macro(
    'trino_from_base32',
    's',
    `CASE WHEN s = '' THEN encode('') ELSE CAST(CAST(left(trino_base32_bits(s),
      length(trino_base32_bits(s)) // 8 * 8) AS BIT) AS BLOB) END`,
  ),
  macro('trino_to_big_endian', 'n, w', "unhex(right(lpad(hex(CAST(n AS BIGINT)), 16, '0'), w))"),
  macro(
    'trino_bytes_number',
    'b',
    `list_reduce(list_transform(range(octet_length(b)), lambda i: CAST(trino_byte_at(b, i) AS HUGEINT)),
      lambda a, d: a * 256 + d, CAST(0 AS HUGEINT))`,
  ),
  macro(
    'trino_from_big_endian',
    'b, w',
    `CASE WHEN octet_length(b) <> w THEN CAST(error('wrong number of bytes') AS HUGEINT)
      WHEN trino_bytes_number(b) >= CAST(pow(2, w * 8 - 1) AS HUGEINT)
      THEN trino_bytes_number(b) - CAST(pow(2, w * 8) AS HUGEINT) ELSE trino_bytes_number(b) END`,
  ),
]

const authority = '^[a-zA-Z][a-zA-Z0-9+.-]*://'

export const urlMacros: readonly Macro[] = [
  macro('trino_url_decode', 's', "url_decode(replace(s, '+', ' '))"),
  macro('trino_url_encode', 's', "replace(replace(replace(url_encode(s), '%20', '+'), '%2A', '*'), '~', '%7E')"),
  macro('trino_url_protocol', 'u', "nullif(regexp_extract(u, '^([a-zA-Z][a-zA-Z0-9+.-]*):', 1), '')"),
  macro('trino_url_host', 'u', `nullif(regexp_extract(u, '${authority}(?:[^/@?#]*@)?([^/:?#]+)', 1), '')`),
  macro('trino_url_port', 'u', `TRY_CAST(nullif(regexp_extract(u, '${authority}[^/?#]*:([0-9]+)', 1), '') AS BIGINT)`),
  macro('trino_url_path', 'u', `regexp_extract(u, '^(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?(?://[^/?#]*)?([^?#]*)', 1)`),
  macro('trino_url_query', 'u', String.raw`nullif(regexp_extract(u, '^[^#?]*\?([^#]*)', 1), '')`),
  macro('trino_url_fragment', 'u', "nullif(regexp_extract(u, '#(.*)$', 1), '')"),
  macro(
    'trino_url_parameter',
    'u, p',
    `list_transform(list_filter(string_split(trino_url_query(u), '&'), lambda x: trino_url_decode(split_part(x,
      '=', 1)) = p),
      lambda x: trino_url_decode(array_to_string(string_split(x, '=')[2:], '=')))[1]`,
  ),
]
