import { type Macro, macro } from './macro.ts'

export const textMacros: readonly Macro[] = [
  macro(
    'trino_substr_from',
    's, a',
    "CASE WHEN s IS NULL THEN NULL WHEN a = 0 OR abs(a) > length(s) THEN '' ELSE substr(s, a) END",
  ),
  macro(
    'trino_substr',
    's, a, n',
    `CASE WHEN s IS NULL OR n IS NULL THEN NULL WHEN a = 0 OR n <= 0 OR abs(a) > length(s) THEN ''
      ELSE substr(s, a, least(n, 4294967295)) END`,
  ),
  // Bytes by way of their hexadecimal text.
  macro('trino_bytes_at', 'a', 'CASE WHEN a > 0 THEN a * 2 - 1 ELSE a * 2 END'),
  macro('trino_bytes_from', 'b, a', 'unhex(trino_substr_from(hex(b), trino_bytes_at(a)))'),
  macro('trino_bytes', 'b, a, n', 'unhex(trino_substr(hex(b), trino_bytes_at(a), n * 2))'),
  macro('trino_chars', 's', 'list_transform(range(1, length(s) + 1), lambda i: substr(s, i, 1))'),
  // The engine's own turn clusters of code points, and count bytes.
  macro('trino_is_ascii', 's', '(length(s) = octet_length(encode(s)))'),
  macro(
    'trino_reverse',
    's',
    "CASE WHEN trino_is_ascii(s) THEN reverse(s) ELSE array_to_string(list_reverse(trino_chars(s)), '') END",
  ),
  macro(
    'trino_reverse_bytes',
    'b',
    `unhex(array_to_string(list_transform(range(octet_length(b) - 1, -1, -1), lambda i: substr(hex(b), i * 2 + 1, 2)),
      ''))`,
  ),
  // Each character of both becomes one byte, so that bytes count characters.
  macro('trino_alphabet', 'a, b', "array_to_string(list_distinct(trino_chars(a) || trino_chars(b)), '')"),
  macro(
    'trino_levenshtein',
    'a, b',
    `CASE WHEN trino_is_ascii(a) AND trino_is_ascii(b) THEN levenshtein(a, b)
      WHEN length(trino_alphabet(a, b)) > 127
      THEN CAST('levenshtein_distance: texts of more than 127 different characters' AS INTEGER)
      ELSE list_transform([struct_pack(f := trino_alphabet(a, b), t := array_to_string(list_transform(range(1,
      length(trino_alphabet(a, b)) + 1), lambda i: chr(CAST(i AS INTEGER))), ''))], lambda m: levenshtein(translate(a,
      struct_extract(m, 'f'), struct_extract(m, 't')), translate(b, struct_extract(m, 'f'), struct_extract(m, 't'))))[1]
      END`,
  ),
  macro(
    'trino_hamming',
    'a, b',
    `CASE WHEN length(a) <> length(b) THEN CAST('hamming_distance: texts of different lengths' AS INTEGER)
      ELSE len(list_filter(range(1, length(a) + 1), lambda i: substr(a, i, 1) <> substr(b, i, 1))) END`,
  ),
  // The engine gives the sharp s a capital that Java does not.
  macro(
    'trino_upper',
    's',
    `CASE WHEN strpos(s, chr(223)) = 0 THEN upper(s)
      ELSE array_to_string(list_transform(string_split(s, chr(223)), lambda p: upper(p)), chr(223)) END`,
  ),
  macro(
    'trino_replace',
    's, t, r',
    `CASE WHEN t = '' THEN r || array_to_string(list_transform(trino_chars(s), lambda c: c || r), '')
      ELSE replace(s, t, r) END`,
  ),
  macro(
    'trino_split_all',
    's, d',
    `CASE WHEN d = '' AND s IS NOT NULL THEN [CAST(CAST('split: an empty delimiter' AS INTEGER) AS VARCHAR)]
      ELSE string_split(s, d) END`,
  ),
  macro(
    'trino_split',
    's, d, n',
    `CASE WHEN s IS NULL THEN NULL WHEN n < 1
      THEN [CAST(CAST('split: the limit must be at least 1, it is ' || n AS INTEGER) AS VARCHAR)]
      WHEN d = '' THEN trino_split_all(s, d) WHEN len(string_split(s, d)) <= n THEN string_split(s, d)
      ELSE list_append(string_split(s, d)[1:n-1], trino_join(string_split(s, d)[n:], d)) END`,
  ),
  macro(
    'trino_split_part',
    's, d, n',
    `CASE WHEN n < 1 THEN CAST(CAST('split_part: the index must be at least 1, it is ' || n AS INTEGER) AS VARCHAR)
      WHEN d = '' THEN CASE WHEN n <= length(s) THEN substr(s, n, 1) END
      WHEN n > len(string_split(s, d)) THEN NULL ELSE split_part(s, d, n) END`,
  ),
  // A last delimiter ends the list; an entry has the other one in it exactly once.
  macro(
    'trino_split_entries',
    's, d',
    `CASE WHEN s = '' THEN CAST([] AS VARCHAR[]) WHEN ends_with(s, d) THEN string_split(s, d)[1:-2]
      ELSE string_split(s, d) END`,
  ),
  macro(
    'trino_split_pair',
    'e, k',
    `CASE WHEN len(string_split(e, k)) <> 2
      THEN CAST(CAST('the delimiter ''' || k || ''' is not exactly once in ' || e AS INTEGER) AS VARCHAR)
      ELSE split_part(e, k, 1) END`,
  ),
  macro(
    'trino_split_pairs',
    's, d, k',
    `list_transform(CASE WHEN d = k OR d = '' OR k = ''
      THEN [CAST(CAST('the delimiters must be two different texts' AS INTEGER) AS VARCHAR)]
      ELSE trino_split_entries(s, d) END, lambda e: struct_pack("key" := trino_split_pair(e, k),
      "value" := split_part(e, k, 2)))`,
  ),
  macro('trino_split_to_map', 's, d, k', 'map_from_entries(trino_split_pairs(s, d, k))'),
  macro('trino_split_to_multimap', 's, d, k', 'trino_multimap(trino_split_pairs(s, d, k))'),
  macro(
    'trino_strpos',
    's, t, n',
    `CASE WHEN n = 0 THEN CAST('strpos: the instance must not be 0' AS INTEGER)
      WHEN t = '' THEN CASE WHEN s IS NOT NULL THEN 1 END
      WHEN abs(n) >= len(string_split(s, t)) THEN 0 ELSE length(trino_join(string_split(s, t)[1:
      CASE WHEN n > 0 THEN n ELSE len(string_split(s, t)) + n END], t)) + 1 END`,
  ),
  macro(
    'trino_luhn',
    's',
    `CASE WHEN s IS NULL THEN NULL WHEN s = '' THEN false
      WHEN NOT regexp_full_match(s, '[0-9]*') THEN CAST('luhn_check: not a digit in ' || s AS INTEGER) = 0 ELSE
      list_sum(list_transform(range(1, length(s) + 1), lambda i:
        CASE WHEN i % 2 = 1 THEN CAST(substr(s, -i, 1) AS INTEGER)
        ELSE (CAST(substr(s, -i, 1) AS INTEGER) * 2) // 10 + (CAST(substr(s, -i, 1) AS INTEGER) * 2) % 10 END)) %
        10 = 0 END`,
  ),
  macro('trino_soundex_codes', 's', "translate(upper(s), 'BFPVCGJKQSXZDTLMNRAEIOUYHW', '11112222222233455600000099')"),
  macro(
    'trino_soundex_tail',
    't',
    `array_to_string(list_transform(range(2, length(t) + 1), lambda i:
      CASE WHEN substr(t, i, 1) IN ('0', substr(t, i - 1, 1)) THEN '' ELSE substr(t, i, 1) END), '')`,
  ),
  macro(
    'trino_soundex_letters',
    's',
    `CASE WHEN NOT trino_is_ascii(s) THEN CAST(CAST('soundex: a letter that is not English in ' || s AS INTEGER) AS
      VARCHAR) ELSE regexp_replace(s, '[^A-Za-z]', '', 'g') END`,
  ),
  macro(
    'trino_soundex_of',
    's',
    `CASE WHEN s = '' THEN '' ELSE upper(left(s, 1)) || left(trino_soundex_tail(
      left(trino_soundex_codes(s), 1) || replace(substr(trino_soundex_codes(s), 2), '9', '')) || '000', 3) END`,
  ),
  macro('trino_soundex', 's', 'trino_soundex_of(trino_soundex_letters(s))'),
  macro(
    'trino_codepoint',
    's',
    "CASE WHEN length(s) <> 1 THEN CAST('codepoint: not one character: ' || s AS INTEGER) ELSE unicode(s) END",
  ),
  macro(
    'trino_fitting',
    's, n',
    `CASE WHEN length(s) > n THEN CAST(CAST('''' || s || ''' is longer than the ' || n || ' characters of its type' AS
      INTEGER) AS VARCHAR) ELSE s END`,
  ),
  // An escape character is one, and stands before % or _ or itself: what is left without those pairs has none.
  macro('trino_without_pairs', 'p, e', "replace(replace(replace(p, e || e, ''), e || '%', ''), e || '_', '')"),
  macro(
    'trino_like_pattern',
    's, p, e',
    `CASE WHEN s IS NULL THEN NULL WHEN length(e) <> 1
      THEN CAST(CAST('ESCAPE takes one character, not ''' || e || '''' AS INTEGER) AS VARCHAR)
      WHEN strpos(trino_without_pairs(p, e), e) > 0
      THEN CAST(CAST('the escape character must stand before %, _ or itself in ' || p AS INTEGER) AS VARCHAR)
      ELSE p END`,
  ),
  macro(
    'trino_listagg',
    's',
    `CASE WHEN length(s) > 262144 AND octet_length(encode(s)) > 1048576
      THEN CAST(CAST('listagg: more than 1048576 bytes' AS INTEGER) AS VARCHAR) ELSE s END`,
  ),
  // How far a text may be padded, and with what.
  macro(
    'trino_pad_size',
    'n, f',
    `CASE WHEN n < 0 OR n > 2147483647 THEN CAST('a text cannot be padded to ' || n || ' characters' AS INTEGER)
      WHEN length(f) = 0 THEN CAST('nothing to pad with' AS INTEGER) ELSE CAST(n AS INTEGER) END`,
  ),
]

