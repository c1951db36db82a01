import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { Kysely, type SqliteDatabase, SqliteDialect, type SqliteStatement, sql, type Transaction } from 'kysely'
import { AppError, isDiskFull } from '../model/errors.ts'
import { formatOf, migrate, storeVersion } from './migrate.ts'
import type { Migration } from './migration.ts'
import { copyStore } from './store-copies.ts'
import type { Tables } from './tables.ts'

// The metadata store: embedded SQLite through node:sqlite, queried with Kysely. One connection, owned by this process;
// a commit is durable when its promise resolves (WAL, synchronous=FULL). node:sqlite is synchronous: every statement
// runs on the event loop, so each must stay well under 5 ms. A partial index is used only where the statement has the
// index's own condition in letters (`sql.lit`, `sql`): SQLite does not look at parameters when it chooses.

/** Either the store or a transaction on it: what every function of this folder takes first. */
export type Db = Kysely<Tables> | Transaction<Tables>

export type Store = Kysely<Tables>

/** A store that an older program wrote was brought to this one's format. */
export interface Upgrade {
  readonly from: number
  readonly to: number
  /** Path of the store as it was. */
  readonly copy: string
}

export interface OpenOptions {
  readonly onUpgraded?: (upgrade: Upgrade) => void
  /** Default: those of this program. */
  readonly migrations?: readonly Migration[]
}

/**
 * Opens (and creates or migrates) the store at `path`, or a private one for `:memory:`. A store of an older format is
 * copied first. Throws `unavailable` where that, or a migration, fails: the store is as it was then, and the older
 * program can go on with it; `conflict` where a newer program wrote it. The caller calls `destroy()`.
 */
export function openStore(path: string, options: OpenOptions = {}): Store {
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA journal_mode = WAL')
    database.exec('PRAGMA synchronous = FULL')
    database.exec('PRAGMA foreign_keys = ON')
    database.exec('PRAGMA busy_timeout = 0')
    upgrade(database, path, options)
  } catch (error) {
    database.close()
    throw error
  }
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database: asSqliteDatabase(database) }) })
}

function upgrade(database: DatabaseSync, path: string, { onUpgraded, migrations }: OpenOptions): void {
  const from = formatOf(database)
  const to = migrations?.length ?? storeVersion
  const copy = from > 0 && from < to ? copyStore(database, path, from) : undefined
  migrate(database, migrations)
  if (copy !== undefined) onUpgraded?.({ from, to, copy })
}

/**
 * Opens a store that another process may be writing to; nothing can be changed through it. Throws `conflict` where it
 * has another format than this program's.
 */
export function openStoreForReading(path: string): Store {
  const database = new DatabaseSync(path, { readOnly: true })
  const found = formatOf(database)
  if (found !== storeVersion) {
    database.close()
    throw new AppError('conflict', `the data directory has format ${found}, this program reads ${storeVersion}`)
  }
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database: asSqliteDatabase(database) }) })
}

const cachedStatementsMax = 256

/** What Kysely's SQLite dialect expects of a driver, over node:sqlite; statements are cached by their text. */
function asSqliteDatabase(database: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>()
  const rollback: SqliteStatement['run'] = () => {
    if (database.isTransaction) database.exec('ROLLBACK')
    return { changes: 0, lastInsertRowid: 0 }
  }
  return {
    close: () => database.close(),
    prepare(text) {
      const cached = statements.get(text)
      if (cached !== undefined) return cached
      const plain = asSqliteStatement(database.prepare(text))
      // A statement that finds the disk full has ended its transaction already.
      const statement = /^rollback$/i.test(text) ? { ...plain, run: rollback } : plain
      if (statements.size >= cachedStatementsMax) statements.clear()
      statements.set(text, statement)
      return statement
    },
  }
}

function asSqliteStatement(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: parameters => translated(() => statement.all(...(parameters as SQLInputValue[]))),
    run: parameters => {
      const { changes, lastInsertRowid } = translated(() => statement.run(...(parameters as SQLInputValue[])))
      return { changes, lastInsertRowid }
    },
    iterate: parameters => statement.iterate(...(parameters as SQLInputValue[])) as IterableIterator<unknown>,
  }
}

/** A full disk is nobody's mistake: whoever asks may come again. */
function translated<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (!isDiskFull(error)) throw error
    throw new AppError('unavailable', 'the disk that holds the store is full', { cause: error })
  }
}

/** One transaction: all of `work` or nothing. Transactions of one store run one after another. */
export function inTransaction<Result>(
  store: Store,
  work: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  return store.transaction().execute(work)
}

/**
 * A transaction whose loss in a power failure does no harm, so its commit does not wait for the disk: what is only
 * about processes that would have died as well. It outlives the end of this process, and later commits make it durable.
 */
export function inPassingTransaction<Result>(
  store: Store,
  work: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  return store.connection().execute(async connection => {
    await sql`PRAGMA synchronous = NORMAL`.execute(connection)
    try {
      return await connection.transaction().execute(work)
    } finally {
      await sql`PRAGMA synchronous = FULL`.execute(connection)
    }
  })
}
