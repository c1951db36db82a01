import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { inPassingTransaction, inTransaction, openStore } from '../../src/db/db.ts'

const put = (key: string) => ({ key, value: 'v' })

test('a passing transaction is all or nothing, and leaves later ones waiting for the disk again', async context => {
  const store = openStore(':memory:')
  context.after(() => store.destroy())
  const modeOf = async () => Number(Object.values((await sql`PRAGMA synchronous`.execute(store)).rows[0] as object)[0])
  const [normal, full] = [1, 2]
  assert.equal(await modeOf(), full)
  const inside = await inPassingTransaction(store, async transaction => {
    await transaction.insertInto('meta').values(put('kept')).execute()
    return Number(Object.values((await sql`PRAGMA synchronous`.execute(transaction)).rows[0] as object)[0])
  })
  assert.equal(inside, normal)
  assert.equal(await modeOf(), full)
  const failing = inPassingTransaction(store, async transaction => {
    await transaction.insertInto('meta').values(put('lost')).execute()
    throw new Error('cut off')
  })
  await assert.rejects(failing, /^Error: cut off$/)
  assert.equal(await modeOf(), full)
  const [passing, durable] = [inPassingTransaction, inTransaction].map(begin =>
    begin(store, async transaction => {
      await transaction.insertInto('meta').values(put(begin.name)).execute()
      return Number(Object.values((await sql`PRAGMA synchronous`.execute(transaction)).rows[0] as object)[0])
    }),
  )
  assert.deepEqual([await passing, await durable], [normal, full])
  const keys = await store.selectFrom('meta').select('key').orderBy('key').execute()
  assert.deepEqual(
    keys.map(({ key }) => key),
    ['inPassingTransaction', 'inTransaction', 'kept'],
  )
})
