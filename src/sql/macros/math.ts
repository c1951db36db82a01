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
  macro(
    'trino_bit_count',
    'x, b',
    'CASE WHEN x >= 0 THEN bit_count(CAST(x AS BIGINT)) ELSE b - bit_count(CAST(-x - 1 AS BIGINT)) END',
  ),
  macro('trino_shift_left', 'a, n', 'CASE WHEN n >= 64 THEN 0 ELSE a * CAST(pow(2, n) AS BIGINT) END'),
  macro(
    'trino_shift_right',
    'a, n, b',
    `CASE WHEN n >= b THEN 0 WHEN a >= 0 OR n = 0 THEN CAST(a AS HUGEINT) >> CAST(n AS HUGEINT)
      ELSE (CAST(a AS HUGEINT) + CAST(pow(2, b) AS HUGEINT)) >> CAST(n AS HUGEINT) END`,
  ),
  macro('trino_shift_right_signed', 'a, n', 'CAST(floor(a / pow(2, least(n, 63))) AS BIGINT)'),
  macro(
    'trino_from_base',
    's, b',
    `list_reduce(list_transform(string_split(lower(s), ''), lambda c:
      CAST(strpos('0123456789abcdefghijklmnopqrstuvwxyz', c) - 1 AS BIGINT)), lambda a, d:
      CASE WHEN d < 0 OR d >= b THEN error('not a number of this base') ELSE a * b + d END, CAST(0 AS BIGINT))`,
  ),
  macro('trino_truncate', 'x, n', 'trunc(x * pow(10, n)) / pow(10, n)'),
  macro(
    'trino_width_bucket',
    'x, lo, hi, n',
    `CASE WHEN lo < hi THEN CASE WHEN x < lo THEN 0 WHEN x >= hi THEN n + 1
      ELSE CAST(floor((x - lo) * n / (hi - lo)) AS BIGINT) + 1 END
      ELSE CASE WHEN x > lo THEN 0 WHEN x <= hi THEN n + 1
      ELSE CAST(floor((lo - x) * n / (lo - hi)) AS BIGINT) + 1 END END`,
  ),
  macro('trino_bucket_of', 'x, b', 'len(list_filter(b, lambda e: e <= x))'),
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
    `CAST(CAST(regexp_extract(s, '^\\s*([0-9.]+)', 1) AS DOUBLE) * CASE regexp_extract(s, '([a-zA-Z]+)\\s*$', 1)
      WHEN 'B' THEN 1 WHEN 'kB' THEN 1024 WHEN 'MB' THEN 1048576 WHEN 'GB' THEN 1073741824 WHEN 'TB' THEN 1099511627776
      WHEN 'PB' THEN 1125899906842624 ELSE CAST(error('not a data size') AS DOUBLE) END AS DECIMAL(38,0))`,
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
      ELSE '-Infinity' END WHEN x = 0 THEN CASE WHEN left(CAST(x AS VARCHAR), 1) = '-' THEN '-0.0E0' ELSE '0.0E0' END
      ELSE trino_digits_text(CAST(x AS VARCHAR)) END`,
  ),
  macro('trino_real_text', 'x', 'trino_double_text(CAST(x AS REAL))'),
]
