import { type Macro, macro } from './macro.ts'

/** Bytes in hexadecimal: whole characters first, then the beginnings of characters, then any byte. */
const utf8Sequences = ['[0-7].', '[CD].~', 'E.~~', 'F.~~~', 'E.~', 'F.~~', 'F.~', '..']
  .join('|')
  .replaceAll('~', '[89AB].')

const base32 = "'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'"

export const byteMacros: readonly Macro[] = [
  macro('trino_byte_at', 'b, i', "CAST('0x' || substr(hex(b), i * 2 + 1, 2) AS INTEGER)"),
  // Text is kept as it is; each sequence of bytes that is no UTF-8, cut short or not, becomes one replacement.
  macro(
    'trino_from_utf8',
    'b, r',
    `coalesce(TRY(decode(b)), array_to_string(list_transform(regexp_extract_all(hex(b), '${utf8Sequences}'),
      lambda h: coalesce(TRY(decode(unhex(h))), r)), ''))`,
  ),
  // Bytes that cannot be: an error with the text in it.
  macro('trino_no_bytes', 'what, s', "encode(CAST(CAST(what || ': ' || s AS INTEGER) AS VARCHAR))"),
  macro(
    'trino_from_hex',
    's',
    "CASE WHEN length(s) % 2 = 1 THEN trino_no_bytes('from_hex: an odd number of digits', s) ELSE unhex(s) END",
  ),
  // Java wants no padding, the engine does; where there is some, it must be the right one.
  macro(
    'trino_is_base64',
    's',
    "regexp_full_match(s, '([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}(==)?|[A-Za-z0-9+/]{3}=?)?')",
  ),
  macro(
    'trino_from_base64',
    's',
    `CASE WHEN NOT trino_is_base64(s) THEN trino_no_bytes('not base 64', s)
      ELSE from_base64(rpad(rtrim(s, '='), CAST((length(rtrim(s, '=')) + 3) // 4 * 4 AS INTEGER), '=')) END`,
  ),
  macro('trino_to_base64url', 'b', "replace(replace(to_base64(b), '+', '-'), '/', '_')"),
  macro(
    'trino_from_base64url',
    's',
    `CASE WHEN regexp_matches(s, '[+/]') THEN trino_no_bytes('not base 64 for URLs', s)
      ELSE trino_from_base64(replace(replace(s, '-', '+'), '_', '/')) END`,
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
    `array_to_string(list_transform(string_split(rtrim(s, '='), ''), lambda c:
      right('0000' || ltrim(CAST(CAST(CAST(strpos(${base32}, c) - 1 AS INTEGER) AS BIT) AS VARCHAR), ''), 5)), '')`,
  ),
  macro(
    'trino_from_base32',
    's',
    `CASE WHEN s = '' THEN encode('') WHEN NOT regexp_full_match(s,
      '([A-Z2-7]{8})*([A-Z2-7]{2}|[A-Z2-7]{4,5}|[A-Z2-7]{7})?=*') THEN trino_no_bytes('not base 32', s) ELSE CAST(CAST(left(trino_base32_bits(s),
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
    `CASE WHEN octet_length(b) <> w THEN CAST('wrong number of bytes' AS HUGEINT)
      WHEN trino_bytes_number(b) >= CAST(pow(2, w * 8 - 1) AS HUGEINT)
      THEN trino_bytes_number(b) - CAST(pow(2, w * 8) AS HUGEINT) ELSE trino_bytes_number(b) END`,
  ),
]

const scheme = '^([a-zA-Z][a-zA-Z0-9+.-]*):'
const authority = '^(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?//'

/** Java's URI: what it cannot read gives NULL, a missing part the empty text; path, query and fragment decoded. */
function urlPart(name: string, body: string): Macro {
  return macro(name, 'u', `CASE WHEN trino_is_url(u) THEN ${body} END`)
}

export const urlMacros: readonly Macro[] = [
  macro(
    'trino_is_url',
    'u',
    String.raw`(NOT regexp_matches(u,
      '[\x00-\x20"<>\\^\x60{|}\x7f]|%[^0-9a-fA-F]|%.[^0-9a-fA-F]|%.?$|#.*#|^[^/?#]*\[|:$'))`,
  ),
  // The bytes the text stands for; the engine's own gives up where they are no UTF-8.
  macro(
    'trino_percent_bytes',
    's',
    `CASE WHEN strpos(s, '%') = 0 THEN encode(s) ELSE unhex(array_to_string(list_transform(regexp_extract_all(s,
      '%..|[^%]+'), lambda p: CASE WHEN left(p, 1) = '%' THEN substr(p, 2) ELSE hex(p) END), '')) END`,
  ),
  macro(
    'trino_url_decode',
    's',
    `CASE WHEN regexp_matches(s, '%([^0-9a-fA-F]|.[^0-9a-fA-F]|.?$)')
      THEN CAST(CAST('url_decode: % without two hexadecimal digits: ' || s AS INTEGER) AS VARCHAR)
      ELSE trino_from_utf8(trino_percent_bytes(replace(s, '+', ' ')), chr(65533)) END`,
  ),
  macro('trino_url_encode', 's', "replace(replace(replace(url_encode(s), '%20', '+'), '%2A', '*'), '~', '%7E')"),
  urlPart('trino_url_protocol', `regexp_extract(u, '${scheme}', 1)`),
  urlPart(
    'trino_url_host',
    `regexp_extract(u, '${authority}(?:[^/@?#]*@)?([a-zA-Z0-9.-]+|\\[[0-9a-fA-F:.]+\\])(?::[0-9]*)?(?:[/?#]|$)', 1)`,
  ),
  urlPart(
    'trino_url_port',
    `TRY_CAST(nullif(regexp_extract(u, '${authority}(?:[^/@?#]*@)?[a-zA-Z0-9.-]+:([0-9]+)', 1), '') AS BIGINT)`,
  ),
  urlPart(
    'trino_url_path',
    `CASE WHEN regexp_matches(u, '${scheme}[^/]') THEN '' ELSE url_decode(regexp_extract(u,
      '^(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?(?://[^/?#]*)?([^?#]*)', 1)) END`,
  ),
  urlPart('trino_url_query', String.raw`url_decode(regexp_extract(u, '^[^#?]*\?([^#]*)', 1))`),
  macro('trino_url_raw_query', 'u', String.raw`nullif(regexp_extract(u, '^[^#?]*\?([^#]*)', 1), '')`),
  urlPart('trino_url_fragment', "url_decode(regexp_extract(u, '#(.*)$', 1))"),
  urlPart('trino_url_parameters', "string_split(trino_url_raw_query(u), '&')"),
  macro(
    'trino_url_parameter',
    'u, p',
    `list_transform(list_filter(trino_url_parameters(u), lambda x: trino_url_decode(split_part(x, '=', 1)) = p),
      lambda x: trino_url_decode(array_to_string(string_split(x, '=')[2:], '=')))[1]`,
  ),
]
