import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { newId } from '../../src/model/ids.ts'
import { enrolBody, oneMachine } from '../support/fleet.ts'
import { openTestApp } from '../support/test-app.ts'
import { assertProblem } from './error-bodies.ts'

const url = '/lake/v1/enroll-secrets'

async function openSecrets(context: TestContext) {
  const lake = await openTestApp(context)
  const [own, other] = [(await lake.tenant()).id, (await lake.tenant()).id]
  const headers = { own: await lake.headersFor(own), other: await lake.headersFor(other) }
  const make = (body: object, who: 'own' | 'other' = 'own') =>
    lake.app.inject({ method: 'POST', url, headers: headers[who], payload: JSON.stringify({ name: 'n', ...body }) })
  return { lake, own, other, headers, make }
}

test('a secret gives labels, which must be there, and may be as short as those of other servers', async t => {
  const { lake, own, headers, make } = await openSecrets(t)
  assertProblem(await make({ labels: ['none'] }), 400, 'invalid_argument', 'labels has "none": there is no such label')
  await lake.app.inject({ method: 'PUT', url: '/lake/v1/labels/dmz', headers: headers.own })
  const made = await make({ secret: 'eight8ch', labels: ['DMZ'] })
  assert.deepEqual([made.statusCode, made.json().labels], [201, ['DMZ']])
  const payload = enrolBody({ secret: 'eight8ch', ...oneMachine })
  const { node_key } = (await lake.app.inject({ method: 'POST', url: '/osquery/v1/enroll', payload })).json()
  const host = (await lake.agents.hostKeys.find(node_key)) ?? assert.fail()
  assert.equal(host.tenantId, own)
  assert.deepEqual(await lake.agents.labels.labelsOf(host), ['all', 'linux', 'dmz'])
})

test('an environment is a tenant’s own, and no path of anything else', async t => {
  const { lake, other, make } = await openSecrets(t)
  const uuid = newId()
  for (const environment of ['prod', uuid.toUpperCase()]) {
    const made = await make({ environment })
    assert.deepEqual([made.statusCode, made.json().environment], [201, environment === 'prod' ? 'prod' : uuid])
    assert.equal((await make({ environment })).statusCode, 201, 'several secrets of one environment')
    assertProblem(await make({ environment }, 'other'), 409, 'conflict', /^this environment cannot be used/)
  }
  const taken = ['lake', 'API', 'osquery', 'docs', 'xdr-query', 'services', 'version', other]
  for (const environment of taken) assertProblem(await make({ environment }), 409, 'conflict', /^this environment/)
  for (const environment of ['', '-a', 'a/b', 'a b', 'é', 'x'.repeat(129)]) {
    assertProblem(await make({ environment }), 400, 'invalid_argument', /^environment /)
  }
  for (const id of ['prod', uuid, uuid.toUpperCase()]) {
    const answer = await lake.app.inject({ method: 'POST', url: `/${id}/config`, payload: '{"node_key":"none"}' })
    assert.equal(answer.json().node_invalid, true, id)
  }
})
