import type { Migration } from '../migration.ts'

export const agentConfigurations: Migration = {
  version: 4,
  name: 'agent configurations',
  statements: [],
}
