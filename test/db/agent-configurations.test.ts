import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { sql } from 'kysely'
import {
  findConfiguration,
  insertConfiguration,
  listConfigurationVersions,
  listCurrentConfigurations,
} from '../../src/db/agent-configurations.ts'
import { openStore } from '../../src/db/db.ts'
import { insertTenant } from '../../src/db/tenants.ts'
import type { ConfigurationChange } from '../../src/model/label-configuration.ts'
import { newTenant } from '../support/test-app.ts'

const bounds = { labelsMax: 3, versionsMax: 4 }

async function open(context: TestContext) {
  const store = openStore(':memory:')
  context.after(() => store.destroy())
  for (const id of ['t1', 't2']) await insertTenant(store, newTenant(1, { id }))
  const save = (label: string, verbose: unknown, more: Partial<ConfigurationChange> = {}, base?: number) =>
    insertConfiguration(store, { ...change(label, verbose), ...more }, base, bounds)
  return { store, save }
}

function change(label: string, verbose: unknown): ConfigurationChange {
  const layer = { config: { options: { verbose } }, hasShippedQueries: false }
  return { tenantId: 't1', label, layer, comment: 'why', createdAt: 5, createdBy: 'p1' }
}

test('versions are dense, newest first, and read as they were saved', async t => {
  const { store, save } = await open(t)
  for (const verbose of [1, 2, 3]) {
    const { version, isNew } = await save('web', verbose, { restoredVersion: verbose === 3 ? 1 : undefined })
    assert.deepEqual([version.version, isNew], [verbose, true])
  }
  const versions = await listConfigurationVersions(store, 't1', 'WEB', 0, 10)
  assert.deepEqual(
    versions.map(({ version }) => version),
    [3, 2, 1],
  )
  assert.deepEqual(versions[0], {
    ...change('web', 3),
    layer: { config: { options: { verbose: 3 } }, hasShippedQueries: false },
    version: 3,
    restoredVersion: 1,
  })
  assert.deepEqual(
    (await listConfigurationVersions(store, 't1', 'web', 1, 1)).map(({ version }) => version),
    [2],
  )
  assert.deepEqual((await findConfiguration(store, 't1', 'Web', 2))?.layer.config, { options: { verbose: 2 } })
  assert.equal((await findConfiguration(store, 't1', 'web'))?.version, 3)
})

test("what is not there, and what is another tenant's", async t => {
  const { store, save } = await open(t)
  await save('all', 1)
  assert.equal(await findConfiguration(store, 't1', 'all', 2), undefined)
  assert.equal(await findConfiguration(store, 't1', 'web'), undefined)
  assert.equal(await findConfiguration(store, 't2', 'all'), undefined)
  assert.deepEqual(await listCurrentConfigurations(store, 't2'), [])
  assert.deepEqual(await listConfigurationVersions(store, 't2', 'all', 0, 10), [])
  await save('all', 7, { tenantId: 't2' })
  assert.equal((await findConfiguration(store, 't2', 'all'))?.version, 1)
})

test('the same again makes no version', async t => {
  const { save } = await open(t)
  await save('all', 1)
  const { version, isNew } = await save('all', 1, { comment: 'again', createdBy: 'p2' })
  assert.deepEqual([version.version, version.comment, isNew], [1, 'why', false])
})

test('a change to a version that is no longer the current one is a conflict and changes nothing', async t => {
  const { store, save } = await open(t)
  await save('all', 1, {}, 0)
  await save('all', 2, {}, 1)
  const message = 'the configuration of all is at version 2, not 1: get it and change that'
  await assert.rejects(save('all', 3, {}, 1), { code: 'conflict', message, details: { version: 2 } })
  await assert.rejects(save('web', 3, {}, 1), { code: 'conflict', details: { version: 0 } })
  assert.equal((await listConfigurationVersions(store, 't1', 'all', 0, 10)).length, 2)
})

test('two at once make two versions; two at once from one version make one and a conflict', async t => {
  const { store, save } = await open(t)
  await Promise.all([save('all', 1), save('all', 2)])
  assert.deepEqual(
    (await listConfigurationVersions(store, 't1', 'all', 0, 10)).map(({ version }) => version),
    [2, 1],
  )
  const both = await Promise.allSettled([save('all', 3, {}, 2), save('all', 4, {}, 2)])
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  assert.equal((await findConfiguration(store, 't1', 'all'))?.version, 3)
})

test('the current version of each label, in the letters it was first saved with', async t => {
  const { store, save } = await open(t)
  await save('Web', 1)
  await save('all', 1)
  await save('WEB', 2)
  const current = await listCurrentConfigurations(store, 't1')
  assert.deepEqual(
    current.map(({ label, version }) => [label, version]),
    [
      ['all', 1],
      ['Web', 2],
    ],
  )
})

test('labels and versions have a bound', async t => {
  const { save } = await open(t)
  for (const label of ['all', 'linux', 'web']) await save(label, 1)
  await assert.rejects(save('db', 1), {
    code: 'conflict',
    message: '3 labels have a configuration already, the most there can be',
  })
  for (const verbose of [2, 3, 4]) await save('web', verbose)
  await assert.rejects(save('web', 5), {
    code: 'conflict',
    message: 'there are 4 versions of it, the most there can be',
  })
})

test('history is not rewritten', async t => {
  const { store, save } = await open(t)
  await save('all', 1)
  await assert.rejects(
    sql`UPDATE agent_configurations SET comment = 'other'`.execute(store),
    /a version of a configuration never changes/,
  )
})
