import { type Macro, macro } from './macro.ts'

const nan = "CAST('NaN' AS DOUBLE)"

export const mathMacros: readonly Macro[] = [
  // The engine's own gives NULL for x / 0; Trino follows IEEE 754.
  macro(
    'trino_divide',
    'a, b',
    `CASE WHEN b = 0 THEN CASE WHEN a > 0 THEN CAST('Infinity' AS DOUBLE) WHEN a < 0 THEN CAST('-Infinity' AS DOUBLE)
      WHEN a IS NOT NULL THEN ${nan} END ELSE a / b END`,
  ),
  macro('trino_acos', 'x', `CASE WHEN abs(x) > 1 THEN ${nan} ELSE acos(x) END`),
  macro('trino_asin', 'x', `CASE WHEN abs(x) > 1 THEN ${nan} ELSE asin(x) END`),
  macro('trino_sqrt', 'x', `CASE WHEN x < 0 THEN ${nan} ELSE sqrt(x) END`),
  ...['ln', 'log2', 'log10'].map(name =>
    macro(
      `trino_${name}`,
      'x',
      `CASE WHEN x = 0 THEN CAST('-Infinity' AS DOUBLE) WHEN x < 0 THEN ${nan} ELSE ${name}(x) END`,
    ),
  ),
  macro('trino_power', 'n', 'CAST(pow(2, n) AS HUGEINT)'),
  macro(
    'trino_bit_count',
    'x, b',
    `CASE WHEN b NOT BETWEEN 2 AND 64 THEN CAST('bit_count: no number of bits, 2 to 64: ' || b AS INTEGER)
      WHEN b < 64 AND x NOT BETWEEN -(trino_power(b - 1)) AND trino_power(b - 1) - 1
      THEN CAST('bit_count: ' || x || ' does not fit into ' || b || ' bits' AS INTEGER)
      WHEN x >= 0 THEN bit_count(CAST(x AS BIGINT)) ELSE b - bit_count(CAST(-x - 1 AS BIGINT)) END`,
  ),
  // Shifts count bits of a number b bits wide; a negative one is its two's complement.
  macro('trino_unsigned', 'a, b', 'CAST(a AS HUGEINT) + CASE WHEN a < 0 THEN trino_power(b) ELSE 0 END'),
  macro('trino_signed', 'u, b', 'u - CASE WHEN u >= trino_power(b - 1) THEN trino_power(b) ELSE 0 END'),
  macro(
    'trino_shift_left',
    'a, n, b',
    `CASE WHEN a IS NULL THEN NULL WHEN n >= b THEN 0
      ELSE trino_signed(trino_unsigned(a, b) % trino_power(b - n) * trino_power(n), b) END`,
  ),
  macro(
    'trino_shift_right',
    'a, n, b',
    `CASE WHEN a IS NULL THEN NULL WHEN n >= b THEN 0 WHEN a >= 0 OR n = 0 THEN CAST(a AS HUGEINT) >> CAST(n AS HUGEINT)
      ELSE (CAST(a AS HUGEINT) + CAST(pow(2, b) AS HUGEINT)) >> CAST(n AS HUGEINT) END`,
  ),
  macro(
    'trino_shift_right_signed',
    'a, n',
    `CASE WHEN a >= 0 THEN CAST(a AS HUGEINT) // trino_power(least(n, 63))
      ELSE -((trino_power(least(n, 63)) - 1 - CAST(a AS HUGEINT)) // trino_power(least(n, 63))) END`,
  ),
  macro('trino_remainder', 'a, b', `CASE WHEN b = 0 AND a IS NOT NULL THEN ${nan} ELSE a % b END`),
  // Halves are rounded away from zero; d digits before the point become zeros.
  macro(
    'trino_round_tens',
    'x, d',
    `sign(x) * ((abs(CAST(x AS HUGEINT)) + CAST(pow(10, d) AS HUGEINT) // 2) // CAST(pow(10, d) AS HUGEINT)) *
      CAST(pow(10, d) AS HUGEINT)`,
  ),
  // Decimals by way of their digits: whole numbers of 128 bits are exact where floating point is not.
  macro('trino_digits', 'd', "CAST(replace(CAST(d AS VARCHAR), '.', '') AS HUGEINT)"),
  macro('trino_padded', 't, n', "lpad(t, CAST(greatest(length(t), n) AS INTEGER), '0')"),
  macro(
    'trino_point',
    'q, s',
    `CASE WHEN q < 0 THEN '-' ELSE '' END || CASE WHEN s = 0 THEN CAST(abs(q) AS VARCHAR) ELSE
      regexp_replace(trino_padded(CAST(abs(q) AS VARCHAR), s + 1), '(.{' || CAST(s AS VARCHAR) || '})$', '.\\1') END`,
  ),
  // The engine leaves out the zero before the point where the type has no room for it.
  macro('trino_decimal_text', 'd', String.raw`regexp_replace(CAST(d AS VARCHAR), '^(-?)[.]', '\10.')`),
  // The engine rounds a text such as 5e-4 wrongly to fewer digits than its exponent says: written out it reads it well.
  macro(
    'trino_shifted',
    't, whole, n',
    String.raw`regexp_extract(t, '^[+-]?') || regexp_replace(trino_padded(whole, n + 1),
      '([0-9]{' || CAST(n AS VARCHAR) || '})$', '.\1') || regexp_extract(t, '[.]([0-9]*)', 1)`,
  ),
  macro(
    'trino_written_out',
    't',
    `CASE WHEN regexp_matches(t, '[eE]-') THEN trino_shifted(t, regexp_extract(t, '^[+-]?([0-9]*)', 1),
      least(coalesce(TRY_CAST(regexp_extract(t, '[0-9]+$') AS INTEGER), 100), 100)) ELSE t END`,
  ),
  macro('trino_half_up', 'a, b', 'CASE WHEN (a < 0) = (b < 0) THEN 1 ELSE -1 END * ((abs(a) + abs(b) // 2) // abs(b))'),
  macro(
    'trino_from_base_digits',
    's, b',
    `list_reduce(list_transform(string_split(lower(s), ''), lambda c:
      CAST(strpos('0123456789abcdefghijklmnopqrstuvwxyz', c) - 1 AS BIGINT)), lambda a, d:
      CASE WHEN d < 0 OR d >= b THEN CAST('not a number of this base' AS BIGINT) ELSE a * b + d END,
      CAST(0 AS BIGINT))`,
  ),
  macro(
    'trino_from_base',
    's, b',
    `CASE WHEN b NOT BETWEEN 2 AND 36 THEN CAST('from_base: no base ' || b || ', 2 to 36' AS BIGINT)
      WHEN s = '' THEN CAST('an empty text is no number' AS BIGINT) WHEN left(s, 1) = '-'
      THEN - trino_from_base_digits(substr(s, 2), b) WHEN left(s, 1) = '+' THEN trino_from_base_digits(substr(s, 2), b)
      ELSE trino_from_base_digits(s, b) END`,
  ),
  macro('trino_to_base', 'x, b', "CASE WHEN x < 0 THEN '-' || lower(to_base(- x, b)) ELSE lower(to_base(x, b)) END"),
  macro('trino_truncate', 'x, n', 'trunc(x * pow(10, n)) / pow(10, n)'),
  macro(
    'trino_bucket',
    'x, lo, hi, n',
    `CASE WHEN x < lo THEN 0 WHEN x >= hi THEN n + 1 ELSE CAST(floor(n * (x - lo) / (hi - lo)) AS BIGINT) + 1 END`,
  ),
  macro(
    'trino_width_bucket',
    'x, lo, hi, n',
    `CASE WHEN n < 1 THEN CAST('width_bucket: at least one bucket is needed, not ' || n AS BIGINT)
      WHEN lo = hi THEN CAST('width_bucket: the bounds are equal' AS BIGINT)
      WHEN lo < hi THEN trino_bucket(x, lo, hi, n) ELSE n + 1 - trino_bucket(x, hi, lo, n) END`,
  ),
  macro(
    'trino_bucket_of',
    'x, b',
    `CASE WHEN x IS NULL THEN NULL WHEN list_sort(b) <> b
      THEN CAST('width_bucket: the bins are not in ascending order' AS BIGINT)
      ELSE len(list_filter(b, lambda e: e <= x)) END`,
  ),
  macro(
    'trino_wilson_lower',
    's, n, z',
    `(CAST(s AS DOUBLE) / n + z * z / (2.0 * n) - z * sqrt((CAST(s AS DOUBLE) / n) * (1 - CAST(s AS DOUBLE) / n) / n +
      z * z / (4.0 * n * n))) / (1 + z * z / CAST(n AS DOUBLE))`,
  ),
  macro(
    'trino_wilson_upper',
    's, n, z',
    `(CAST(s AS DOUBLE) / n + z * z / (2.0 * n) + z * sqrt((CAST(s AS DOUBLE) / n) * (1 - CAST(s AS DOUBLE) / n) / n +
      z * z / (4.0 * n * n))) / (1 + z * z / CAST(n AS DOUBLE))`,
  ),
  macro(
    'trino_data_size',
    's',
    `CAST(trunc(CAST(regexp_extract(s, '^([0-9.]+)', 1) AS DOUBLE) * CASE regexp_extract(s, '^[0-9.]+([a-zA-Z]+)$', 1)
      WHEN 'B' THEN 1 WHEN 'kB' THEN 1024 WHEN 'MB' THEN 1048576 WHEN 'GB' THEN 1073741824 WHEN 'TB' THEN 1099511627776
      WHEN 'PB' THEN 1125899906842624 ELSE CAST('not a data size: ' || s AS DOUBLE) END) AS DECIMAL(38,0))`,
  ),

  // Trino prints a double as one digit, the fraction and an exponent: 1.5E0, 1.0E10. Its digits are the engine's own.
  macro('trino_mantissa', 't', "ltrim(regexp_replace(t, 'e.*$', ''), '-')"),
  macro('trino_exponent', 't', "coalesce(TRY_CAST(nullif(regexp_extract(t, 'e([+-]?[0-9]+)$', 1), '') AS INTEGER), 0)"),
  macro('trino_all_digits', 't', "replace(trino_mantissa(t), '.', '')"),
  macro('trino_significant', 't', "rtrim(ltrim(trino_all_digits(t), '0'), '0')"),
  macro(
    'trino_digits_text',
    't',
    `(CASE WHEN left(t, 1) = '-' THEN '-' ELSE '' END || left(trino_significant(t), 1) || '.' ||
      coalesce(nullif(substr(trino_significant(t), 2), ''), '0') || 'E' ||
      CAST(trino_exponent(t) + length(split_part(trino_mantissa(t), '.', 1)) - 1 -
      (length(trino_all_digits(t)) - length(ltrim(trino_all_digits(t), '0'))) AS VARCHAR))`,
  ),
  macro(
    'trino_double_text',
    'x',
    `CASE WHEN x IS NULL THEN NULL WHEN isnan(x) THEN 'NaN' WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'Infinity'
      ELSE '-Infinity' END WHEN x = 0 THEN CASE WHEN left(CAST(x AS VARCHAR), 1) = '-' THEN '-0E0' ELSE '0E0' END
      ELSE trino_digits_text(CAST(x AS VARCHAR)) END`,
  ),
  // As Java prints a double: with an exponent below 0.001 and from ten millions on.
  macro(
    'trino_java_double',
    'x',
    `CASE WHEN x = 0 THEN CAST(x AS VARCHAR) WHEN abs(x) >= 0.001 AND abs(x) < 10000000 THEN CAST(x AS VARCHAR)
      ELSE trino_double_text(x) END`,
  ),
  // Of a real seven digits are printed.
  macro(
    'trino_real_text',
    'x',
    `CASE WHEN x = 0 OR NOT isfinite(x) THEN trino_double_text(x)
      ELSE trino_digits_text(format('{:.6e}', CAST(CAST(x AS VARCHAR) AS DOUBLE))) END`,
  ),
]
