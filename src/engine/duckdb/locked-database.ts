import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { fewRowsMax } from '../../limits.ts'
import { AppError } from '../../model/errors.ts'
import { quoteText } from '../../row-sql/quote.ts'
import { checkSerializedTree } from '../../sql/guard.ts'
import type { ChildSetup } from './protocol.ts'

// A DuckDB that can do nothing but compute over the files it was told. Modes: fresh (nothing locked: only our own text
// may run) → locked (one list of paths, no other file, no extension, no setting: a user's gated text may run) → closed.
// One run per instance; there is no way back.

export interface Database {
  readonly connection: DuckDBConnection
  close(): void
}

const mib = 1024 * 1024

/** A fresh in-memory database. The caller closes it. */
export async function openDatabase(setup: ChildSetup): Promise<Database> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(setup.threads),
    memory_limit: `${Math.floor(setup.databaseBytes / mib)}MiB`,
    temp_directory: setup.tempFolder,
    max_temp_directory_size: `${Math.floor(setup.tempBytes / mib)}MiB`,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  })
  const connection = await instance.connect()
  // Trino's `/` on integers truncates, and every timestamp of the lake is UTC.
  await connection.run(`SET GLOBAL TimeZone = 'UTC'`)
  await connection.run('SET GLOBAL integer_division = true')
  await connection.run('SET enable_progress_bar = true')
  await connection.run('SET enable_progress_bar_print = false')
  return {
    connection,
    close: () => {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

/**
 * Of statements that sort and keep few rows: these are found by their sort keys, and their other columns read after. Of
 * any other statement with a LIMIT it costs more than it saves (measured: 700 → 150 ms, and 110 → 390 ms).
 */
export async function readRowsLate(connection: DuckDBConnection): Promise<void> {
  await connection.run(`SET late_materialization_max_rows = ${fewRowsMax}`)
}

/** A run may be given less disk to spill to than its process was set up with. */
export async function boundTemporaryFiles(connection: DuckDBConnection, bytesMax: number): Promise<void> {
  await connection.run(`SET GLOBAL max_temp_directory_size = '${Math.floor(bytesMax / mib)}MiB'`)
}

/** A run may ask for less memory than its process was set up with. */
export async function boundMemory(connection: DuckDBConnection, bytesMax: number): Promise<void> {
  await connection.run(`SET GLOBAL memory_limit = '${Math.floor(bytesMax / mib)}MiB'`)
}

/** From now on the database opens `paths` and nothing else, and no setting changes any more. */
export async function lockDatabase(connection: DuckDBConnection, paths: readonly string[]): Promise<void> {
  await runAll(connection, [
    `SET allowed_paths = [${paths.map(quoteText).join(', ')}]`,
    'SET enable_external_access = false',
    'SET lock_configuration = true',
  ])
}

/** Our own statements, one after another, in one call: each call costs as much as a small statement. */
export async function runAll(connection: DuckDBConnection, statements: readonly string[]): Promise<void> {
  if (statements.length > 0) await connection.run(statements.join(';\n'))
}

/**
 * The second guard: the statement as DuckDB's own parser reads it names only `relations` and allowed functions. Throws
 * `invalid_argument`. No difference between two parsers can slip through: this is the one that will execute.
 */
export async function guardStatement(
  connection: DuckDBConnection,
  sql: string,
  relations: ReadonlySet<string>,
): Promise<void> {
  // The C interface ends a text at NUL: what is guarded would not be what runs.
  if (sql.includes('\0')) throw new AppError('invalid_argument', 'the statement contains a NUL character')
  const reader = await connection.runAndReadAll(`SELECT json_serialize_sql(${quoteText(sql)})`)
  checkSerializedTree(String(reader.value(0, 0)), relations)
}
