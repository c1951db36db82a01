import { SqlRefusal } from '../diagnostics.ts'
import type { Expression } from '../parse/ast.ts'
import type { SqlType } from '../sql-type.ts'
import { pairSql, reduceSql } from './array.ts'
import { mapType } from './map.ts'
import type { AggregateRule, AggregateRules, BoundCall } from './rule.ts'
import { refused } from './rule.ts'

const noSketch = 'sketches are not kept; use approx_distinct or approx_percentile on the rows'

const own = (target: string): AggregateRule => ({ how: 'native', target })
const as = (target: string): AggregateRule => ({ how: 'renamed', target })

/** The rows of the group as key-value pairs, for what the engine has no aggregate of. */
function pairs(wrap: (list: string, call: BoundCall) => string): AggregateRule {
  return {
    how: 'rewrite',
    target: 'list',
    args: call => [pairSql(call.args[0]!.sql, call.args[1]!.sql)],
    wrap: (list, call) => wrap(list, call),
  }
}

const decimalAverage = (call: Omit<BoundCall, 'result'>): SqlType | undefined => {
  const type = call.args[0]?.type
  return type?.kind === 'decimal' ? type : undefined
}

/** Decimals are averaged by their digits: floating point keeps fifteen of them. */
function averageTarget(call: BoundCall): string {
  return call.result.kind === 'decimal' ? 'sum' : 'avg'
}

function average(sql: string, call: BoundCall): string {
  if (call.result.kind === 'intervalDay') return `to_milliseconds(CAST(floor(${sql} / 1000.0 + 0.5) AS BIGINT))`
  if (call.result.kind === 'intervalMonth') return `to_months(CAST(round(${sql}) AS INTEGER))`
  if (call.result.kind !== 'decimal') return sql
  const count = sql.replace('sum(', 'count(')
  const mean = `trino_half_up(trino_digits(${sql}), CAST(${count} AS HUGEINT))`
  return `CASE WHEN ${count} > 0 THEN trino_point(${mean}, ${call.result.scale}) END`
}

const decimalSum = (call: Omit<BoundCall, 'result'>): SqlType | undefined => {
  const type = call.args[0]?.type
  return type?.kind === 'decimal' ? { kind: 'decimal', precision: 38, scale: type.scale } : undefined
}

/** The percentile arguments must be known while planning. */
function percentile(call: BoundCall): readonly string[] {
  const node = call.node.args[1]!
  if (call.args.length > 2) {
    const hint = 'repeat each row: CROSS JOIN UNNEST(sequence(1, weight)), then approx_percentile(x, p)'
    const message = 'approx_percentile with a weight or an accuracy is not supported: Trino interpolates it in a sketch'
    throw new SqlRefusal(message, call.node.args[2]!, { hint })
  }
  const isConstant =
    node.kind === 'number' || (node.kind === 'array' && node.items.every(item => item.kind === 'number'))
  if (!isConstant) throw new SqlRefusal('the percentile must be a number or an array of numbers', node)
  // Trino takes the value at floor(q · n), the engine the one at ceil(q · n) − 1: alike for a share just above q.
  const above = (sql: string) => `least(${sql} + 1e-12, 1.0)`
  const share =
    node.kind === 'array'
      ? `[${node.items.map(item => above(percentText(item))).join(', ')}]`
      : above(percentText(node))
  return [call.args[0]!.sql, share]
}

function percentText(node: Expression): string {
  const value = node.kind === 'number' ? Number(node.text) : Number.NaN
  if (!(value >= 0 && value <= 1)) throw new SqlRefusal('a percentile lies between 0 and 1', node)
  return `CAST(${value} AS DOUBLE)`
}

/** listagg's separator: '' where it has none. */
function listaggArgs(call: BoundCall): readonly string[] {
  return [call.args[0]!.sql, call.args[1]?.sql ?? "''"]
}

/** The row with the extreme value may hold NULL in the first argument; the engine's own list of several skips it. */
function extreme(target: string): AggregateRule {
  return {
    how: 'renamed',
    target,
    targetOf: call => (call.args.length === 2 ? `${target}_null` : 'list'),
    args: call => {
      const [value, key] = call.args.map(arg => arg.sql)
      return call.args.length === 2 ? [value!, key!] : [`struct_pack(k := ${key}, v := ${value})`]
    },
    wrap: (sql, call) => {
      if (call.args.length === 2) return sql
      return `trino_first_by(${sql}, ${call.args[2]!.sql}, '${target === 'arg_max' ? 'DESC' : 'ASC'}')`
    },
  }
}

/** NaN is passed over; the engine takes it for the largest number. */
function minMax(target: string): AggregateRule {
  const isDouble = (call: BoundCall) => call.args.length === 1 && /^(double|real)$/.test(call.args[0]!.type.kind)
  return {
    how: 'native',
    target,
    args: call => {
      const sql = call.args.map(arg => arg.sql)
      return isDouble(call) ? [`CASE WHEN NOT isnan(${sql[0]}) THEN ${sql[0]} END`] : sql
    },
    wrap: (sql, call) => {
      if (!isDouble(call)) return sql
      const value = call.args[0]!.sql
      const any = sql
        .replace(`${target}(`, 'min(')
        .replace(`CASE WHEN NOT isnan(${value}) THEN ${value} END`, () => value)
      return `coalesce(${sql}, ${any})`
    },
  }
}

