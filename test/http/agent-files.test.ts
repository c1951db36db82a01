import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestApp } from '../support/test-app.ts'

// Who may ask is in access.test.ts; what is in the files, in test/osquery/agent-files.

const url = '/lake/v1/agent-files'
const door = { host: 'lake.example.com', port: 8443, names: ['lake.example.com'], authorityPem: undefined }

test("the newest secret of one's own tenant that has not ended", async t => {
  const lake = await openTestApp(t)
  lake.agentDoor = door
  const [own, other] = [await lake.tenant({ name: 'Own' }), await lake.tenant({ name: 'Other' })]
  const headers = await lake.headersFor(own.id)
  const create = async (tenantHeaders: Record<string, string>, name: string) => {
    lake.now += 1000
    const request = {
      method: 'POST',
      url: '/lake/v1/enroll-secrets',
      headers: tenantHeaders,
      payload: { name },
    } as const
    return (await lake.app.inject(request)).json() as { id: string; secret: string }
  }
  const shown = async () => {
    const { tlsHostname, items } = (await lake.app.inject({ url, headers })).json()
    const secrets = items.filter((item: { isSecret: boolean }) => item.isSecret)
    return [tlsHostname, ...new Set(secrets.map(({ text }: { text: string }) => text))]
  }
  const first = await create(headers, 'first')
  const second = await create(headers, 'second')
  await create(await lake.headersFor(other.id), 'foreign')
  assert.deepEqual(await shown(), ['lake.example.com:8443', second.secret])
  await lake.app.inject({ method: 'DELETE', url: `/lake/v1/enroll-secrets/${second.id}`, headers })
  assert.deepEqual(await shown(), ['lake.example.com:8443', first.secret])
  await lake.app.inject({ method: 'DELETE', url: `/lake/v1/enroll-secrets/${first.id}`, headers })
  const none = await lake.app.inject({ url, headers })
  assert.equal(none.statusCode, 404)
  assert.match(none.json().detail, /^this tenant has no enroll secret: create one/)
})

test('a name that is none, or not in the certificate', async t => {
  const lake = await openTestApp(t)
  lake.agentDoor = door
  const headers = await lake.headersFor((await lake.tenant()).id)
  for (const [name, message] of [
    ['a b', /^"a b" is not a DNS name or an address$/],
    ['lake.example.org', /^the lake's certificate is not for lake\.example\.org, so agents would refuse it/],
  ] as const) {
    const answer = await lake.app.inject({ url, query: { tlsName: name }, headers })
    assert.equal(answer.statusCode, 400)
    assert.match(answer.json().detail, message)
  }
})
