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

const migrations: readonly Migration[] = [
  ...[initial, management, fleet, agentConfigurations, liveQueries, lakeLimits],
  ...[runLimits, auditIntents],
]

/** The format a store has after `migrate`. */
export const storeVersion = migrations.length

/**
 * Brings the store to this program's format. Commit point: one transaction for all missing migrations, so a store is
 * never between two formats. Throws `conflict` when the store was written by a newer program; nothing is changed then.
 */
export function migrate(database: DatabaseSync): void {
  const found = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0)
  if (found > storeVersion) {
    throw new AppError(
      'conflict',
      `the data directory has format ${found}, this program knows up to ${storeVersion}: use the newer program`,
    )
  }
  if (found === storeVersion) return
  database.exec('BEGIN IMMEDIATE')
  try {
    for (const migration of migrations.slice(found)) {
      for (const statement of migration.statements) database.exec(statement)
    }
    database.exec(`PRAGMA user_version = ${storeVersion}`)
    database.exec('COMMIT')
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}
