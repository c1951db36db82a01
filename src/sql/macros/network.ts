import { type Macro, macro } from './macro.ts'

// IP addresses as unsigned 128-bit numbers, IPv4 mapped to ::ffff:a.b.c.d as Trino does it.
// `list_transform([x], lambda v: …)[1]` computes x once: a macro's argument is otherwise copied to each of its uses.

const mapped = '281470681743360'

const zeroRuns = [8, 7, 6, 5, 4, 3, 2]
  .map(
    n =>
      `WHEN regexp_matches(g, '(^|:)0(:0){${n - 1}}($|:)') THEN regexp_replace(g, '(^|:)0(:0){${n - 1}}($|:)', '::')`,
  )
  .join(' ')

export const networkMacros: readonly Macro[] = [
  macro('trino_octet', 's, n', "CAST(split_part(s, '.', n) AS INTEGER)"),
  macro(
    'trino_ipv4',
    's',
    `CASE WHEN trino_octet(s, 1) < 256 AND trino_octet(s, 2) < 256 AND trino_octet(s, 3) < 256 AND
      trino_octet(s, 4) < 256
      THEN CAST(${mapped} + CAST(trino_octet(s, 1) AS BIGINT) * 16777216 + trino_octet(s, 2) * 65536 +
      trino_octet(s, 3) * 256 + trino_octet(s, 4) AS UHUGEINT) END`,
  ),
  macro('trino_words', 't', "list_filter(string_split(t, ':'), lambda w: w <> '')"),
  macro(
    'trino_ipv6_words',
    's',
    `CASE WHEN strpos(s, '::') = 0 THEN string_split(s, ':') ELSE trino_words(split_part(s, '::', 1)) ||
      list_transform(range(8 - len(trino_words(split_part(s, '::', 1))) - len(trino_words(split_part(s, '::', 2)))),
      lambda i: '0') || trino_words(split_part(s, '::', 2)) END`,
  ),
  macro(
    'trino_ipv6',
    's',
    `list_transform([trino_ipv6_words(s)], lambda w: CASE WHEN len(w) = 8 THEN list_reduce(list_transform(w, lambda h:
      CAST(CAST('0x' || h AS INTEGER) AS UHUGEINT)), lambda a, d: a * CAST(65536 AS UHUGEINT) + d) END)[1]`,
  ),
  macro(
    'trino_ip_or_null',
    's',
    `CASE WHEN regexp_full_match(s, '(0|[1-9][0-9]{0,2})(\\.(0|[1-9][0-9]{0,2})){3}') THEN trino_ipv4(s)
      WHEN regexp_full_match(s, '::(ffff:|FFFF:)?[0-9]{1,3}(\\.[0-9]{1,3}){3}')
      THEN trino_ipv4(regexp_extract(s, '[0-9.]+$'))
      WHEN regexp_full_match(s, '[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){2,7}(%[^%\\s]*)?')
      AND NOT regexp_matches(split_part(s, '%', 1), ':::|::.*::|^:[^:]|[^:]:$')
      THEN trino_ipv6(split_part(s, '%', 1)) END`,
  ),
  macro(
    'trino_ip',
    's',
    `list_transform([trino_ip_or_null(s)], lambda v: CASE WHEN s IS NOT NULL AND v IS NULL
      THEN CAST('not an IP address: ' || s AS UHUGEINT) ELSE v END)[1]`,
  ),
  macro('trino_is_ipv4', 'i', `(i BETWEEN CAST(${mapped} AS UHUGEINT) AND CAST(281474976710655 AS UHUGEINT))`),
  macro('trino_ip_part', 'i, d, m', 'CAST((i // CAST(d AS UHUGEINT)) % CAST(m AS UHUGEINT) AS BIGINT)'),
  macro(
    'trino_ip_words',
    'i',
    `array_to_string(list_transform(range(8), lambda n: lower(to_base(
      trino_ip_part(i, pow(65536, 7 - n), 65536), 16))), ':')`,
  ),
  macro('trino_shorten', 't', `list_transform([t], lambda g: CASE ${zeroRuns} ELSE g END)[1]`),
  macro(
    'trino_ip_text',
    'i',
    `list_transform([i], lambda v: CASE WHEN trino_is_ipv4(v) THEN concat(trino_ip_part(v, 16777216, 256), '.',
      trino_ip_part(v, 65536, 256), '.', trino_ip_part(v, 256, 256), '.', trino_ip_part(v, 1, 256))
      WHEN v IS NOT NULL THEN trino_shorten(trino_ip_words(v)) END)[1]`,
  ),
  macro('trino_network_size', 'b', 'CAST(pow(2, 128 - b) AS UHUGEINT)'),
  macro(
    'trino_network',
    'i, b',
    'CASE WHEN b = 0 THEN CAST(0 AS UHUGEINT) ELSE i // trino_network_size(b) * trino_network_size(b) END',
  ),
  macro(
    'trino_prefix_make',
    'i, b',
    `CASE WHEN i IS NOT NULL AND b IS NOT NULL AND b <= CASE WHEN trino_is_ipv4(i) THEN 32 ELSE 128 END THEN
      struct_pack("address" := trino_network(i, CASE WHEN trino_is_ipv4(i) THEN b + 96 ELSE b END), "bits" := b) END`,
  ),
  macro(
    'trino_prefix_or_null',
    's',
    `list_transform([trino_ip_or_null(split_part(s, '/', 1))], lambda v: trino_prefix_make(v,
      TRY_CAST(nullif(split_part(s, '/', 2), '') AS INTEGER)))[1]`,
  ),
  macro(
    'trino_prefix',
    's',
    `list_transform([trino_prefix_or_null(s)], lambda f: CASE WHEN s IS NOT NULL AND f IS NULL THEN
      CASE WHEN CAST('not an IP prefix: ' || s AS INTEGER) IS NULL THEN f END ELSE f END)[1]`,
  ),
  macro('trino_prefix_of', 'i', 'trino_prefix_make(i, CASE WHEN trino_is_ipv4(i) THEN 32 ELSE 128 END)'),
  macro(
    'trino_prefix_text',
    'p',
    `list_transform([p], lambda f: trino_ip_text(struct_extract(f, 'address')) || '/' ||
      CAST(struct_extract(f, 'bits') AS VARCHAR))[1]`,
  ),
  macro(
    'trino_in_network',
    's, i',
    `list_transform([row(trino_prefix(s), i, trino_ip_or_null(split_part(s, '/', 1)))], lambda z:
      CASE WHEN struct_extract(struct_extract(z, 1), 'address') <> struct_extract(z, 3)
      THEN CAST('bits of the host are set in network ' || s AS INTEGER) = 0
      ELSE trino_network(struct_extract(z, 2), struct_extract(struct_extract(z, 1), 'bits') + CASE WHEN
      trino_is_ipv4(struct_extract(struct_extract(z, 1), 'address')) THEN 96 ELSE 0 END) =
      struct_extract(struct_extract(z, 1), 'address') END)[1]`,
  ),
]
