import type { DatabaseSync } from 'node:sqlite'
import { AppError } from '../model/errors.ts'
import type { Migration } from './migration.ts'
import { initial } from './migrations/0001-initial.ts'
import { management } from './migrations/0002-management.ts'
import { fleet } from './migrations/0003-fleet.ts'
import { agentConfigurations } from './migrations/0004-agent-configurations.ts'
import { liveQueries } from './migrations/0005-live-queries.ts'
import { lakeLimits } from './migrations/0006-lake-limits.ts'
import { runLimits } from './migrations/0007-run-limits.ts'
import { auditIntents } from './migrations/0008-audit-intents.ts'
import { organizations } from './migrations/0009-organizations.ts'

const allMigrations: readonly Migration[] = [
  ...[initial, management, fleet, agentConfigurations, liveQueries, lakeLimits],
  ...[runLimits, auditIntents, organizations],
]

/** The format a store has after `migrate`. */
export const storeVersion = allMigrations.length

/** The format of a store; 0: it is empty. */
export function formatOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0)
}

/**
 * Brings the store to this program's format. Commit point: one transaction for all missing migrations, so a store is
 * never between two formats. Throws `conflict` when the store was written by a newer program, `unavailable` where a
 * migration fails; nothing is changed then.
 */
export function migrate(database: DatabaseSync, migrations: readonly Migration[] = allMigrations): void {
  const found = formatOf(database)
  const wanted = migrations.length
  if (found > wanted) {
    throw new AppError(
      'conflict',
      `the data directory has format ${found}, this program knows up to ${wanted}: use the newer program`,
    )
  }
  if (found === wanted) return
  try {
    database.exec('BEGIN IMMEDIATE')
    for (const migration of migrations.slice(found)) {
      for (const statement of migration.statements) database.exec(statement)
    }
    database.exec(`PRAGMA user_version = ${wanted}`)
    database.exec('COMMIT')
  } catch (error) {
    // A full disk has rolled it back already.
    if (database.isTransaction) database.exec('ROLLBACK')
    const reason = error instanceof Error ? error.message : String(error)
    const message = `the store could not be brought from format ${found} to ${wanted}, and is as it was: ${reason}`
    throw new AppError('unavailable', message, { cause: error })
  }
}
