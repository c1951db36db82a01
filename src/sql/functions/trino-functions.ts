// Every function of Trino 483 as SHOW FUNCTIONS lists it: its kind and its forms, `(arguments) result`. One capital
// letter, perhaps with a digit, stands for any type. Data: regenerate from the list of a newer Trino, do not edit by
// hand.

export type FunctionKind = 'scalar' | 'aggregate' | 'window' | 'table'

export const trinoFunctions: Readonly<
  Record<string, { readonly kind: FunctionKind; readonly forms: readonly string[] }>
> = {
  abs: {
    kind: 'scalar',
    forms: [
      '(bigint) bigint',
      '(decimal(p,s)) decimal(p,s)',
      '(double) double',
      '(integer) integer',
      '(number) number',
      '(real) real',
      '(smallint) smallint',
      '(tinyint) tinyint',
    ],
  },
  acos: {
    kind: 'scalar',
    forms: ['(double) double'],
  },
  all_match: {
    kind: 'scalar',
    forms: ['(array(T), function(T,boolean)) boolean'],
  },
  any_match: {
    kind: 'scalar',
    forms: ['(array(T), function(T,boolean)) boolean'],
  },
  any_value: {
    kind: 'aggregate',
    forms: ['(T) T'],
  },
  approx_distinct: {
    kind: 'aggregate',
    forms: [
      '(T) bigint',
      '(T, double) bigint',
      '(boolean) bigint',
      '(boolean, double) bigint',
      '(unknown) bigint',
      '(unknown, double) bigint',
    ],
  },
  approx_most_frequent: {
    kind: 'aggregate',
    forms: ['(bigint, bigint, bigint) map(bigint,bigint)', '(bigint, varchar, bigint) map(varchar,bigint)'],
  },
  approx_percentile: {
    kind: 'aggregate',
    forms: [
      '(bigint, array(double)) array(bigint)',
      '(bigint, double, array(double)) array(bigint)',
      '(double, array(double)) array(double)',
      '(double, double, array(double)) array(double)',
      '(real, array(double)) array(real)',
      '(real, double, array(double)) array(real)',
      '(bigint, double) bigint',
      '(bigint, double, double) bigint',
      '(bigint, double, double, double) bigint',
      '(double, double) double',
      '(double, double, double) double',
      '(double, double, double, double) double',
      '(real, double) real',
      '(real, double, double) real',
      '(real, double, double, double) real',
    ],
  },
  approx_set: {
    kind: 'aggregate',
    forms: ['(bigint) hyperloglog', '(double) hyperloglog', '(varchar(x)) hyperloglog'],
  },
  arbitrary: {
    kind: 'aggregate',
    forms: ['(T) T'],
  },
  array_agg: {
    kind: 'aggregate',
    forms: ['(T) array(T)'],
  },
  array_distinct: {
    kind: 'scalar',
    forms: ['(array(E)) array(E)'],
  },
  array_except: {
    kind: 'scalar',
    forms: ['(array(E), array(E)) array(E)'],
  },
  array_first: {
    kind: 'scalar',
    forms: ['(array(E)) E', '(array(E), function(E,boolean)) E'],
  },
  array_histogram: {
    kind: 'scalar',
    forms: ['(array(T)) map(T,bigint)'],
  },
  array_intersect: {
    kind: 'scalar',
    forms: ['(array(E), array(E)) array(E)'],
  },
  array_join: {
    kind: 'scalar',
    forms: ['(array(E), varchar) varchar', '(array(E), varchar, varchar) varchar'],
  },
  array_last: {
    kind: 'scalar',
    forms: ['(array(E)) E'],
  },
  array_max: {
    kind: 'scalar',
    forms: ['(array(T)) T'],
  },
  array_min: {
    kind: 'scalar',
    forms: ['(array(T)) T'],
  },
  array_position: {
    kind: 'scalar',
    forms: ['(array(T), T) bigint'],
  },
  array_remove: {
    kind: 'scalar',
    forms: ['(array(E), E) array(E)'],
  },
  array_sort: {
    kind: 'scalar',
    forms: ['(array(E)) array(E)', '(array(T), function(T,T,integer)) array(T)'],
  },
  array_union: {
    kind: 'scalar',
    forms: ['(array(E), array(E)) array(E)'],
  },
  arrays_overlap: {
    kind: 'scalar',
    forms: ['(array(E), array(E)) boolean'],
  },
  asin: {
    kind: 'scalar',
    forms: ['(double) double'],
  },
  at_timezone: {
    kind: 'scalar',
    forms: ['(timestamp(p) with time zone, varchar(x)) timestamp(p) with time zone'],
  },
  atan: {
    kind: 'scalar',
    forms: ['(double) double'],
  },
  atan2: {
    kind: 'scalar',
    forms: ['(double, double) double'],
  },
  avg: {
    kind: 'aggregate',
    forms: [
      '(decimal(p,s)) decimal(p,s)',
      '(bigint) double',
      '(double) double',
      '(interval day to second) interval day to second',
      '(interval year to month) interval year to month',
      '(number) number',
      '(real) real',
    ],
  },
  bar: {
    kind: 'scalar',
    forms: ['(double, bigint) varchar', '(double, bigint, color, color) varchar'],
  },
  beta_cdf: {
    kind: 'scalar',
    forms: ['(double, double, double) double'],
  },
  bit_count: {
    kind: 'scalar',
    forms: ['(bigint, bigint) bigint'],
  },
  bitwise_and: {
    kind: 'scalar',
    forms: ['(bigint, bigint) bigint'],
  },
  bitwise_and_agg: {
    kind: 'aggregate',
    forms: ['(bigint) bigint'],
  },
  bitwise_left_shift: {
    kind: 'scalar',
    forms: [
      '(bigint, integer) bigint',
      '(integer, integer) integer',
      '(smallint, integer) smallint',
      '(tinyint, integer) tinyint',
    ],
  },
  bitwise_not: {
    kind: 'scalar',
    forms: ['(bigint) bigint'],
  },
  bitwise_or: {
    kind: 'scalar',
    forms: ['(bigint, bigint) bigint'],
  },
  bitwise_or_agg: {
    kind: 'aggregate',
    forms: ['(bigint) bigint'],
  },
  bitwise_right_shift: {
    kind: 'scalar',
    forms: [
      '(bigint, integer) bigint',
      '(integer, integer) integer',
      '(smallint, integer) smallint',
      '(tinyint, integer) tinyint',
    ],
  },
  bitwise_right_shift_arithmetic: {
    kind: 'scalar',
    forms: [
      '(bigint, integer) bigint',
      '(integer, integer) integer',
      '(smallint, integer) smallint',
      '(tinyint, integer) tinyint',
    ],
  },
  bitwise_xor: {
    kind: 'scalar',
    forms: ['(bigint, bigint) bigint'],
  },
  bitwise_xor_agg: {
    kind: 'aggregate',
    forms: ['(bigint) bigint'],
  },
  bool_and: {
    kind: 'aggregate',
    forms: ['(boolean) boolean'],
  },
  bool_or: {
    kind: 'aggregate',
    forms: ['(boolean) boolean'],
  },
  cardinality: {
    kind: 'scalar',
    forms: ['(array(E)) bigint', '(hyperloglog) bigint', '(map(K,V)) bigint', '(setdigest) bigint'],
  },
  cbrt: {
    kind: 'scalar',
    forms: ['(double) double'],
  },
  ceil: {
    kind: 'scalar',
    forms: [
      '(bigint) bigint',
      '(decimal(p,s)) decimal(rp,0)',
      '(double) double',
      '(integer) integer',
      '(number) number',
      '(real) real',
      '(smallint) smallint',
      '(tinyint) tinyint',
    ],
  },
  ceiling: {
    kind: 'scalar',
    forms: [
      '(bigint) bigint',
      '(decimal(p,s)) decimal(rp,0)',
      '(double) double',
      '(integer) integer',
      '(number) number',
      '(real) real',
      '(smallint) smallint',
      '(tinyint) tinyint',
    ],
  },
  checksum: {
    kind: 'aggregate',
    forms: ['(T) varbinary'],
  },
  chr: {
    kind: 'scalar',
    forms: ['(bigint) varchar(1)'],
  },
  codepoint: {
    kind: 'scalar',
    forms: ['(varchar(1)) integer'],
  },
  color: {
    kind: 'scalar',
    forms: ['(double, color, color) color', '(double, double, double, color, color) color', '(varchar(x)) color'],
  },
  combinations: {
    kind: 'scalar',
    forms: ['(array(T), integer) array(array(T))'],
  },
  concat: {
    kind: 'scalar',
    forms: [
      '(E, array(E)) array(E)',
      '(array(E)) array(E)',
      '(array(E), E) array(E)',
      '(char(x), char(y)) char(u)',
      '(varbinary) varbinary',
      '(varchar) varchar',
    ],
  },
  concat_ws: {
    kind: 'scalar',
    forms: ['(varchar, array(varchar)) varchar', '(varchar, varchar) varchar'],
  },
  contains: {
    kind: 'scalar',
    forms: ['(array(T), T) boolean', '(varchar, ipaddress) boolean'],
  },
  contains_sequence: {
    kind: 'scalar',
    forms: ['(array(T), array(T)) boolean'],
  },
  corr: {
    kind: 'aggregate',
    forms: ['(double, double) double', '(real, real) real'],
  },
  cos: {
    kind: 'scalar',
    forms: ['(double) double'],
  },
  cosh: {
    kind: 'scalar',
    forms: ['(double) double'],
  },
  cosine_distance: {
    kind: 'scalar',
    forms: ['(array(double), array(double)) double', '(map(varchar,double), map(varchar,double)) double'],
  },
  cosine_similarity: {
    kind: 'scalar',
    forms: ['(array(double), array(double)) double', '(map(varchar,double), map(varchar,double)) double'],
  },
  count: {
    kind: 'aggregate',
    forms: ['() bigint', '(T) bigint'],
  },
  count_if: {
    kind: 'aggregate',
    forms: ['(boolean) bigint'],
  },
  covar_pop: {
    kind: 'aggregate',
    forms: ['(double, double) double', '(real, real) real'],
  },
  covar_samp: {
    kind: 'aggregate',
    forms: ['(double, double) double', '(real, real) real'],
  },
  crc32: {
    kind: 'scalar',
    forms: ['(varbinary) bigint'],
  },
  cume_dist: {
    kind: 'window',
    forms: ['() double'],
  },
  current_date: {
    kind: 'scalar',
    forms: ['() date'],
  },
  current_groups: {
    kind: 'scalar',
    forms: ['() array(varchar)'],
  },
  current_timezone: {
    kind: 'scalar',
    forms: ['() varchar'],
  },
  date: {
    kind: 'scalar',
    forms: ['(timestamp(p)) date', '(timestamp(p) with time zone) date', '(varchar(x)) date'],
  },
  date_add: {
    kind: 'scalar',
    forms: [
      '(varchar(x), bigint, date) date',
      '(varchar(x), bigint, time(p)) time(p)',
      '(varchar(x), bigint, time(p) with time zone) time(p) with time zone',
      '(varchar(x), bigint, timestamp(p)) timestamp(p)',
      '(varchar(x), bigint, timestamp(p) with time zone) timestamp(p) with time zone',
    ],
  },
  date_diff: {
    kind: 'scalar',
    forms: [
      '(varchar(x), date, date) bigint',
      '(varchar(x), time(p) with time zone, time(p) with time zone) bigint',
      '(varchar(x), time(p), time(p)) bigint',
      '(varchar(x), timestamp(p) with time zone, timestamp(p) with time zone) bigint',
      '(varchar(x), timestamp(p), timestamp(p)) bigint',
    ],
  },
  date_format: {
    kind: 'scalar',
    forms: ['(timestamp(p) with time zone, varchar(x)) varchar', '(timestamp(p), varchar(x)) varchar'],
  },
  date_parse: {
    kind: 'scalar',
    forms: ['(varchar(x), varchar(y)) timestamp(3)'],
  },
  date_trunc: {
    kind: 'scalar',
    forms: [
      '(varchar(x), date) date',
      '(varchar(x), time(p)) time(p)',
      '(varchar(x), time(p) with time zone) time(p) with time zone',
      '(varchar(x), timestamp(p)) timestamp(p)',
      '(varchar(x), timestamp(p) with time zone) timestamp(p) with time zone',
    ],
  },
  day: {
    kind: 'scalar',
    forms: [
      '(date) bigint',
      '(interval day to second) bigint',
      '(timestamp(p)) bigint',
      '(timestamp(p) with time zone) bigint',
    ],
  },
  day_of_month: {
    kind: 'scalar',
    forms: [
      '(date) bigint',
      '(interval day to second) bigint',
      '(timestamp(p)) bigint',
      '(timestamp(p) with time zone) bigint',
    ],
  },
  day_of_week: {
    kind: 'scalar',
    forms: ['(date) bigint', '(timestamp(p)) bigint', '(timestamp(p) with time zone) bigint'],
  },
  day_of_year: {
    kind: 'scalar',
    forms: ['(date) bigint', '(timestamp(p)) bigint', '(timestamp(p) with time zone) bigint'],
  },
  degrees: {
    kind: 'scalar',
    forms: ['(double) double'],
  },
  dense_rank: {
    kind: 'window',
    forms: ['() bigint'],
  },
  dot_product: {
    kind: 'scalar',
    forms: ['(array(double), array(double)) double'],
  },
  dow: {
    kind: 'scalar',
    forms: ['(date) bigint', '(timestamp(p)) bigint', '(timestamp(p) with time zone) bigint'],
  },
  doy: {
    kind: 'scalar',
    forms: ['(date) bigint', '(timestamp(p)) bigint', '(timestamp(p) with time zone) bigint'],
  },
  e: {
    kind: 'scalar',
    forms: ['() double'],
  },
  element_at: {
    kind: 'scalar',
    forms: ['(array(E), bigint) E', '(map(K,V), K) V'],
  },
  empty_approx_set: {
    kind: 'scalar',
    forms: ['() hyperloglog'],
  },
  ends_with: {
    kind: 'scalar',
    forms: ['(varchar(x), varchar(y)) boolean'],
  },
  euclidean_distance: {
    kind: 'scalar',
    forms: ['(array(double), array(double)) double'],
  },
  every: {
    kind: 'aggregate',
    forms: ['(boolean) boolean'],
  },
  exclude_columns: {
    kind: 'table',
    forms: ['(unknown, unknown) unknown'],
  },
  exp: {
    kind: 'scalar',
    forms: ['(double) double'],
  },
  filter: {
    kind: 'scalar',
    forms: ['(array(T), function(T,boolean)) array(T)'],
  },
  first_value: {
    kind: 'window',
    forms: ['(T) T'],
  },
  flatten: {
    kind: 'scalar',
    forms: ['(array(array(E))) array(E)'],
  },
  floor: {
    kind: 'scalar',
    forms: [
      '(bigint) bigint',
      '(decimal(p,s)) decimal(rp,0)',
      '(double) double',
      '(integer) integer',
      '(number) number',
      '(real) real',
      '(smallint) smallint',
      '(tinyint) tinyint',
    ],
  },
  format_datetime: {
    kind: 'scalar',
    forms: ['(timestamp(p) with time zone, varchar(x)) varchar', '(timestamp(p), varchar(x)) varchar'],
  },
  format_number: {
    kind: 'scalar',
    forms: ['(bigint) varchar', '(double) varchar'],
  },
  from_base: {
    kind: 'scalar',
    forms: ['(varchar(x), bigint) bigint'],
  },
  from_base32: {
    kind: 'scalar',
    forms: ['(varbinary) varbinary', '(varchar(x)) varbinary'],
  },
  from_base64: {
    kind: 'scalar',
    forms: ['(varbinary) varbinary', '(varchar(x)) varbinary'],
  },
  from_base64url: {
    kind: 'scalar',
    forms: ['(varbinary) varbinary', '(varchar(x)) varbinary'],
  },
  from_big_endian_32: {
    kind: 'scalar',
    forms: ['(varbinary) integer'],
  },
  from_big_endian_64: {
    kind: 'scalar',
    forms: ['(varbinary) bigint'],
  },
  from_hex: {
    kind: 'scalar',
    forms: ['(varbinary) varbinary', '(varchar(x)) varbinary'],
  },
  from_ieee754_32: {
    kind: 'scalar',
    forms: ['(varbinary) real'],
  },
  from_ieee754_64: {
    kind: 'scalar',
    forms: ['(varbinary) double'],
  },
  from_iso8601_date: {
    kind: 'scalar',
    forms: ['(varchar(x)) date'],
  },
  from_iso8601_timestamp: {
    kind: 'scalar',
    forms: ['(varchar(x)) timestamp(3) with time zone'],
  },
  from_iso8601_timestamp_nanos: {
    kind: 'scalar',
    forms: ['(varchar(x)) timestamp(9) with time zone'],
  },
  from_unixtime: {
    kind: 'scalar',
    forms: [
      '(double) timestamp(3) with time zone',
      '(double, bigint, bigint) timestamp(3) with time zone',
      '(double, varchar(x)) timestamp(3) with time zone',
    ],
  },
  from_unixtime_nanos: {
    kind: 'scalar',
    forms: ['(bigint) timestamp(9) with time zone', '(decimal(p,s)) timestamp(9) with time zone'],
  },
  from_utf8: {
    kind: 'scalar',
    forms: ['(varbinary) varchar', '(varbinary, bigint) varchar', '(varbinary, varchar(x)) varchar'],
  },
  geometric_mean: {
    kind: 'aggregate',
    forms: ['(bigint) double', '(double) double', '(real) real'],
  },
  greatest: {
    kind: 'scalar',
    forms: ['(E) E'],
  },
  hamming_distance: {
    kind: 'scalar',
    forms: ['(varchar(x), varchar(y)) bigint'],
  },
  hash_counts: {
    kind: 'scalar',
    forms: ['(setdigest) map(bigint,smallint)'],
  },
  histogram: {
    kind: 'aggregate',
    forms: ['(T) map(T,bigint)'],
  },
  hmac_md5: {
    kind: 'scalar',
    forms: ['(varbinary, varbinary) varbinary'],
  },
  hmac_sha1: {
    kind: 'scalar',
    forms: ['(varbinary, varbinary) varbinary'],
  },
  hmac_sha256: {
    kind: 'scalar',
    forms: ['(varbinary, varbinary) varbinary'],
  },
  hmac_sha512: {
    kind: 'scalar',
    forms: ['(varbinary, varbinary) varbinary'],
  },
  hour: {
    kind: 'scalar',
    forms: [
      '(interval day to second) bigint',
      '(time(p)) bigint',
      '(time(p) with time zone) bigint',
      '(timestamp(p)) bigint',
      '(timestamp(p) with time zone) bigint',
    ],
  },
  human_readable_seconds: {
    kind: 'scalar',
    forms: ['(double) varchar'],
  },
  infinity: {
    kind: 'scalar',
    forms: ['() double'],
  },
  intersection_cardinality: {
    kind: 'scalar',
    forms: ['(setdigest, setdigest) bigint'],
  },
  inverse_beta_cdf: {
    kind: 'scalar',
    forms: ['(double, double, double) double'],
  },
  inverse_normal_cdf: {
    kind: 'scalar',
    forms: ['(double, double, double) double'],
  },
  is_finite: {
    kind: 'scalar',
    forms: ['(double) boolean', '(number) boolean', '(real) boolean'],
  },
  is_infinite: {
    kind: 'scalar',
    forms: ['(double) boolean', '(number) boolean'],
  },
  is_json_scalar: {
    kind: 'scalar',
    forms: ['(json) boolean', '(varchar(x)) boolean'],
  },
  is_nan: {
    kind: 'scalar',
    forms: ['(double) boolean', '(number) boolean', '(real) boolean'],
  },
  jaccard_index: {
    kind: 'scalar',
    forms: ['(setdigest, setdigest) double'],
  },
  json_array_contains: {
    kind: 'scalar',
    forms: [
      '(json, bigint) boolean',
      '(json, boolean) boolean',
      '(json, double) boolean',
      '(json, varchar(x)) boolean',
      '(varchar(x), bigint) boolean',
      '(varchar(x), boolean) boolean',
      '(varchar(x), double) boolean',
      '(varchar(x), varchar(y)) boolean',
    ],
  },
  json_array_get: {
    kind: 'scalar',
    forms: ['(json, bigint) json', '(varchar(x), bigint) json'],
  },
  json_array_length: {
    kind: 'scalar',
    forms: ['(json) bigint', '(varchar(x)) bigint'],
  },
  json_extract: {
    kind: 'scalar',
    forms: ['(json, jsonpath) json', '(varchar(x), jsonpath) json'],
  },
  json_extract_scalar: {
    kind: 'scalar',
    forms: ['(json, jsonpath) varchar', '(varchar(x), jsonpath) varchar(x)'],
  },
  json_format: {
    kind: 'scalar',
    forms: ['(json) varchar'],
  },
  json_parse: {
    kind: 'scalar',
    forms: ['(varchar(x)) json'],
  },
  json_size: {
    kind: 'scalar',
    forms: ['(json, jsonpath) bigint', '(varchar(x), jsonpath) bigint'],
  },
  kurtosis: {
    kind: 'aggregate',
    forms: ['(bigint) double', '(double) double'],
  },
  lag: {
    kind: 'window',
    forms: ['(T) T', '(T, bigint) T', '(T, bigint, T) T'],
  },
  last_day_of_month: {
    kind: 'scalar',
    forms: ['(date) date', '(timestamp(p)) date', '(timestamp(p) with time zone) date'],
  },
  last_value: {
    kind: 'window',
    forms: ['(T) T'],
  },
  lead: {
    kind: 'window',
    forms: ['(T) T', '(T, bigint) T', '(T, bigint, T) T'],
  },
  least: {
    kind: 'scalar',
    forms: ['(E) E'],
  },
  length: {
    kind: 'scalar',
    forms: ['(char(x)) bigint', '(varbinary) bigint', '(varchar(x)) bigint'],
  },
  levenshtein_distance: {
    kind: 'scalar',
    forms: ['(varchar(x), varchar(y)) bigint'],
  },
  listagg: {
    kind: 'aggregate',
    forms: ['(varchar, varchar, boolean, varchar, boolean) varchar'],
  },
  ln: {
    kind: 'scalar',
    forms: ['(double) double'],
  },
  log: {
    kind: 'scalar',
    forms: ['(double, double) double'],
  },
  log10: {
    kind: 'scalar',
    forms: ['(double) double'],
  },
  log2: {
    kind: 'scalar',
    forms: ['(double) double'],
  },
  lower: {
    kind: 'scalar',
    forms: ['(char(x)) char(x)', '(varchar(x)) varchar(x)'],
  },
  lpad: {
    kind: 'scalar',
    forms: [
      '(varbinary, bigint, varbinary) varbinary',
      '(char(x), bigint, varchar(y)) varchar',
      '(varchar(x), bigint, varchar(y)) varchar',
    ],
  },
  ltrim: {
    kind: 'scalar',
    forms: [
      '(char(x)) varchar(x)',
      '(char(x), codepoints) varchar(x)',
      '(varchar(x)) varchar(x)',
      '(varchar(x), codepoints) varchar(x)',
    ],
  },
  luhn_check: {
    kind: 'scalar',
    forms: ['(varchar) boolean'],
  },
  make_set_digest: {
    kind: 'aggregate',
    forms: ['(T) setdigest'],
  },
  map: {
    kind: 'scalar',
    forms: ['(array(K), array(V)) map(K,V)', '() map(unknown,unknown)'],
  },
  map_agg: {
    kind: 'aggregate',
    forms: ['(K, V) map(K,V)'],
  },
  map_concat: {
    kind: 'scalar',
    forms: ['(map(K,V)) map(K,V)'],
  },
  map_entries: {
    kind: 'scalar',
    forms: ['(map(K,V)) array(row(K,V))'],
  },
  map_filter: {
    kind: 'scalar',
    forms: ['(map(K,V), function(K,V,boolean)) map(K,V)'],
  },
  map_from_entries: {
    kind: 'scalar',
    forms: ['(array(row(K,V))) map(K,V)'],
  },
  map_keys: {
    kind: 'scalar',
    forms: ['(map(K,V)) array(K)'],
  },
  map_union: {
    kind: 'aggregate',
    forms: ['(map(K,V)) map(K,V)'],
  },
  map_values: {
    kind: 'scalar',
    forms: ['(map(K,V)) array(V)'],
  },
  map_zip_with: {
    kind: 'scalar',
    forms: ['(map(K,V1), map(K,V2), function(K,V1,V2,V3)) map(K,V3)'],
  },
  max: {
    kind: 'aggregate',
    forms: ['(T) T', '(E, bigint) array(E)'],
  },
  max_by: {
    kind: 'aggregate',
    forms: ['(V, K) V', '(V, K, bigint) array(V)'],
  },
  md5: {
    kind: 'scalar',
    forms: ['(varbinary) varbinary'],
  },
  merge: {
    kind: 'aggregate',
    forms: ['(hyperloglog) hyperloglog', '(qdigest(V)) qdigest(V)', '(tdigest) tdigest'],
  },
  merge_set_digest: {
    kind: 'aggregate',
    forms: ['(setdigest) setdigest'],
  },
  millisecond: {
    kind: 'scalar',
    forms: [
      '(interval day to second) bigint',
      '(time(p)) bigint',
      '(time(p) with time zone) bigint',
      '(timestamp(p)) bigint',
      '(timestamp(p) with time zone) bigint',
    ],
  },
  min: {
    kind: 'aggregate',
    forms: ['(T) T', '(E, bigint) array(E)'],
  },
  min_by: {
    kind: 'aggregate',
    forms: ['(V, K) V', '(V, K, bigint) array(V)'],
  },
  minute: {
    kind: 'scalar',
    forms: [
      '(interval day to second) bigint',
      '(time(p)) bigint',
      '(time(p) with time zone) bigint',
      '(timestamp(p)) bigint',
      '(timestamp(p) with time zone) bigint',
    ],
  },
  mod: {
    kind: 'scalar',
    forms: [
      '(bigint, bigint) bigint',
      '(decimal(a_precision,a_scale), decimal(b_precision,b_scale)) decimal(r_precision,r_scale)',
      '(double, double) double',
      '(integer, integer) integer',
      '(number, number) number',
      '(real, real) real',
      '(smallint, smallint) smallint',
      '(tinyint, tinyint) tinyint',
    ],
  },
  month: {
    kind: 'scalar',
    forms: [
      '(date) bigint',
      '(interval year to month) bigint',
      '(timestamp(p)) bigint',
      '(timestamp(p) with time zone) bigint',
    ],
  },
  multimap_agg: {
    kind: 'aggregate',
    forms: ['(K, V) map(K,array(V))'],
  },
  multimap_from_entries: {
    kind: 'scalar',
    forms: ['(array(row(K,V))) map(K,array(V))'],
  },
  murmur3: {
    kind: 'scalar',
    forms: ['(varbinary) varbinary'],
  },
  nan: {
    kind: 'scalar',
    forms: ['() double'],
  },
  ngrams: {
    kind: 'scalar',
    forms: ['(array(T), integer) array(array(T))'],
  },
  none_match: {
    kind: 'scalar',
    forms: ['(array(T), function(T,boolean)) boolean'],
  },
  normal_cdf: {
    kind: 'scalar',
    forms: ['(double, double, double) double'],
  },
  normalize: {
    kind: 'scalar',
    forms: ['(varchar(x), varchar(y)) varchar'],
  },
  now: {
    kind: 'scalar',
    forms: ['() timestamp(3) with time zone'],
  },
  nth_value: {
    kind: 'window',
    forms: ['(T, bigint) T'],
  },
  ntile: {
    kind: 'window',
    forms: ['(bigint) bigint'],
  },
  numeric_histogram: {
    kind: 'aggregate',
    forms: [
      '(bigint, double) map(double,double)',
      '(bigint, double, double) map(double,double)',
      '(bigint, real) map(real,real)',
      '(bigint, real, double) map(real,real)',
    ],
  },
  parse_data_size: {
    kind: 'scalar',
    forms: ['(varchar(x)) decimal(38,0)'],
  },
  parse_datetime: {
    kind: 'scalar',
    forms: ['(varchar(x), varchar(y)) timestamp(3) with time zone'],
  },
  parse_duration: {
    kind: 'scalar',
    forms: ['(varchar(x)) interval day to second'],
  },
  parse_presto_data_size: {
    kind: 'scalar',
    forms: ['(varchar(x)) decimal(38,0)'],
  },
  percent_rank: {
    kind: 'window',
    forms: ['() double'],
  },
  pi: {
    kind: 'scalar',
    forms: ['() double'],
  },
  pow: {
    kind: 'scalar',
    forms: ['(double, double) double'],
  },
  power: {
    kind: 'scalar',
    forms: ['(double, double) double'],
  },
  qdigest_agg: {
    kind: 'aggregate',
    forms: [
      '(bigint) qdigest(bigint)',
      '(bigint, bigint) qdigest(bigint)',
      '(bigint, bigint, double) qdigest(bigint)',
      '(double) qdigest(double)',
      '(double, bigint) qdigest(double)',
      '(double, bigint, double) qdigest(double)',
      '(real) qdigest(real)',
      '(real, bigint) qdigest(real)',
      '(real, bigint, double) qdigest(real)',
    ],
  },
  quantile_at_value: {
    kind: 'scalar',
    forms: ['(qdigest(bigint), bigint) double', '(qdigest(double), double) double', '(qdigest(real), real) double'],
  },
  quarter: {
    kind: 'scalar',
    forms: ['(date) bigint', '(timestamp(p)) bigint', '(timestamp(p) with time zone) bigint'],
  },
  radians: {
    kind: 'scalar',
    forms: ['(double) double'],
  },
  rand: {
    kind: 'scalar',
    forms: [
      '(bigint) bigint',
      '(bigint, bigint) bigint',
      '() double',
      '(integer) integer',
      '(integer, integer) integer',
      '(smallint) smallint',
      '(smallint, smallint) smallint',
      '(tinyint) tinyint',
      '(tinyint, tinyint) tinyint',
    ],
  },
  random: {
    kind: 'scalar',
    forms: [
      '(bigint) bigint',
      '(bigint, bigint) bigint',
      '() double',
      '(integer) integer',
      '(integer, integer) integer',
      '(smallint) smallint',
      '(smallint, smallint) smallint',
      '(tinyint) tinyint',
      '(tinyint, tinyint) tinyint',
    ],
  },
  rank: {
    kind: 'window',
    forms: ['() bigint'],
  },
  reduce: {
    kind: 'scalar',
    forms: ['(array(T), S, function(S,T,S), function(S,R)) R'],
  },
  reduce_agg: {
    kind: 'aggregate',
    forms: ['(T, S, function(S,T,S), function(S,S,S)) S'],
  },
  regexp_count: {
    kind: 'scalar',
    forms: ['(varchar(x), joniregexp) bigint'],
  },
  regexp_extract: {
    kind: 'scalar',
    forms: ['(varchar(x), joniregexp) varchar(x)', '(varchar(x), joniregexp, bigint) varchar(x)'],
  },
  regexp_extract_all: {
    kind: 'scalar',
    forms: ['(varchar(x), joniregexp) array(varchar(x))', '(varchar(x), joniregexp, bigint) array(varchar(x))'],
  },
  regexp_like: {
    kind: 'scalar',
    forms: ['(varchar(x), joniregexp) boolean'],
  },
  regexp_position: {
    kind: 'scalar',
    forms: [
      '(varchar(x), joniregexp) integer',
      '(varchar(x), joniregexp, integer) integer',
      '(varchar(x), joniregexp, integer, integer) integer',
    ],
  },
  regexp_replace: {
    kind: 'scalar',
    forms: [
      '(varchar, joniregexp, function(array(varchar),varchar(x))) varchar',
      '(varchar(x), joniregexp) varchar(x)',
      '(varchar(x), joniregexp, varchar(y)) varchar(z)',
    ],
  },
  regexp_split: {
    kind: 'scalar',
    forms: ['(varchar(x), joniregexp) array(varchar(x))'],
  },
  regr_intercept: {
    kind: 'aggregate',
    forms: ['(double, double) double', '(real, real) real'],
  },
  regr_slope: {
    kind: 'aggregate',
    forms: ['(double, double) double', '(real, real) real'],
  },
  render: {
    kind: 'scalar',
    forms: [
      '(boolean) varchar(16)',
      '(bigint, color) varchar(35)',
      '(double, color) varchar(41)',
      '(varchar(x), color) varchar(y)',
    ],
  },
  repeat: {
    kind: 'scalar',
    forms: ['(T, bigint) array(T)'],
  },
  replace: {
    kind: 'scalar',
    forms: ['(varchar(x), varchar(y), varchar(z)) varchar(u)', '(varchar(x), varchar(y)) varchar(x)'],
  },
  reverse: {
    kind: 'scalar',
    forms: ['(array(E)) array(E)', '(char(x)) char(x)', '(varbinary) varbinary', '(varchar(x)) varchar(x)'],
  },
  rgb: {
    kind: 'scalar',
    forms: ['(bigint, bigint, bigint) color'],
  },
  round: {
    kind: 'scalar',
    forms: [
      '(bigint) bigint',
      '(bigint, integer) bigint',
      '(decimal(p,s)) decimal(rp,rs)',
      '(decimal(p,s), integer) decimal(rp,s)',
      '(double) double',
      '(double, integer) double',
      '(integer) integer',
      '(integer, integer) integer',
      '(number) number',
      '(number, integer) number',
      '(real) real',
      '(real, integer) real',
      '(smallint) smallint',
      '(smallint, integer) smallint',
      '(tinyint) tinyint',
      '(tinyint, integer) tinyint',
    ],
  },
  row_number: {
    kind: 'window',
    forms: ['() bigint'],
  },
  rpad: {
    kind: 'scalar',
    forms: ['(varbinary, bigint, varbinary) varbinary', '(varchar(x), bigint, varchar(y)) varchar'],
  },
  rtrim: {
    kind: 'scalar',
    forms: [
      '(char(x)) varchar(x)',
      '(char(x), codepoints) varchar(x)',
      '(varchar(x)) varchar(x)',
      '(varchar(x), codepoints) varchar(x)',
    ],
  },
  second: {
    kind: 'scalar',
    forms: [
      '(interval day to second) bigint',
      '(time(p)) bigint',
      '(time(p) with time zone) bigint',
      '(timestamp(p)) bigint',
      '(timestamp(p) with time zone) bigint',
    ],
  },
  sequence: {
    kind: 'scalar',
    forms: [
      '(bigint, bigint) array(bigint)',
      '(bigint, bigint, bigint) array(bigint)',
      '(date, date) array(date)',
      '(date, date, interval day to second) array(date)',
      '(date, date, interval year to month) array(date)',
      '(timestamp(p), timestamp(p), interval day to second) array(timestamp(p))',
      '(timestamp(p), timestamp(p), interval year to month) array(timestamp(p))',
      '(bigint, bigint, bigint) unknown',
    ],
  },
  sha1: {
    kind: 'scalar',
    forms: ['(varbinary) varbinary'],
  },
  sha256: {
    kind: 'scalar',
    forms: ['(varbinary) varbinary'],
  },
  sha512: {
    kind: 'scalar',
    forms: ['(varbinary) varbinary'],
  },
  shuffle: {
    kind: 'scalar',
    forms: ['(array(E)) array(E)'],
  },
  sign: {
    kind: 'scalar',
    forms: [
      '(bigint) bigint',
      '(decimal(p,s)) decimal(1,0)',
      '(double) double',
      '(integer) integer',
      '(number) number',
      '(real) real',
      '(smallint) smallint',
      '(tinyint) tinyint',
    ],
  },
  sin: {
    kind: 'scalar',
    forms: ['(double) double'],
  },
  sinh: {
    kind: 'scalar',
    forms: ['(double) double'],
  },
  skewness: {
    kind: 'aggregate',
    forms: ['(bigint) double', '(double) double'],
  },
  slice: {
    kind: 'scalar',
    forms: ['(array(E), bigint, bigint) array(E)'],
  },
  soundex: {
    kind: 'scalar',
    forms: ['(varchar) varchar(4)'],
  },
  split: {
    kind: 'scalar',
    forms: ['(varchar(x), varchar(y)) array(varchar(x))', '(varchar(x), varchar(y), bigint) array(varchar(x))'],
  },
  split_part: {
    kind: 'scalar',
    forms: ['(varchar(x), varchar(y), bigint) varchar(x)'],
  },
  split_to_map: {
    kind: 'scalar',
    forms: ['(varchar, varchar, varchar) map(varchar,varchar)'],
  },
  split_to_multimap: {
    kind: 'scalar',
    forms: ['(varchar, varchar, varchar) map(varchar,array(varchar))'],
  },
  spooky_hash_v2_32: {
    kind: 'scalar',
    forms: ['(varbinary) varbinary'],
  },
  spooky_hash_v2_64: {
    kind: 'scalar',
    forms: ['(varbinary) varbinary'],
  },
  sqrt: {
    kind: 'scalar',
    forms: ['(double) double'],
  },
  starts_with: {
    kind: 'scalar',
    forms: ['(varchar(x), varchar(y)) boolean'],
  },
  stddev: {
    kind: 'aggregate',
    forms: ['(bigint) double', '(double) double'],
  },
  stddev_pop: {
    kind: 'aggregate',
    forms: ['(bigint) double', '(double) double'],
  },
  stddev_samp: {
    kind: 'aggregate',
    forms: ['(bigint) double', '(double) double'],
  },
  strpos: {
    kind: 'scalar',
    forms: ['(varchar(x), varchar(y)) bigint', '(varchar(x), varchar(y), bigint) bigint'],
  },
  substr: {
    kind: 'scalar',
    forms: [
      '(varbinary, bigint) varbinary',
      '(varbinary, bigint, bigint) varbinary',
      '(char(x), bigint) varchar(x)',
      '(char(x), bigint, bigint) varchar(x)',
      '(varchar(x), bigint) varchar(x)',
      '(varchar(x), bigint, bigint) varchar(x)',
    ],
  },
  substring: {
    kind: 'scalar',
    forms: [
      '(char(x), bigint) varchar(x)',
      '(char(x), bigint, bigint) varchar(x)',
      '(varchar(x), bigint) varchar(x)',
      '(varchar(x), bigint, bigint) varchar(x)',
    ],
  },
  sum: {
    kind: 'aggregate',
    forms: [
      '(bigint) bigint',
      '(decimal(p,s)) decimal(38,s)',
      '(double) double',
      '(interval day to second) interval day to second',
      '(interval year to month) interval year to month',
      '(number) number',
      '(real) real',
    ],
  },
  t_cdf: {
    kind: 'scalar',
    forms: ['(double, double) double'],
  },
  t_pdf: {
    kind: 'scalar',
    forms: ['(double, double) double'],
  },
  table_changes: {
    kind: 'table',
    forms: ['(varchar, varchar, bigint, bigint) unknown'],
  },
  tan: {
    kind: 'scalar',
    forms: ['(double) double'],
  },
  tanh: {
    kind: 'scalar',
    forms: ['(double) double'],
  },
  tdigest_agg: {
    kind: 'aggregate',
    forms: ['(double) tdigest', '(double, double) tdigest'],
  },
  timezone: {
    kind: 'scalar',
    forms: ['(time(p) with time zone) varchar', '(timestamp(p) with time zone) varchar'],
  },
  timezone_hour: {
    kind: 'scalar',
    forms: ['(time(p) with time zone) bigint', '(timestamp(p) with time zone) bigint'],
  },
  timezone_minute: {
    kind: 'scalar',
    forms: ['(time(p) with time zone) bigint', '(timestamp(p) with time zone) bigint'],
  },
  title_case: {
    kind: 'scalar',
    forms: ['(char(x)) char(x)', '(varchar(x)) varchar(x)'],
  },
  to_base: {
    kind: 'scalar',
    forms: ['(bigint, bigint) varchar(64)'],
  },
  to_base32: {
    kind: 'scalar',
    forms: ['(varbinary) varchar'],
  },
  to_base64: {
    kind: 'scalar',
    forms: ['(varbinary) varchar'],
  },
  to_base64url: {
    kind: 'scalar',
    forms: ['(varbinary) varchar'],
  },
  to_big_endian_32: {
    kind: 'scalar',
    forms: ['(integer) varbinary'],
  },
  to_big_endian_64: {
    kind: 'scalar',
    forms: ['(bigint) varbinary'],
  },
  to_hex: {
    kind: 'scalar',
    forms: ['(varbinary) varchar'],
  },
  to_ieee754_32: {
    kind: 'scalar',
    forms: ['(real) varbinary'],
  },
  to_ieee754_64: {
    kind: 'scalar',
    forms: ['(double) varbinary'],
  },
  to_iso8601: {
    kind: 'scalar',
    forms: ['(date) varchar(16)', '(timestamp(p)) varchar(n)', '(timestamp(p) with time zone) varchar(n)'],
  },
  to_milliseconds: {
    kind: 'scalar',
    forms: ['(interval day to second) bigint'],
  },
  to_unixtime: {
    kind: 'scalar',
    forms: ['(timestamp(p) with time zone) double'],
  },
  to_utf8: {
    kind: 'scalar',
    forms: ['(char(x)) varbinary', '(varchar(x)) varbinary'],
  },
  transform: {
    kind: 'scalar',
    forms: ['(array(T), function(T,U)) array(U)'],
  },
  transform_keys: {
    kind: 'scalar',
    forms: ['(map(K1,V), function(K1,V,K2)) map(K2,V)'],
  },
  transform_values: {
    kind: 'scalar',
    forms: ['(map(K,V1), function(K,V1,V2)) map(K,V2)'],
  },
  translate: {
    kind: 'scalar',
    forms: ['(varchar(x), varchar(y), varchar(z)) varchar'],
  },
  trim: {
    kind: 'scalar',
    forms: [
      '(char(x)) varchar(x)',
      '(char(x), codepoints) varchar(x)',
      '(varchar(x)) varchar(x)',
      '(varchar(x), codepoints) varchar(x)',
    ],
  },
  trim_array: {
    kind: 'scalar',
    forms: ['(array(E), bigint) array(E)'],
  },
  truncate: {
    kind: 'scalar',
    forms: [
      '(decimal(p,s), integer) decimal(p,s)',
      '(decimal(p,s)) decimal(rp,0)',
      '(double) double',
      '(number) number',
      '(real) real',
    ],
  },
  typeof: {
    kind: 'scalar',
    forms: ['(T) varchar'],
  },
  upper: {
    kind: 'scalar',
    forms: ['(char(x)) char(x)', '(varchar(x)) varchar(x)'],
  },
  url_decode: {
    kind: 'scalar',
    forms: ['(varchar(x)) varchar(x)'],
  },
  url_encode: {
    kind: 'scalar',
    forms: ['(varchar(x)) varchar(y)'],
  },
  url_extract_fragment: {
    kind: 'scalar',
    forms: ['(varchar(x)) varchar(x)'],
  },
  url_extract_host: {
    kind: 'scalar',
    forms: ['(varchar(x)) varchar(x)'],
  },
  url_extract_parameter: {
    kind: 'scalar',
    forms: ['(varchar(x), varchar(y)) varchar(x)'],
  },
  url_extract_path: {
    kind: 'scalar',
    forms: ['(varchar(x)) varchar(x)'],
  },
  url_extract_port: {
    kind: 'scalar',
    forms: ['(varchar(x)) bigint'],
  },
  url_extract_protocol: {
    kind: 'scalar',
    forms: ['(varchar(x)) varchar(x)'],
  },
  url_extract_query: {
    kind: 'scalar',
    forms: ['(varchar(x)) varchar(x)'],
  },
  uuid: {
    kind: 'scalar',
    forms: ['() uuid'],
  },
  value_at_quantile: {
    kind: 'scalar',
    forms: [
      '(qdigest(bigint), double) bigint',
      '(qdigest(double), double) double',
      '(tdigest, double) double',
      '(qdigest(real), double) real',
    ],
  },
  values_at_quantiles: {
    kind: 'scalar',
    forms: [
      '(qdigest(bigint), array(double)) array(bigint)',
      '(qdigest(double), array(double)) array(double)',
      '(tdigest, array(double)) array(double)',
      '(qdigest(real), array(double)) array(real)',
    ],
  },
  var_pop: {
    kind: 'aggregate',
    forms: ['(bigint) double', '(double) double'],
  },
  var_samp: {
    kind: 'aggregate',
    forms: ['(bigint) double', '(double) double'],
  },
  variance: {
    kind: 'aggregate',
    forms: ['(bigint) double', '(double) double'],
  },
  variant_is_null: {
    kind: 'scalar',
    forms: ['(variant) boolean'],
  },
  week: {
    kind: 'scalar',
    forms: ['(date) bigint', '(timestamp(p)) bigint', '(timestamp(p) with time zone) bigint'],
  },
  week_of_year: {
    kind: 'scalar',
    forms: ['(date) bigint', '(timestamp(p)) bigint', '(timestamp(p) with time zone) bigint'],
  },
  width_bucket: {
    kind: 'scalar',
    forms: ['(double, array(double)) bigint', '(double, double, double, bigint) bigint'],
  },
  wilson_interval_lower: {
    kind: 'scalar',
    forms: ['(bigint, bigint, double) double'],
  },
  wilson_interval_upper: {
    kind: 'scalar',
    forms: ['(bigint, bigint, double) double'],
  },
  with_timezone: {
    kind: 'scalar',
    forms: ['(timestamp(p), varchar(x)) timestamp(p) with time zone'],
  },
  word_stem: {
    kind: 'scalar',
    forms: ['(varchar(x)) varchar(x)', '(varchar(x), varchar(2)) varchar(x)'],
  },
  xxhash64: {
    kind: 'scalar',
    forms: ['(varbinary) varbinary'],
  },
  year: {
    kind: 'scalar',
    forms: [
      '(date) bigint',
      '(interval year to month) bigint',
      '(timestamp(p)) bigint',
      '(timestamp(p) with time zone) bigint',
    ],
  },
  year_of_week: {
    kind: 'scalar',
    forms: ['(date) bigint', '(timestamp(p)) bigint', '(timestamp(p) with time zone) bigint'],
  },
  yow: {
    kind: 'scalar',
    forms: ['(date) bigint', '(timestamp(p)) bigint', '(timestamp(p) with time zone) bigint'],
  },
  zip: {
    kind: 'scalar',
    forms: [
      '(array(T1), array(T2)) array(row(T1,T2))',
      '(array(T1), array(T2), array(T3)) array(row(T1,T2,T3))',
      '(array(T1), array(T2), array(T3), array(T4)) array(row(T1,T2,T3,T4))',
      '(array(T1), array(T2), array(T3), array(T4), array(T5)) array(row(T1,T2,T3,T4,T5))',
    ],
  },
  zip_with: {
    kind: 'scalar',
    forms: ['(array(T), array(U), function(T,U,R)) array(R)'],
  },
}
