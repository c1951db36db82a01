import type { CannedCase } from './canned-case.ts'
import { accountCases } from './cases/accounts.ts'
import { huntingCases } from './cases/hunting.ts'
import { indicatorCases } from './cases/indicators.ts'
import { inventoryCases } from './cases/inventory.ts'
import { investigationCases } from './cases/investigation.ts'
import { networkCases } from './cases/network.ts'
import { persistenceCases } from './cases/persistence.ts'

/** One for each canned query. */
export const cannedCases: readonly CannedCase[] = [
  ...[...indicatorCases, ...huntingCases, ...persistenceCases, ...accountCases],
  ...[...networkCases, ...inventoryCases, ...investigationCases],
]
