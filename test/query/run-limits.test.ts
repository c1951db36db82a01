import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkTenantRunLimits, runLimitsOf } from '../../src/query/run-limits.ts'

const defaults = { rows: 1000, bytes: 10_000, timeoutMs: 60_000, memoryBytes: 500, tempBytes: 800 }
const inForce = { defaults, ceilings: { ...defaults, rows: 5000, bytes: 20_000, timeoutMs: 120_000 } }

test('who asks for nothing gets what every run of the tenant gets', () => {
  assert.equal(runLimitsOf({}, {}, 'forensics', inForce), undefined)
  assert.deepEqual(runLimitsOf({}, { rows: 2000 }, 'forensics', inForce), { rows: 2000 })
})

test('anybody may ask for less', () => {
  const wanted = { rows: 1, bytes: 1024, timeoutMs: 1000, memoryBytes: 100, tempBytes: 1 }
  assert.deepEqual(runLimitsOf(wanted, {}, 'forensics', inForce), wanted)
  assert.deepEqual(runLimitsOf({ rows: 1999 }, { rows: 2000 }, 'forensics', inForce), { rows: 1999 })
})

test('a Super Admin may ask for more, up to the ceiling', () => {
  assert.deepEqual(runLimitsOf({ rows: 5000 }, {}, 'superAdmin', inForce), { rows: 5000 })
  assert.throws(() => runLimitsOf({ rows: 5001 }, {}, 'superAdmin', inForce), {
    code: 'invalid_argument',
    message: 'limits.rows is 5001: at most 5000',
  })
  assert.throws(() => runLimitsOf({ timeoutMs: 121_000 }, {}, 'superAdmin', inForce), {
    message: 'limits.seconds is 121: at most 120',
  })
  assert.throws(() => runLimitsOf({ memoryBytes: 501 }, {}, 'superAdmin', inForce), {
    message: 'limits.memoryBytes is 501: at most 500',
  })
})

test('others may not ask for more, not even within the ceiling', () => {
  assert.throws(() => runLimitsOf({ bytes: 10_001 }, {}, 'forensics', inForce), {
    code: 'permission_denied',
    message: 'limits.bytes is 10001: more than 10000 needs the role Super Admin',
  })
  assert.throws(() => runLimitsOf({ rows: 501 }, { rows: 500 }, 'forensics', inForce), { code: 'permission_denied' })
})

test('a tenant is given no more than the ceiling', () => {
  checkTenantRunLimits({ rows: 5000, bytes: 20_000, timeoutMs: 120_000 }, inForce)
  assert.throws(() => checkTenantRunLimits({ bytes: 20_001 }, inForce), {
    code: 'invalid_argument',
    message: 'limits.bytes is 20001: at most 20000',
  })
})
