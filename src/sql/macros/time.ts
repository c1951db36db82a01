import { type Macro, macro } from './macro.ts'

export const timeMacros: readonly Macro[] = [
  macro('trino_micros', 'i', 'epoch_us(i)'),
  macro('trino_months', 'i', "CAST(date_part('year', i) * 12 + date_part('month', i) AS BIGINT)"),
  macro(
    'trino_interval_text',
    'i',
    `format('{}{} {:02d}:{:02d}:{:02d}.{:03d}', CASE WHEN trino_micros(i) < 0 THEN '-' ELSE '' END,
      abs(trino_micros(i)) // 86400000000, abs(trino_micros(i)) // 3600000000 % 24, abs(trino_micros(i)) // 60000000 % 60,
      abs(trino_micros(i)) // 1000000 % 60, abs(trino_micros(i)) // 1000 % 1000)`,
  ),
  macro(
    'trino_months_text',
    'i',
    `format('{}{}-{}', CASE WHEN trino_months(i) < 0 THEN '-' ELSE '' END, abs(trino_months(i)) // 12,
      abs(trino_months(i)) % 12)`,
  ),
  macro(
    'trino_offset_text',
    'l, u',
    `format('{}{:02d}:{:02d}', CASE WHEN l < u THEN '-' ELSE '+' END, abs(epoch_us(l) - epoch_us(u)) // 3600000000,
      abs(epoch_us(l) - epoch_us(u)) // 60000000 % 60)`,
  ),
  macro('trino_plural', 'n, u', "CASE WHEN n = 1 THEN '1 ' || u ELSE CAST(n AS VARCHAR) || ' ' || u || 's' END"),
  macro(
    'trino_human_seconds',
    'x',
    `CASE WHEN round(abs(x)) = 0 THEN '0 seconds' ELSE array_to_string(list_transform(list_filter([
      struct_pack(n := CAST(round(abs(x)) AS BIGINT) // 604800, u := 'week'),
      struct_pack(n := CAST(round(abs(x)) AS BIGINT) // 86400 % 7, u := 'day'),
      struct_pack(n := CAST(round(abs(x)) AS BIGINT) // 3600 % 24, u := 'hour'),
      struct_pack(n := CAST(round(abs(x)) AS BIGINT) // 60 % 60, u := 'minute'),
      struct_pack(n := CAST(round(abs(x)) AS BIGINT) % 60, u := 'second')],
      lambda p: struct_extract(p, 'n') > 0), lambda p: trino_plural(struct_extract(p, 'n'), struct_extract(p, 'u'))), ', ') END`,
  ),
  macro(
    'trino_parse_duration',
    's',
    `to_microseconds(CAST(round(CAST(regexp_extract(s, '^\\s*([0-9.]+)', 1) AS DOUBLE) *
      CASE regexp_extract(s, '([a-z]+)\\s*$', 1) WHEN 'ns' THEN 0.001 WHEN 'us' THEN 1 WHEN 'ms' THEN 1000
      WHEN 's' THEN 1000000 WHEN 'm' THEN 60000000 WHEN 'h' THEN 3600000000 WHEN 'd' THEN 86400000000
      ELSE CAST(error('not a duration') AS DOUBLE) END) AS BIGINT))`,
  ),
]
