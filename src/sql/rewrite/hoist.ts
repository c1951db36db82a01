import type { Context, Hoist, Typed } from './context.ts'

// The engine lets no aggregate, no window, no query and no key of a group stand inside TRY, and no query inside a
// lambda. Trino computes all of these before the expression around them, so they are printed beside it as the fields of
// one row, and read from that row inside: `list_transform([row(count(*))], lambda "h1": TRY(1 // h1's first
// field))[1]`.

export function newHoist(depth: number): Hoist {
  return { name: `"h${depth}"`, values: [] }
}

/** `value`, computed outside of the TRY it stands in; itself where it stands in none. */
export function hoisted(value: Typed, context: Pick<Context, 'hoist'>): Typed {
  return context.hoist === undefined ? value : { sql: fieldOf(context.hoist, value.sql), type: value.type }
}

function fieldOf(hoist: Hoist, sql: string): string {
  const known = hoist.values.indexOf(sql)
  if (known === -1) hoist.values.push(sql)
  const position = known === -1 ? hoist.values.length : known + 1
  return `struct_extract(${hoist.name}, ${position})`
}

/** `sql`, which reads the hoist's row, with that row beside it. */
export function withHoisted(sql: string, { name, values }: Hoist): string {
  return values.length === 0 ? sql : `list_transform([row(${values.join(', ')})], lambda ${name}: ${sql})[1]`
}

/**
 * The SQL that `emit` makes of `args`. Where that holds a lambda, which may come to stand around an argument, those
 * that hold a query are computed beside it.
 */
export function besideQueries(args: readonly Typed[], depth: number, emit: (args: readonly Typed[]) => string): string {
  const plain = emit(args)
  if (!/\blambda\b|\btrino_/.test(plain) || !args.some(arg => holdsQuery(arg.sql))) return plain
  const hoist = newHoist(depth)
  const safe = args.map(arg => (holdsQuery(arg.sql) ? { ...arg, sql: fieldOf(hoist, arg.sql) } : arg))
  return withHoisted(emit(safe), hoist)
}

/** Also true for a text with the word in it, which does no harm. */
function holdsQuery(sql: string): boolean {
  return /\bSELECT\b/.test(sql)
}
