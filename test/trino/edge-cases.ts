import { fixture } from '../sql/lake.ts'
import type { NamedCase } from './function-cases.ts'

// Statements at the edges of functions, of TRY and of correlated subqueries, one a line of a fixture: what Trino fails
// on must fail here, and NULL inside TRY, row by row.

export const edgeCases: readonly NamedCase[] = fixture('trino-edges.sql')
  .split('\n')
  .filter(line => line !== '')
  .map(sql => ({ about: 'edge', sql }))
