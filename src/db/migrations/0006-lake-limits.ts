import type { Migration } from '../migration.ts'

export const lakeLimits: Migration = {
  version: 6,
  name: 'lake limits',
  statements: [],
}
