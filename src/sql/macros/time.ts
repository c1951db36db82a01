import { type Macro, macro } from './macro.ts'

export const timeMacros: readonly Macro[] = [
  macro('trino_wall', 'u, z', "timezone(z, timezone('UTC', u))"),
  // By the offset that the zone has at `u`.
  macro('trino_unwall', 'l, u, z', '(l - (trino_wall(u, z) - u))'),
  // Where the clocks of a zone show a time twice, the one by the offset they have at that hour of UTC; where they never
  // show it, an hour on.
  macro(
    'trino_from_wall',
    'l, z',
    `CASE WHEN trino_wall(l, z) >= l OR trino_wall(trino_unwall(l, trino_unwall(l, l, z), z), z) = l
      THEN trino_unwall(l, trino_unwall(l, l, z), z) ELSE trino_unwall(l, l, z) END`,
  ),
  // A moved or truncated time keeps its offset where the zone has it there.
  macro(
    'trino_from_wall_near',
    'l, u, z',
    `CASE WHEN trino_wall(trino_unwall(l, u, z), z) = l THEN trino_unwall(l, u, z) ELSE trino_from_wall(l, z) END`,
  ),
  // The engine takes the result to be never NULL: beside a constant past all values, NULL <> it would be true.
  macro('trino_date_trunc', 'u, t', 'CASE WHEN t IS NOT NULL THEN date_trunc(u, t) END'),
  // ISO 8601: days, weeks (2024-W18-3), ordinal days (2024-123), months and years; anything else fails.
  macro(
    'trino_iso_date',
    's',
    `CASE WHEN regexp_full_match(s, '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN CAST(s AS DATE)
      WHEN regexp_full_match(s, '[0-9]{4}-W[0-9]{2}-[1-7]') THEN CAST(strptime(s, '%G-W%V-%u') AS DATE)
      WHEN regexp_full_match(s, '[0-9]{4}-W[0-9]{2}') THEN CAST(strptime(s || '-1', '%G-W%V-%u') AS DATE)
      WHEN regexp_full_match(s, '[0-9]{4}-[0-9]{3}') THEN CAST(strptime(s, '%Y-%j') AS DATE)
      WHEN regexp_full_match(s, '[0-9]{4}-[0-9]{2}') THEN CAST(s || '-01' AS DATE)
      WHEN regexp_full_match(s, '[0-9]{4}') THEN CAST(s || '-01-01' AS DATE)
      ELSE CAST('not an ISO 8601 date: ' || s AS DATE) END`,
  ),
  macro('trino_iso_time', 't', "regexp_extract(t, '^[0-9]{2}(:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?)?')"),
  macro(
    'trino_iso_clock',
    't',
    `replace(trino_iso_time(t), ',', '.') || CASE length(trino_iso_time(t)) WHEN 2 THEN ':00:00' WHEN 5 THEN ':00'
      ELSE '' END`,
  ),
  macro('trino_iso_zone', 't', "replace(substr(t, length(trino_iso_time(t)) + 1), 'Z', '+00:00')"),
  macro(
    'trino_iso_parts',
    'd, t',
    `CAST(timezone('UTC', CAST(CAST(trino_iso_date(d) AS VARCHAR) || ' ' || CASE WHEN t = '' THEN '00:00:00+00:00'
      ELSE trino_iso_clock(t) || coalesce(nullif(trino_iso_zone(t), ''), '+00:00') END AS TIMESTAMPTZ)) AS TIMESTAMP)`,
  ),
  macro(
    'trino_iso_instant',
    's',
    String.raw`CASE WHEN regexp_full_match(s, '\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})?')
      THEN CAST(timezone('UTC', CAST(s AS TIMESTAMPTZ)) AS TIMESTAMP)
      WHEN strpos(s, 'T') > 0 OR regexp_full_match(s, '\d{4}(-\d{2}(-\d{2})?|-\d{3}|-W\d{2}(-\d)?)?')
      THEN trino_iso_parts(split_part(s, 'T', 1), split_part(s, 'T', 2))
      ELSE CAST('not an ISO 8601 timestamp: ' || s AS TIMESTAMP) END`,
  ),
  // As Java prints a local time: no seconds where they are zero, three or six digits of a fraction.
  macro(
    'trino_java_time',
    't',
    `strftime(t, '%Y-%m-%dT%H:%M') || CASE WHEN epoch_us(t) % 60000000 = 0 THEN '' WHEN epoch_us(t) % 1000000 = 0
      THEN strftime(t, ':%S') WHEN epoch_us(t) % 1000 = 0 THEN strftime(t, ':%S.%g') ELSE strftime(t, ':%S.%f') END`,
  ),
  macro('trino_micros', 'i', 'epoch_us(i)'),
  macro('trino_months', 'i', "CAST(date_part('year', i) * 12 + date_part('month', i) AS BIGINT)"),
  macro(
    'trino_interval_text',
    'i',
    `format('{}{} {:02d}:{:02d}:{:02d}.{:03d}', CASE WHEN trino_micros(i) < 0 THEN '-' ELSE '' END,
      abs(trino_micros(i)) // 86400000000, abs(trino_micros(i)) // 3600000000 % 24,
      abs(trino_micros(i)) // 60000000 % 60,
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
    `CASE WHEN x IS NULL THEN NULL WHEN round(abs(x)) = 0 THEN '0 seconds'
      ELSE array_to_string(list_transform(list_filter([
      struct_pack(n := CAST(round(abs(x)) AS BIGINT) // 604800, u := 'week'),
      struct_pack(n := CAST(round(abs(x)) AS BIGINT) // 86400 % 7, u := 'day'),
      struct_pack(n := CAST(round(abs(x)) AS BIGINT) // 3600 % 24, u := 'hour'),
      struct_pack(n := CAST(round(abs(x)) AS BIGINT) // 60 % 60, u := 'minute'),
      struct_pack(n := CAST(round(abs(x)) AS BIGINT) % 60, u := 'second')],
      lambda p: struct_extract(p, 'n') > 0), lambda p: trino_plural(struct_extract(p, 'n'),
      struct_extract(p, 'u'))), ', ') END`,
  ),
  macro(
    'trino_parse_duration',
    's',
    `to_milliseconds(CAST(round(CAST(regexp_extract(s, '^\\s*([0-9.]+)', 1) AS DOUBLE) *
      CASE regexp_extract(s, '([a-z]+)\\s*$', 1) WHEN 'ns' THEN 0.000001 WHEN 'us' THEN 0.001 WHEN 'ms' THEN 1
      WHEN 's' THEN 1000 WHEN 'm' THEN 60000 WHEN 'h' THEN 3600000 WHEN 'd' THEN 86400000
      ELSE CAST('not a duration: ' || s AS DOUBLE) END) AS BIGINT))`,
  ),
]
