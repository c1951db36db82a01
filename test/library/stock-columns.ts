import { shippedSchedule } from '../../src/fleet/packs/shipped-config.ts'
import { domainControllerEvents } from '../../src/fleet/packs/windows-events.ts'
import { columnsOfSql, osqueryDatabase } from '../fleet/packs/osquery-tables.ts'

// What osquery without extensions reports under the lake's query names: the columns of the queries that ship, which a
// canned query may read. Reputations, scores and the journals of IP flows are not among them.

const database = osqueryDatabase()

export const stockColumns: Readonly<Record<string, ReadonlySet<string>>> = Object.fromEntries(
  [...shippedSchedule, ...domainControllerEvents].map(({ name, sql }) => [name, new Set(columnsOfSql(database, sql))]),
)
