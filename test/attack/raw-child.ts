import { lockDatabase, openDatabase } from '../../src/engine/duckdb/locked-database.ts'
import type { ChildSetup } from '../../src/engine/duckdb/protocol.ts'
import { viewPaths } from '../../src/engine/duckdb/view-sql.ts'
import type { RunView } from '../../src/model/run-view.ts'
import { viewStatements } from '../support/relation-views.ts'

// A query worker without its guards: text that nothing has checked, straight on the locked connection of a run. Exists
// for the attack suite only.

export interface RawSetup extends ChildSetup {
  readonly view: RunView
  readonly resultPath: string
}

export type RawReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'rows' | 'error'; readonly text: string; readonly changesLater: readonly string[] }

/** Asked after the statement, in the same database: did it change what later text of the same run would meet? */
const probes = ['SELECT count(*) FROM "xdr_data"', `SELECT content FROM read_text('/etc/passwd')`]

const setup = JSON.parse(process.argv[2] ?? '{}') as RawSetup

process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
process.on('message', (sql: string) => void execute(sql))
process.send?.({ kind: 'ready' } satisfies RawReply)

async function execute(sql: string): Promise<void> {
  const { connection, close } = await openDatabase(setup)
  await lockDatabase(connection, [...viewPaths(setup.view), setup.resultPath])
  for (const statement of viewStatements(setup.view)) await connection.run(statement)
  const answer = (text: string) =>
    connection.runAndReadAll(text).then(
      reader => ({ kind: 'rows' as const, text: JSON.stringify(reader.getRowsJson()) }),
      error => ({ kind: 'error' as const, text: String(error) }),
    )
  const { kind, text } = await answer(sql)
  const changesLater: string[] = []
  for (const probe of probes) changesLater.push((await answer(probe)).text)
  close()
  process.send?.({ kind, text, changesLater } satisfies RawReply)
}
