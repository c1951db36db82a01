// Trino's reserved words and the others a statement of the lake is written with; its types.

export const keywords: readonly string[] = (
  'all and any array as asc at between by case cast cross cube current_date current_time current_timestamp desc ' +
  'distinct else end escape except exists extract false fetch filter first following for from full group grouping ' +
  'having if in inner intersect interval into is join last lateral left like limit localtimestamp natural not null ' +
  'nulls offset on or order ordinality outer over partition position preceding range recursive right rollup row rows ' +
  'select sets some table tablesample then time timestamp true try try_cast unbounded union unnest using values when ' +
  'where window with within zone'
).split(' ')

export const typeNames: readonly string[] = (
  'bigint boolean char date decimal double integer ipaddress ipprefix json map real row smallint time timestamp ' +
  'tinyint uuid varbinary varchar'
).split(' ')

/** Offered in completion as they are written. */
export const offeredKeywords: readonly string[] = (
  'SELECT DISTINCT FROM WHERE AND OR NOT IN LIKE BETWEEN IS NULL AS ON USING JOIN LEFT RIGHT INNER CROSS FULL OUTER ' +
  'UNNEST GROUP BY HAVING ORDER ASC DESC LIMIT OFFSET UNION ALL EXCEPT INTERSECT WITH RECURSIVE VALUES CASE WHEN ' +
  'THEN ELSE END CAST TRY_CAST EXISTS INTERVAL OVER PARTITION FILTER LATERAL TRUE FALSE'
).split(' ')
