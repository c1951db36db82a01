/** What to write instead of functions of SQLite, MySQL, Spark and the engine underneath. */
const foreign = new Map(
  Object.entries({
    ifnull: 'write coalesce(a, b)',
    nvl: 'write coalesce(a, b)',
    isnull: 'write value IS NULL',
    iif: 'write if(condition, a, b)',
    instr: 'write strpos(text, part)',
    charindex: 'write strpos(text, part)',
    len: 'write length(text), or cardinality(array)',
    group_concat: "write array_join(array_agg(DISTINCT x), ',')",
    string_agg: "write listagg(x, ',') WITHIN GROUP (ORDER BY x)",
    collect_list: 'write array_agg(x)',
    collect_set: 'write array_agg(DISTINCT x)',
    to_timestamp: "write date_parse(text, '%Y-%m-%d %H:%i:%s') or from_unixtime(seconds)",
    to_date: "write date(date_parse(text, '%Y-%m-%d'))",
    to_char: "write date_format(time, '%Y-%m-%d')",
    regexp_substr: 'write regexp_extract(text, pattern)',
    regexp_matches: 'write regexp_like(text, pattern)',
    regexp: 'write regexp_like(text, pattern)',
    string_split: 'write split(text, separator)',
    str_split: 'write split(text, separator)',
    total: 'write sum(x)',
    printf: "write format('%s', x)",
    unixepoch: 'write to_unixtime(time)',
    datediff: "write date_diff('day', a, b)",
    dateadd: "write date_add('day', n, time)",
    getdate: 'write now()',
    sysdate: 'write now()',
    get_json_object: "write json_extract_scalar(text, '$.key')",
    json_extract_string: "write json_extract_scalar(text, '$.key')",
    array_contains: 'write contains(array, value)',
    array_length: 'write cardinality(array)',
    size: 'write cardinality(array)',
    explode: 'write CROSS JOIN UNNEST(array)',
    unnest: 'UNNEST stands after FROM or JOIN',
    percentile: 'write approx_percentile(x, 0.95)',
    median: 'write approx_percentile(x, 0.5)',
  }),
)

/** Functions that only SQLite on an endpoint has. */
const endpointFunctions = new Set([
  'datetime',
  'strftime',
  'julianday',
  'glob',
  'regex_match',
  'regex_split',
  'cidr',
  'in_cidr_block',
  'community_id_v1',
  'inet_aton',
  'split_sqlite',
])

/** How the wanted function is written in Trino, or where the statement seems to come from; undefined: unknown. */
export function foreignFunctionHint(name: string): string | undefined {
  if (endpointFunctions.has(name)) {
    const instead = 'in the lake write from_unixtime(seconds), date_format(time, pattern) or regexp_like(text, pattern)'
    return `this looks like an endpoint (osquery, SQLite) query: ${instead}`
  }
  return foreign.get(name)
}
