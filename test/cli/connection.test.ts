import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { connectionWords, resolveConnection } from '../../src/cli/connection.ts'
import { recordedEffects } from './recorded-effects.ts'
import { temporaryFolder } from './temporary-folder.ts'

const firstRun = {
  url: 'http://127.0.0.1:8480',
  tenantId: 'tenant-of-file',
  clientId: 'id-of-file',
  clientSecret: 'secret-of-file',
  enrollSecret: 'e',
}

test('the first start says where the lake is', async t => {
  const folder = temporaryFolder(t, { 'first-run.json': JSON.stringify(firstRun) })
  const expected = {
    url: 'http://127.0.0.1:8480',
    clientId: 'id-of-file',
    clientSecret: 'secret-of-file',
    tenantId: 'tenant-of-file',
  }
  assert.deepEqual(await resolveConnection(recordedEffects(), { data: folder }), expected)
  const environment = { EDR_LAKE_DATA: folder, EDR_LAKE_URL: '' }
  assert.deepEqual(await resolveConnection(recordedEffects({ environment }), {}), expected)
})

test('a flag wins over the environment, the environment over the file', async t => {
  const folder = temporaryFolder(t, { 'first-run.json': JSON.stringify(firstRun) })
  const environment = { EDR_LAKE_URL: 'http://one:1', EDR_LAKE_TENANT: 'tenant-of-environment' }
  const effects = recordedEffects({ environment })
  assert.deepEqual(await resolveConnection(effects, { data: folder, url: 'https://two' }), {
    url: 'https://two',
    clientId: 'id-of-file',
    clientSecret: 'secret-of-file',
    tenantId: 'tenant-of-environment',
  })
})

test("other credentials do not inherit the file's tenant", async t => {
  const folder = temporaryFolder(t, { 'first-run.json': JSON.stringify(firstRun) })
  const flags = { data: folder, clientId: 'mine', clientSecret: 'my-secret' }
  assert.equal((await resolveConnection(recordedEffects(), flags)).tenantId, undefined)
})

test('with everything given no file is read', async () => {
  const flags = { url: 'http://x', clientId: 'i', clientSecret: 's' }
  assert.deepEqual(await resolveConnection(recordedEffects(), flags), { ...flags, tenantId: undefined })
})

test('without a lake the sentence says what to do', async () => {
  await assert.rejects(resolveConnection(recordedEffects({ workingDirectory: '/nowhere' }), {}), {
    code: 'not_found',
    message:
      'no lake is known: there is no /nowhere/data/first-run.json; start one with `npm start`, or name one with ' +
      '--data, or --url, --client-id and --client-secret',
  })
})

test('a damaged file and an address that is none are said', async t => {
  const folder = temporaryFolder(t, { 'first-run.json': '{"url":"http://x","tenantId":"t"' })
  await assert.rejects(resolveConnection(recordedEffects(), { data: folder }), {
    code: 'invalid_argument',
    message: `${join(folder, 'first-run.json')} is damaged: url, tenantId, clientId, clientSecret missing`,
  })
  await assert.rejects(resolveConnection(recordedEffects(), { url: 'localhost:8480' }), {
    name: 'UsageError',
    message: '"localhost:8480" is no http or https URL',
  })
})

test('a command to be typed again repeats the flags but the secret', () => {
  assert.deepEqual(connectionWords({ data: 'my data', clientSecret: 'hidden', tenant: 't' }), [
    '--data',
    "'my data'",
    '--tenant',
    't',
  ])
})
