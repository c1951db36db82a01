import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { flatTables, shippedTables } from '../../src/lake/tables.ts'
import { digestsBelow, leaksIn } from './leaks.ts'
import { type Ended, filesBelow, type PlantedServer, startPlanted, tryStatement } from './planted-server.ts'
import { attacks, filled } from './statements.ts'
import { WallTable } from './wall-table.ts'

// The whole server, as an attacker with a token of a tenant of their own meets it.

function stoppedBy({ how, message }: Ended): string {
  if (how === 'refused') return 'gate'
  if (how === 'succeeded') return 'harmless'
  return message.includes('second check') ? 'guard' : 'engine'
}

suite('all walls', () => {
  let planted: PlantedServer
  before(async () => {
    planted = await startPlanted()
  })
  after(() => planted?.server.close())

  test("the second tenant's rows are there in every table, for itself and for nobody else", async () => {
    const { attacker, foreign } = planted
    for (const { name } of shippedTables) {
      const sql = `SELECT count(*) AS n FROM ${name}`
      const [theirs, ours] = [await foreign.query({ sql }), await attacker.query({ sql })]
      assert.ok(Number(theirs[0]?.['n']) > 0, name)
      if (flatTables.includes(name)) assert.deepEqual(ours, [{ n: 0 }], name)
      const tenants = `SELECT count(*) AS n FROM ${name} WHERE customer_id = '${foreign.tenantId}'`
      const hasTenant = shippedTables
        .find(table => table.name === name)
        ?.columns.some(each => each.name === 'customer_id')
      if (hasTenant) assert.deepEqual(await attacker.query({ sql: tenants }), [{ n: 0 }], name)
    }
  })

  test('nothing foreign, no path and no setting comes out; nothing on disk changes', async context => {
    const { attacker, server, places } = planted
    const folders = [`${server.directory}/lake`]
    const isData = () => filesBelow(server.directory, '.parquet').filter(path => path.includes('/lake/'))
    const before = digestsBelow(...folders)
    const table = new WallTable()
    for (const attack of attacks.map(each => filled(each, places))) {
      const ended = await tryStatement(attacker, attack.sql, attack.variables)
      table.count(attack.kind, stoppedBy(ended))
      const said = `${attack.sql} ${JSON.stringify(attack.variables ?? '')}`
      const own = ended.answer.replaceAll(JSON.stringify(attack.sql).slice(1, -1), '')
      const words = [places['root'] ?? '?', places['foreignTenant'] ?? '?', places['foreignName'] ?? '?']
      assert.deepEqual(leaksIn(own, said, words), [], `${attack.sql}\n${ended.answer.slice(0, 2000)}`)
    }
    // Compaction and conversion may go on meanwhile; what was there is as it was, or gone with its replacement.
    const now = digestsBelow(...folders)
    for (const path of isData()) if (before[path] !== undefined) assert.equal(now[path], before[path], path)
    context.diagnostic(`\n${table}`)
  })
})
