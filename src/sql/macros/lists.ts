import { type Macro, macro } from './macro.ts'

export const listMacros: readonly Macro[] = [
  // The engine's own join wants a constant separator.
  macro('trino_present', 'a', 'list_filter(a, lambda x: x IS NOT NULL)'),
  macro(
    'trino_join',
    'a, s',
    `CASE WHEN a IS NULL OR s IS NULL THEN NULL WHEN len(trino_present(a)) = 0 THEN ''
      ELSE list_reduce(trino_present(a), lambda x, y: x || s || y) END`,
  ),
  // An array of NULLs alone gives the empty text; the engine gives NULL. The separator is a constant.
  macro('trino_join_constant', 'a, s', "CASE WHEN a IS NOT NULL THEN coalesce(array_to_string(a, s), '') END"),
  macro('trino_has_null', 'a', '(len(a) <> coalesce(list_count(a), 0))'),
  // NULL where NULL elements leave it open.
  macro(
    'trino_array_equal',
    'a, b',
    `CASE WHEN a IS NULL OR b IS NULL THEN NULL WHEN len(a) <> len(b) THEN false
      WHEN NOT trino_has_null(a) AND NOT trino_has_null(b) THEN a = b
      WHEN list_contains(list_transform(range(1, len(a) + 1), lambda i: a[i] = b[i]), false) THEN false END`,
  ),
  macro(
    'trino_map_equal',
    'a, b',
    `CASE WHEN a IS NULL OR b IS NULL THEN NULL WHEN list_sort(map_keys(a)) <> list_sort(map_keys(b)) THEN false
      ELSE trino_array_equal(list_transform(list_sort(map_entries(a)), lambda e: struct_extract(e, 'value')),
      list_transform(list_sort(map_entries(b)), lambda e: struct_extract(e, 'value'))) END`,
  ),
  macro(
    'trino_any',
    'a',
    `CASE WHEN list_contains(a, true) THEN true WHEN trino_has_null(a) OR a IS NULL THEN NULL ELSE false END`,
  ),
  macro(
    'trino_all',
    'a',
    `CASE WHEN list_contains(a, false) THEN false WHEN trino_has_null(a) OR a IS NULL THEN NULL ELSE true END`,
  ),
  macro(
    'trino_contains',
    'a, x',
    `CASE WHEN a IS NULL OR x IS NULL THEN NULL WHEN list_contains(a, x) THEN true
      WHEN trino_has_null(a) THEN NULL ELSE false END`,
  ),
  macro(
    'trino_distinct',
    'a',
    `list_filter(a, lambda x, i: coalesce(list_position(a, x), i) = i AND (x IS NOT NULL OR
      len(list_filter(a[1:i], lambda y: y IS NULL)) = 1))`,
  ),
  macro('trino_list_has', 'a, x', 'CASE WHEN x IS NULL THEN trino_has_null(a) ELSE list_contains(a, x) END'),
  macro(
    'trino_list_without',
    'a, b',
    'CASE WHEN b IS NULL THEN NULL ELSE list_filter(a, lambda x: NOT trino_list_has(b, x)) END',
  ),
  macro(
    'trino_list_within',
    'a, b',
    'CASE WHEN b IS NULL THEN NULL ELSE list_filter(a, lambda x: trino_list_has(b, x)) END',
  ),
  // Without anything to leave out, Trino leaves equal elements in as well.
  macro('trino_array_except', 'a, b', 'CASE WHEN len(b) = 0 THEN a ELSE trino_distinct(trino_list_without(a, b)) END'),
  macro('trino_array_max', 'a', 'CASE WHEN trino_has_null(a) THEN NULL ELSE list_max(a) END'),
  macro('trino_array_min', 'a', 'CASE WHEN trino_has_null(a) THEN NULL ELSE list_min(a) END'),
  macro(
    'trino_array_position',
    'a, x',
    'CASE WHEN a IS NULL OR x IS NULL THEN NULL ELSE coalesce(list_position(a, x), 0) END',
  ),
  macro(
    'trino_array_remove',
    'a, x',
    'CASE WHEN x IS NULL THEN NULL ELSE list_filter(a, lambda e: e IS DISTINCT FROM x) END',
  ),
  macro(
    'trino_arrays_overlap',
    'a, b',
    `CASE WHEN a IS NULL OR b IS NULL THEN NULL WHEN list_has_any(a, b) THEN true
      WHEN (trino_has_null(a) AND len(b) > 0) OR (trino_has_null(b) AND len(a) > 0) THEN NULL ELSE false END`,
  ),
  macro(
    'trino_contains_sequence',
    'a, b',
    `CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE len(b) = 0 OR coalesce(list_contains(list_transform(
      range(1, len(a) - len(b) + 2), lambda i: a[i:i + len(b) - 1] = b), true), false) END`,
  ),
  macro(
    'trino_ngrams',
    'a, n',
    `CASE WHEN len(a) <= n THEN [a] ELSE list_transform(range(1, len(a) - n + 2), lambda i: a[i:i + n - 1]) END`,
  ),
  macro(
    'trino_shuffle',
    'a',
    `list_transform(list_sort(list_transform(a, lambda x: struct_pack(k := random(), v := x))),
      lambda p: struct_extract(p, 'v'))`,
  ),
  macro(
    'trino_slice',
    'a, s, n',
    `CASE WHEN a IS NULL OR s IS NULL OR n IS NULL THEN NULL WHEN s = 0
      THEN a[CAST('SQL array indices start at 1' AS BIGINT):1] WHEN n < 0
      THEN a[CAST('the length of a slice must not be negative' AS BIGINT):1]
      WHEN abs(s) > len(a) OR n = 0 THEN a[1:0]
      ELSE a[CASE WHEN s > 0 THEN s ELSE len(a) + s + 1 END :
        CASE WHEN s > 0 THEN s ELSE len(a) + s + 1 END + n - 1] END`,
  ),
  macro(
    'trino_trim_array',
    'a, n',
    `a[1:CASE WHEN n > len(a) OR n < 0 THEN CAST('the array has no ' || n || ' elements to trim' AS BIGINT)
      ELSE len(a) - n END]`,
  ),
  macro(
    'trino_array_max_double',
    'a',
    `CASE WHEN trino_has_null(a) THEN NULL ELSE coalesce(list_max(list_filter(a, lambda x: NOT isnan(x))), a[1]) END`,
  ),
  // Rows of a group as structs k, v: the values v of the n rows with the smallest or largest k, NULL values included.
  macro(
    'trino_first_by',
    'e, n, d',
    `CASE WHEN len(list_filter(e, lambda x: struct_extract(x, 'k') IS NOT NULL)) > 0 THEN list_transform(list_sort(
      list_filter(e, lambda x: struct_extract(x, 'k') IS NOT NULL), d)[1:n], lambda x: struct_extract(x, 'v')) END`,
  ),
  macro(
    'trino_map_agg',
    'e',
    `map_from_entries(list_transform([list_sort(list_filter(e, lambda x: struct_extract(x, 'key') IS NOT NULL))],
      lambda s: list_filter(s, lambda x, i: i = 1 OR struct_extract(s[i - 1], 'key') <> struct_extract(x, 'key')))[1])`,
  ),
  macro(
    'trino_multimap',
    'e',
    `map_from_entries(list_transform(list_distinct(list_transform(e, lambda x: struct_extract(x, 'key'))), lambda k:
      struct_pack("key" := k, "value" := list_transform(list_filter(e, lambda x: struct_extract(x, 'key') = k),
      lambda x: struct_extract(x, 'value')))))`,
  ),
  macro(
    'trino_most_frequent',
    'm, n',
    `map_from_entries(list_transform(list_sort(list_transform(map_entries(m), lambda e: struct_pack(
      n := - struct_extract(e, 'value'), k := struct_extract(e, 'key'))))[1:n], lambda p: struct_pack(
      "key" := struct_extract(p, 'k'), "value" := - struct_extract(p, 'n'))))`,
  ),
]
