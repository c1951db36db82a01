import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { listAccountAudit } from '../../src/db/account-audit.ts'
import { beginIntent, endIntent } from '../../src/db/audit-intents.ts'
import { openStore } from '../../src/db/db.ts'
import { openAuditLog } from '../../src/ingest/audit-log.ts'
import type { AuditActor, AuditEntry, Refusal } from '../../src/model/audit.ts'
import { silentLog } from '../../src/model/log.ts'

const actor: AuditActor = { principalId: 'p', accountType: 'partner', accountId: 'a', role: 'superAdmin' }

function entryOf(members: Partial<AuditEntry> = {}): AuditEntry {
  return {
    ...{ tenantId: 't', at: 1, action: 'runs.start', outcome: 'done', actor, address: '::1', requestId: 'r' },
    ...{ target: 'x', ...members },
  }
}

function refusalOf(members: Partial<Refusal> = {}): Refusal {
  return { tenantId: 't', at: 1, action: 'runs.start', actor, address: '::1', requestId: 'r', ...members }
}

function openLog(context: TestContext, keep?: (tenantId: string, entry: AuditEntry) => Promise<void>) {
  const store = openStore(':memory:')
  context.after(() => store.destroy())
  const kept: [string, AuditEntry][] = []
  const keepAll = async (tenantId: string, entry: AuditEntry): Promise<void> => {
    kept.push([tenantId, entry])
  }
  const audit = openAuditLog({ store, log: silentLog, keep: keep ?? keepAll, flushMs: 0 })
  return { store, kept, audit }
}

test("a tenant's entry goes to its lake, an account's own into the store, nobody's nowhere", async t => {
  const { store, kept, audit } = openLog(t)
  await audit.record(entryOf())
  await audit.record(entryOf({ tenantId: undefined, at: 2 }))
  await audit.record(entryOf({ tenantId: undefined, at: 3 }))
  await audit.record(entryOf({ tenantId: undefined, actor: undefined }))
  assert.deepEqual(kept, [['t', entryOf()]])
  const own = await listAccountAudit(store, 'a', 0, 10)
  assert.deepEqual(
    own.map(({ at }) => at),
    [3, 2],
  )
  assert.deepEqual(await listAccountAudit(store, 't', 0, 10), [])
})

test('refused calls alike are one entry with their number; kinds past the bound are one', async t => {
  const { kept, audit } = openLog(t)
  for (let call = 0; call < 10_000; call += 1) audit.refused(refusalOf({ at: call }))
  audit.refused(refusalOf({ address: '10.0.0.1' }))
  for (let kind = 0; kind < 500; kind += 1)
    audit.refused(refusalOf({ tenantId: 'u', action: `GET /${kind}`, at: kind }))
  assert.equal(kept.length, 0)
  await audit.flush()
  const [first, second] = kept.filter(([tenantId]) => tenantId === 't').map(([, entry]) => entry)
  assert.deepEqual(first, { ...refusalOf({ at: 0 }), outcome: 'refused', target: undefined, count: 10_000 })
  assert.deepEqual([second?.address, second?.count], ['10.0.0.1', 1])
  const others = kept.filter(([tenantId]) => tenantId === 'u').map(([, entry]) => entry)
  assert.equal(others.length, 101)
  assert.deepEqual([others.at(-1)?.action, others.at(-1)?.count], ['others', 400])
  await audit.close()
  assert.equal(kept.length, 103, 'each is written once')
})

test('an entry that cannot be kept is said to its caller; refused calls that cannot are not tried for ever', async t => {
  let calls = 0
  const { audit } = openLog(t, async () => {
    calls += 1
    throw new Error('disk full')
  })
  await assert.rejects(audit.record(entryOf()), /^Error: disk full$/)
  audit.refused(refusalOf())
  await audit.flush()
  await audit.flush()
  assert.equal(calls, 2)
})

test('what an earlier process was about to do is told of once, however late it can be kept', async t => {
  let isFull = true
  const kept: AuditEntry[] = []
  const { store, audit } = openLog(t, async (_tenantId, entry) => {
    if (isFull) throw new Error('disk full')
    kept.push(entry)
  })
  const begun = (requestId: string) => entryOf({ outcome: 'interrupted', action: 'tenants.change', requestId })
  const done = await beginIntent(store, begun('done'))
  await beginIntent(store, begun('cut off'))
  await endIntent(store, done)
  await endIntent(store, done)
  assert.equal(await audit.recover(), 0)
  isFull = false
  assert.equal(await audit.recover(), 1)
  assert.equal(await audit.recover(), 0)
  assert.deepEqual(kept, [begun('cut off')])
})
