import { SqlRefusal } from '../diagnostics.ts'
import type { Name, Relation } from '../parse/ast.ts'
import { noteJoinBounds } from './bounds.ts'
import { bindCondition } from './condition.ts'
import type { BoundColumn, BoundRelation, Context, Scope } from './context.ts'
import { findSource, noteUse } from './names.ts'
import { checkComparable } from './operators.ts'
import type { Addition } from './unnested.ts'

type Join = Extract<Relation, { kind: 'join' }>
type BoundFrom = {
  readonly sql: string
  readonly relations: readonly BoundRelation[]
  readonly additions?: readonly Addition[]
}
type BindRelation = (relation: Relation, left: readonly BoundRelation[], context: Context) => BoundFrom

export function bindJoin(
  node: Join,
  outer: readonly BoundRelation[],
  context: Context,
  bindRelation: BindRelation,
): BoundFrom {
  const left = bindRelation(node.left, outer, context)
  const right = bindRelation(node.right, [...outer, ...left.relations], context)
  refuseLateralSide(node)
  const rightSql = node.right.kind === 'join' ? `(${right.sql})` : right.sql
  if (node.using !== undefined) return bindUsing(node, node.using, left, right, rightSql)
  const relations = [...left.relations, ...right.relations]
  const additions = [...(left.additions ?? []), ...(right.additions ?? [])]
  if (node.on === undefined) return { sql: `${left.sql} CROSS JOIN ${rightSql}`, relations, additions }
  const scope: Scope = { relations, lambda: undefined, parent: context.scope }
  const inner: Context = {
    ...context,
    scope,
    clause: 'JOIN … ON',
    allowsAggregate: false,
    allowsWindow: false,
    grouping: undefined,
  }
  const condition = bindCondition(node.on, inner, 'ON')
  noteJoinBounds(node.on, node.type, left.relations, right.relations, inner)
  return { sql: `${left.sql} ${node.type} JOIN ${rightSql} ON ${condition}`, relations, additions }
}

/** UNNEST and LATERAL read the left side: there is nothing to read where the join keeps rows of the right alone. */
function refuseLateralSide(node: Join): void {
  const isLateral = node.right.kind === 'unnest' || (node.right.kind === 'subquery' && node.right.isLateral)
  if (!isLateral || (node.type !== 'RIGHT' && node.type !== 'FULL')) return
  throw new SqlRefusal(`${node.type} JOIN does not go with UNNEST or LATERAL`, node.right)
}

/** The columns USING names come first and once; both sides' own are no longer part of `*`. */
function bindUsing(node: Join, names: readonly Name[], left: BoundFrom, right: BoundFrom, rightSql: string): BoundFrom {
  const merged: BoundColumn[] = []
  const hidden = new Set<BoundColumn>()
  const conditions = names.map(name => {
    const [a, b] = [usingColumn(left.relations, name, 'left'), usingColumn(right.relations, name, 'right')]
    const type = checkComparable(a, b, '=', name, [`column '${name.text}'`])
    hidden.add(a).add(b)
    noteUse(a)
    noteUse(b)
    const sql = node.type === 'FULL' ? `coalesce(${a.sql}, ${b.sql})` : node.type === 'RIGHT' ? b.sql : a.sql
    const source = node.type === 'FULL' ? undefined : node.type === 'RIGHT' ? b.source : a.source
    merged.push({ name: name.text, sql, type, source })
    return `(${a.sql} = ${b.sql})`
  })
  const hide = (relation: BoundRelation): BoundRelation => ({
    ...relation,
    merged: new Set([...relation.merged, ...relation.columns.filter(column => hidden.has(column))]),
  })
  const relations = [
    { alias: undefined, columns: merged, merged: new Set<BoundColumn>() },
    ...left.relations.map(hide),
    ...right.relations.map(hide),
  ]
  return { sql: `${left.sql} ${node.type} JOIN ${rightSql} ON ${conditions.join(' AND ')}`, relations }
}

function usingColumn(relations: readonly BoundRelation[], name: Name, side: string): BoundColumn {
  const found = findSource({ relations, lambda: undefined, parent: undefined }, [name])
  if (found === undefined) throw new SqlRefusal(`column '${name.text}' of USING is not on the ${side} side`, name)
  return found
}