export const regexMacros: readonly Macro[] = [
  macro('trino_regexp_replacement', 'r', String.raw`regexp_replace(replace(r, '\', '\\'), '\$(\d)', '\\\1', 'g')`),
  // A computed pattern, which the engine is given as it is: `$` does not stand before a last line break there, and \s
  // has no vertical tab in it.
  macro(
    'trino_regexp_pattern',
    's, p',
    String.raw`CASE WHEN ends_with(s, chr(10)) AND NOT regexp_matches(p, '\(\?[a-z]*m') AND
      (strpos(regexp_replace(p, '\\.|\[\^?\]?[^\]]*\]', '', 'g'), '$') > 0 OR strpos(p, '\Z') > 0)
      THEN CAST(CAST('a computed pattern with $ beside a text that ends with a line break; write \z' AS INTEGER) AS
      VARCHAR) WHEN strpos(s, chr(11)) > 0 AND regexp_matches(p, '\\[sS]')
      THEN CAST(CAST('a computed pattern with \s beside a text with a vertical tab' AS INTEGER) AS VARCHAR)
      ELSE p END`,
  ),
  macro(
    'trino_regexp_position',
    's, p',
    String.raw`CASE WHEN s = '' THEN CASE WHEN p IS NOT NULL THEN -1 END WHEN regexp_matches(s, p)
      THEN length(regexp_extract(s, '\A(?s:(.*?))(?:' || p || ')', 1)) + 1 WHEN s IS NULL OR p IS NULL THEN NULL
      ELSE -1 END`,
  ),
]
