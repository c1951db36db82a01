import { type Macro, macro } from './macro.ts'

export const textMacros: readonly Macro[] = [
  macro('trino_substr_from', 's, a', "CASE WHEN a = 0 OR abs(a) > length(s) THEN '' ELSE substr(s, a) END"),
  macro(
    'trino_substr',
    's, a, n',
    "CASE WHEN a = 0 OR n <= 0 OR abs(a) > length(s) THEN '' ELSE substr(s, a, least(n, 4294967295)) END",
  ),
  macro(
    'trino_split',
    's, d, n',
    `CASE WHEN len(string_split(s, d)) <= n THEN string_split(s, d)
      ELSE list_append(string_split(s, d)[1:n-1], trino_join(string_split(s, d)[n:], d)) END`,
  ),
  macro('trino_split_part', 's, d, n', 'CASE WHEN n > len(string_split(s, d)) THEN NULL ELSE split_part(s, d, n) END'),
  macro(
    'trino_split_pairs',
    's, d, k',
    `list_transform(string_split(s, d), lambda e: struct_pack("key" := split_part(e, k, 1),
      "value" := trino_join(string_split(e, k)[2:], k)))`,
  ),
  macro('trino_split_to_map', 's, d, k', 'map_from_entries(trino_split_pairs(s, d, k))'),
  macro('trino_split_to_multimap', 's, d, k', 'trino_multimap(trino_split_pairs(s, d, k))'),
  macro(
    'trino_strpos',
    's, t, n',
    `CASE WHEN abs(n) >= len(string_split(s, t)) THEN 0 ELSE length(trino_join(string_split(s, t)[1:
      CASE WHEN n > 0 THEN n ELSE len(string_split(s, t)) + n END], t)) + 1 END`,
  ),
  macro(
    'trino_luhn',
    's',
    `CASE WHEN s IS NULL THEN NULL WHEN s = '' OR NOT regexp_full_match(s, '[0-9]*') THEN false ELSE
      list_sum(list_transform(range(1, length(s) + 1), lambda i:
        CASE WHEN i % 2 = 1 THEN CAST(substr(s, -i, 1) AS INTEGER)
        ELSE (CAST(substr(s, -i, 1) AS INTEGER) * 2) // 10 + (CAST(substr(s, -i, 1) AS INTEGER) * 2) % 10 END)) % 10 = 0 END`,
  ),
  macro('trino_soundex_codes', 's', "translate(upper(s), 'BFPVCGJKQSXZDTLMNRAEIOUYHW', '11112222222233455600000099')"),
  macro(
    'trino_soundex_tail',
    't',
    `array_to_string(list_transform(range(2, length(t) + 1), lambda i:
      CASE WHEN substr(t, i, 1) IN ('0', substr(t, i - 1, 1)) THEN '' ELSE substr(t, i, 1) END), '')`,
  ),
  macro(
    'trino_soundex',
    's',
    `CASE WHEN s = '' THEN '' ELSE upper(left(s, 1)) || left(trino_soundex_tail(
      left(trino_soundex_codes(s), 1) || replace(substr(trino_soundex_codes(s), 2), '9', '')) || '000', 3) END`,
  ),
]

export const regexMacros: readonly Macro[] = [
  macro('trino_regexp_replacement', 'r', String.raw`regexp_replace(replace(r, '\', '\\'), '\$(\d)', '\\\1', 'g')`),
  macro(
    'trino_regexp_position',
    's, p',
    'CASE WHEN regexp_matches(s, p) THEN strpos(s, regexp_extract(s, p)) WHEN s IS NULL OR p IS NULL THEN NULL ELSE -1 END',
  ),
]
