import { withRelations } from '../../src/engine/duckdb/view-sql.ts'
import type { RunView } from '../../src/model/run-view.ts'
import { quoteName } from '../../src/row-sql/quote.ts'

/** Statements that make each relation a view of what a run reads, for more than one statement over them. */
export function viewStatements(view: RunView): string[] {
  return view.relations.map(relation => {
    const name = quoteName(relation.name)
    return `CREATE OR REPLACE VIEW ${name} AS ${withRelations({ ...view, relations: [relation] })}FROM ${name}`
  })
}
