import type { Migration } from '../migration.ts'

/** What was about to be done: an entry for the audit log should the server end before it is known to be. */
export const auditIntents: Migration = {
  version: 8,
  name: 'audit intents',
  statements: ['CREATE TABLE audit_intents (id INTEGER PRIMARY KEY AUTOINCREMENT, entry_json TEXT NOT NULL) STRICT'],
}
