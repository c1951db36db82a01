import { type Macro, macro } from './macro.ts'

// TRY stands around single calls only: what occurs twice inside one, the engine computes beforehand, outside of it.

/** Commas before a closing bracket and numbers that are none, which the engine reads and Trino does not. */
const loose = String.raw`,\s*[\]}]|(?:^|[:\[,])\s*-?(?i:nan|inf)`

export const jsonMacros: readonly Macro[] = [
  // Texts within are looked past only where the signs are there at all. This takes about as long as reading the JSON:
  // what takes values out of many rows does without.
  macro(
    'trino_json_is_loose',
    'j',
    `(regexp_matches(j, '${loose}') AND
      regexp_matches(regexp_replace(j, '"(?:[^"\\\\]|\\\\.)*"', '""', 'gs'), '${loose}'))`,
  ),
  macro('trino_json_strict', 'j', 'CASE WHEN NOT trino_json_is_loose(j) THEN j END'),
  macro('trino_json_parse', 'j', "json(CASE WHEN trino_json_is_loose(j) THEN j || ' no JSON' ELSE j END)"),
  macro('trino_json_double', 'j', "trino_double_text(CAST(json_extract_string(j, '$') AS DOUBLE))"),
  macro('trino_json_type', 'j', 'TRY(json_type(j))'),
  macro('trino_json_type_at', 'j, p', 'TRY(json_type(j, p))'),
  macro('trino_json_at', 'j, p', 'TRY(json_extract(j, p))'),
  macro('trino_json_exists', 'j, p', 'coalesce(TRY(json_exists(j, p)), CASE WHEN j IS NOT NULL THEN false END)'),
  // A fraction keeps the digits it is written with (1.50), which the engine's value no longer has: the number in the
  // text that means the same. Where it is written in several ways in one text, nothing tells which it was.
  macro(
    'trino_json_spellings',
    'j, t',
    `list_distinct(list_filter(regexp_extract_all(CAST(j AS VARCHAR), '-?[0-9]+(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?'),
      lambda n: TRY_CAST(n AS DOUBLE) = TRY_CAST(t AS DOUBLE)))`,
  ),
  macro(
    'trino_json_number',
    'j, t',
    `CASE WHEN len(trino_json_spellings(j, t)) > 1
      THEN CAST(CAST('the number ' || t || ' is written in several ways in this JSON' AS INTEGER) AS VARCHAR)
      ELSE coalesce(trino_json_spellings(j, t)[1], t) END`,
  ),
  // NaN and Infinity are no JSON.
  macro('trino_json_finite', 't', "CASE WHEN NOT regexp_matches(t, '^-?[a-zA-Z]') THEN t END"),
  macro(
    'trino_json_scalar',
    'j, p',
    `CASE trino_json_type_at(j, p) WHEN 'OBJECT' THEN NULL WHEN 'ARRAY' THEN NULL WHEN 'NULL' THEN NULL
      WHEN 'DOUBLE' THEN trino_json_finite(trino_json_number(j, TRY(json_extract_string(j, p)))) ELSE TRY(json_extract_string(j, p)) END`,
  ),
  macro(
    'trino_json_value',
    'j, p',
    `CASE WHEN trino_json_type_at(j, p) = 'DOUBLE' THEN trino_double_text(CAST(json_extract_string(j, p) AS DOUBLE))
      ELSE trino_json_scalar(j, p) END`,
  ),
  macro(
    'trino_json_text',
    'j',
    `CASE WHEN json_type(j) IN ('OBJECT', 'ARRAY')
      THEN CAST(CAST('cannot cast a JSON object or array to varchar: ' || j AS INTEGER) AS VARCHAR)
      WHEN json_type(j) = 'NULL' THEN NULL WHEN json_type(j) = 'DOUBLE'
      THEN trino_json_double(j) ELSE json_extract_string(j, '$') END`,
  ),
  macro(
    'trino_json_text_or_null',
    'j',
    `CASE WHEN json_type(j) IN ('OBJECT', 'ARRAY', 'NULL') THEN NULL WHEN json_type(j) = 'DOUBLE'
      THEN trino_json_double(j) ELSE json_extract_string(j, '$') END`,
  ),
  macro('trino_is_json_scalar', 'j', "(json_type(j) NOT IN ('OBJECT', 'ARRAY'))"),
  macro('trino_json_array_length', 'j', "CASE WHEN trino_json_type(j) = 'ARRAY' THEN json_array_length(j) END"),
  macro(
    'trino_json_array_get',
    'j, i',
    `CASE WHEN trino_json_type(j) = 'ARRAY' THEN json_extract(j, '$[' || CASE WHEN i < 0 THEN '#' ELSE '' END ||
      CAST(i AS VARCHAR) || ']') END`,
  ),
  macro(
    'trino_json_array_has_text',
    'j, v',
    `CASE WHEN trino_json_type(j) = 'ARRAY' THEN list_contains(list_transform(json_extract(j, '$[*]'), lambda e:
      CASE WHEN json_type(e) = 'VARCHAR' THEN json_extract_string(e, '$') END), v) END`,
  ),
  macro(
    'trino_json_array_has',
    'j, v',
    `CASE WHEN trino_json_type(j) = 'ARRAY' THEN list_contains(list_transform(json_extract(j, '$[*]'), lambda e:
      CASE WHEN json_type(e) NOT IN ('VARCHAR', 'OBJECT', 'ARRAY', 'NULL') THEN CAST(e AS VARCHAR) END),
      CAST(v AS VARCHAR)) END`,
  ),
  macro(
    'trino_json_size',
    'j, p',
    `CASE WHEN trino_json_type_at(j, p) = 'OBJECT' THEN CAST(len(json_keys(j, p)) AS BIGINT)
      WHEN trino_json_type_at(j, p) = 'ARRAY' THEN CAST(json_array_length(j, p) AS BIGINT)
      WHEN trino_json_type_at(j, p) IS NOT NULL THEN 0 END`,
  ),
]