export const aggregateRuleTable: AggregateRules = {
  any_value: own('any_value'),
  // Exact: the engine's sketch is coarse where Trino's is not, among few values.
  approx_distinct: { how: 'rewrite', target: 'count', args: call => [`DISTINCT ${call.args[0]!.sql}`] },
  approx_most_frequent: {
    how: 'rewrite',
    target: 'histogram',
    args: call => [call.args[1]!.sql],
    wrap: (sql, call) => {
      const value = call.result.kind === 'map' ? call.result.key : call.args[1]!.type
      return `trino_most_frequent(CAST(${sql} AS ${mapType(value, { kind: 'bigint' })}), ${call.args[0]!.sql})`
    },
  },
  approx_percentile: { how: 'renamed', target: 'quantile_disc', args: percentile },
  approx_set: refused(noSketch),
  arbitrary: as('any_value'),
  array_agg: as('list'),
  avg: {
    how: 'native',
    target: 'avg',
    targetOf: averageTarget,
    args: call => {
      const { sql, type } = call.args[0]!
      return [
        type.kind === 'intervalDay'
          ? `trino_micros(${sql})`
          : type.kind === 'intervalMonth'
            ? `trino_months(${sql})`
            : sql,
      ]
    },
    wrap: average,
    result: decimalAverage,
  },
  bitwise_and_agg: as('bit_and'),
  bitwise_or_agg: as('bit_or'),
  bitwise_xor_agg: as('bit_xor'),
  bool_and: own('bool_and'),
  bool_or: own('bool_or'),
  checksum: refused('its value cannot be reproduced by this engine; compare counts or sha256 of sorted rows'),
  corr: own('corr'),
  count: own('count'),
  count_if: { how: 'renamed', target: 'count', args: call => [`CASE WHEN ${call.args[0]!.sql} THEN 1 END`] },
  covar_pop: own('covar_pop'),
  covar_samp: own('covar_samp'),
  every: as('bool_and'),
  geometric_mean: {
    how: 'rewrite',
    target: 'avg',
    args: call => [`trino_ln(CAST(${call.args[0]!.sql} AS DOUBLE))`],
    wrap: sql => `exp(${sql})`,
  },
  histogram: {
    how: 'native',
    target: 'histogram',
    wrap: (sql, call) => `CAST(${sql} AS ${mapType(call.args[0]!.type, { kind: 'bigint' })})`,
  },
  kurtosis: own('kurtosis'),
  listagg: { how: 'renamed', target: 'string_agg', args: listaggArgs, wrap: sql => `trino_listagg(${sql})` },
  make_set_digest: refused(noSketch),
  map_agg: pairs(list => `trino_map_agg(${list})`),
  map_union: {
    how: 'rewrite',
    target: 'list',
    args: call => [`map_entries(${call.args[0]!.sql})`],
    wrap: sql => `trino_map_agg(flatten(${sql}))`,
  },
  max: minMax('max'),
  max_by: extreme('arg_max'),
  merge: refused(noSketch),
  merge_set_digest: refused(noSketch),
  min: minMax('min'),
  min_by: extreme('arg_min'),
  multimap_agg: pairs(list => `trino_multimap(${list})`),
  numeric_histogram: refused('use width_bucket and GROUP BY'),
  qdigest_agg: refused(noSketch),
  reduce_agg: {
    how: 'rewrite',
    target: 'list',
    args: call => [call.args[0]!.sql],
    wrap: (sql, call) => {
      const present = `list_filter(${sql}, lambda "item": "item" IS NOT NULL)`
      return `CASE WHEN len(${present}) > 0 THEN ${reduceSql(call, present, call.args[0]!.type)} END`
    },
  },
  regr_intercept: own('regr_intercept'),
  regr_slope: own('regr_slope'),
  skewness: {
    how: 'rewrite',
    target: 'skewness',
    // The engine's is that of a sample, Trino's that of a population.
    wrap: sql => {
      const count = sql.replace('skewness(', 'count(')
      return `(${sql} * (${count} - 2) / sqrt(CAST(${count} AS DOUBLE) * (${count} - 1)))`
    },
  },
  stddev: own('stddev'),
  stddev_pop: own('stddev_pop'),
  stddev_samp: own('stddev_samp'),
  sum: {
    how: 'native',
    target: 'sum',
    args: call => {
      const { sql, type } = call.args[0]!
      if (type.kind === 'intervalDay') return [`trino_micros(${sql})`]
      return [type.kind === 'intervalMonth' ? `trino_months(${sql})` : sql]
    },
    wrap: (sql, call) => {
      if (call.result.kind === 'intervalDay') return `to_microseconds(CAST(${sql} AS BIGINT))`
      return call.result.kind === 'intervalMonth' ? `to_months(CAST(${sql} AS INTEGER))` : sql
    },
    result: decimalSum,
  },
  tdigest_agg: refused(noSketch),
  var_pop: own('var_pop'),
  var_samp: own('var_samp'),
  variance: own('variance'),
}

/** What the engine is sent for each aggregate, by name. */
export const aggregateRules: ReadonlyMap<string, AggregateRule> = new Map(Object.entries(aggregateRuleTable))

/** Window functions are called the same on both sides. */
export const windowRules: ReadonlyMap<string, string> = new Map(
  [
    'cume_dist',
    'dense_rank',
    'first_value',
    'lag',
    'last_value',
    'lead',
    'nth_value',
    'ntile',
    'percent_rank',
    'rank',
    'row_number',
  ].map(name => [name, name]),
)
