import type { Migration } from '../migration.ts'

/** Organizations that a partner made; those made offline before have no row and no partner. */
export const organizations: Migration = {
  version: 9,
  name: 'organizations',
  statements: [
    `CREATE TABLE organizations (
      id TEXT PRIMARY KEY, partner_id TEXT NOT NULL, name TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT`,
    'CREATE INDEX organizations_by_partner ON organizations (partner_id, created_at)',
  ],
}
