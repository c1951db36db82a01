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

/** What a run may have less of than its process was set up with, and how it is best read. */
export interface RunSettings {
  /** On disk, to spill to. */
  readonly tempBytesMax?: number
  readonly memoryBytesMax?: number
  /**
   * Of statements that sort and keep few rows: these are found by their sort keys, and their other columns read after.
   * Of any other statement with a LIMIT it costs more than it saves (measured: 700 → 150 ms, and 110 → 390 ms).
   */
  readonly keepsFewRows?: boolean
  /**
   * Rows need not come as they lie in the files: only then do all threads read for a statement that neither sorts nor
   * groups (measured on two: 530 → 260 ms).
   */
  readonly isReordered?: boolean
}

/** From now on the database opens `paths` and nothing else, and no setting changes any more. */
export async function lockDatabase(
  connection: DuckDBConnection,
  paths: readonly string[],
  { tempBytesMax, memoryBytesMax, keepsFewRows = false, isReordered = false }: RunSettings = {},
): Promise<void> {
  const mibOf = (bytes: number) => `'${Math.floor(bytes / mib)}MiB'`
  await runAll(connection, [
    ...(keepsFewRows ? [`SET late_materialization_max_rows = ${fewRowsMax}`] : []),
    ...(isReordered ? ['SET preserve_insertion_order = false'] : []),
    ...(tempBytesMax === undefined ? [] : [`SET GLOBAL max_temp_directory_size = ${mibOf(tempBytesMax)}`]),
    ...(memoryBytesMax === undefined ? [] : [`SET GLOBAL memory_limit = ${mibOf(memoryBytesMax)}`]),
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
