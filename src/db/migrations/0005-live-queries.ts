import type { Migration } from '../migration.ts'

export const liveQueries: Migration = {
  version: 5,
  name: 'live queries',
  statements: [],
}
