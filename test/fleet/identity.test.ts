import assert from 'node:assert/strict'
import { test } from 'node:test'
import { duplicateIdentifier } from '../../src/db/host-identities.ts'
import { type Candidate, type Claim, identify } from '../../src/fleet/identity.ts'
import type { HostRecord } from '../../src/model/host.ts'

const uuidA = '4c4c4544-0042-3510-8052-b4c04f4a4b31'
const uuidB = '4c4c4544-0042-3510-8052-b4c04f4a4b32'

interface Known extends Partial<Pick<HostRecord, 'hostIdentifier' | 'hardwareUuid' | 'duplicateOf'>> {
  readonly id?: string
  readonly hostname?: string
  readonly instanceId?: string
  readonly isLogOnly?: boolean
  readonly isAlive?: boolean
  readonly isShared?: boolean
}

/** An enrolled host called web-1, alive. */
function known({ isAlive = true, isShared = false, isLogOnly, hostname = 'web-1', ...more }: Known = {}): Candidate {
  const { instanceId = 'database-1', id = 'host-a', ...identity } = more
  const host: HostRecord = {
    ...{ id, tenantId: 't', hostIdentifier: 'web-1', hardwareUuid: uuidA, createdAt: 0, lastSeenAt: 1 },
    ...{ enrolledAt: isLogOnly === true ? undefined : 0, lastLogAt: undefined, lastConfigAt: undefined },
    ...{ configVersion: undefined, duplicateOf: undefined, ...identity },
    facts: isLogOnly === true ? {} : { hostname, instanceId },
  }
  return { host, isAlive, isShared }
}

const claim: Claim = { hostIdentifier: 'web-1', hardwareUuid: uuidA, hostname: 'web-1', instanceId: 'database-1' }

/** What comes out: the id of a known host, or `new`, with whose copy it seems to be. */
function outcome(claimed: Partial<Claim>, ...candidates: readonly Candidate[]): string {
  const identity = identify({ ...claim, ...claimed }, candidates)
  if (identity.kind === 'known') return identity.host.id
  return identity.duplicateOf === undefined ? 'new' : `new, like ${identity.duplicateOf.id}`
}

const copyId = 'c0ffee00-0000-4000-8000-000000000001'
const copy = (more: Known = {}) =>
  known({ id: copyId, hostIdentifier: duplicateIdentifier('web-1', copyId), duplicateOf: 'host-a', ...more })

const cases: readonly (readonly [what: string, expected: string, claimed: Partial<Claim>, ...Candidate[]])[] = [
  ['nobody is known', 'new', {}],
  ['nobody has anything in common', 'new', {}, known({ hostIdentifier: 'db', hardwareUuid: uuidB })],
  // The same machine again.
  ['the key was lost', 'host-a', {}, known()],
  ['the database was deleted', 'host-a', { instanceId: 'database-2' }, known()],
  ['it was silent and its database was deleted', 'host-a', { instanceId: 'database-2' }, known({ isAlive: false })],
  ['an old agent tells nothing of itself', 'host-a', { hardwareUuid: undefined, hostname: undefined }, known()],
  ['it got another name while it was away', 'host-a', { hostname: 'web-9' }, known({ isAlive: false })],
  ['it got another name and kept its database', 'host-a', { hostname: 'web-9' }, known()],
  ['host_identifier is set to another kind', 'host-a', { hostIdentifier: uuidA }, known()],
  ['the same while it was away', 'host-a', { hostIdentifier: 'x', instanceId: 'y' }, known({ isAlive: false })],
  [
    'new hardware under the old name, the old one is gone',
    'host-a',
    { hardwareUuid: uuidB },
    known({ isAlive: false }),
  ],
  ['UUIDs are compared without case', 'host-a', { hardwareUuid: uuidA.toUpperCase(), instanceId: 'n' }, known()],
  // Known from its logs only.
  ['its logs came first', 'host-a', {}, known({ isLogOnly: true, hardwareUuid: undefined })],
  ['its logs come right now', 'host-a', { instanceId: 'n' }, known({ isLogOnly: true, hardwareUuid: undefined })],
  // Copies.
  ['a copy with a name of its own', 'new, like host-a', { hostname: 'web-2', instanceId: 'n' }, known()],
  ['a copy with an identifier of its own', 'new, like host-a', { hostIdentifier: 'web-2', instanceId: 'n' }, known()],
  ['another machine of that name', 'new, like host-a', { hardwareUuid: uuidB, instanceId: 'n' }, known()],
  ['another machine of that name, from one image', 'new, like host-a', { hardwareUuid: uuidB }, known()],
  ['copies that are alike in everything share until it shows', 'host-a', { instanceId: 'n' }, known()],
  ['then they do not', 'new, like host-a', { instanceId: 'n' }, known({ isShared: true })],
  ['also not with one database', 'new, like host-a', {}, known({ isShared: true })],
  ['sharing ends with silence', 'host-a', {}, known({ isShared: true, isAlive: false })],
  // A copy comes again and finds itself, not the original.
  ['by its name', copyId, { hostname: 'web-2', instanceId: 'n' }, known(), copy({ hostname: 'web-2' })],
  [
    'by its database',
    copyId,
    { instanceId: 'database-2' },
    known({ isShared: true }),
    copy({ instanceId: 'database-2' }),
  ],
  ['the original finds itself too', 'host-a', {}, copy({ hostname: 'web-2', instanceId: 'n' }), known()],
  [
    'a third copy is one more',
    'new, like host-a',
    { hostname: 'web-3', instanceId: 'n3' },
    known(),
    copy({ hostname: 'web-2' }),
  ],
  // With copies about, something has to speak for one alone.
  [
    'a name that two have says nothing',
    'new, like host-a',
    { instanceId: 'n' },
    known(),
    copy({ instanceId: 'database-2' }),
  ],
  ['a database says it', copyId, { instanceId: 'database-2' }, known(), copy({ instanceId: 'database-2' })],
  ['one that two have does not', 'new, like host-a', {}, known(), copy()],
  ['a name of its own does', copyId, { hostname: 'web-2' }, known(), copy({ hostname: 'web-2' })],
  [
    'the one that is not alive is free',
    copyId,
    { instanceId: 'n' },
    known({ isShared: true }),
    copy({ isAlive: false }),
  ],
  // Nearer is better, whatever comes first.
  [
    'identifier and UUID before UUID alone',
    'host-a',
    { instanceId: 'n' },
    known({ id: 'host-b', hostIdentifier: 'other', isAlive: false }),
    known(),
  ],
  [
    'identifier before UUID',
    'host-a',
    {},
    known({ id: 'host-b', hostIdentifier: 'other', isAlive: false }),
    known({ hardwareUuid: undefined, isLogOnly: true }),
  ],
  [
    'UUID before an identifier with another UUID',
    'host-b',
    {},
    known({ hardwareUuid: uuidB, isAlive: false }),
    known({ id: 'host-b', hostIdentifier: 'other', isAlive: false }),
  ],
  // Identifiers that identify nothing.
  [
    'localhost',
    'new, like host-a',
    { hostIdentifier: 'localhost', hardwareUuid: undefined, instanceId: 'n' },
    known({ hostIdentifier: 'localhost', isAlive: false }),
  ],
  [
    'localhost with its UUID',
    'host-a',
    { hostIdentifier: 'localhost', instanceId: 'n' },
    known({ hostIdentifier: 'localhost' }),
  ],
  [
    'localhost with its database',
    'host-a',
    { hostIdentifier: 'localhost', hardwareUuid: undefined },
    known({ hostIdentifier: 'localhost' }),
  ],
  [
    'a UUID of zeros',
    'new, like host-a',
    { hostIdentifier: '00000000-0000-0000-0000-000000000000', hardwareUuid: undefined, instanceId: 'n' },
    known({ hostIdentifier: '00000000-0000-0000-0000-000000000000', hardwareUuid: undefined, isAlive: false }),
  ],
  [
    'something that only looks like a copy',
    'new',
    { hostIdentifier: 'web', hardwareUuid: undefined },
    known({ hostIdentifier: 'web~1' }),
  ],
]

for (const [what, expected, claimed, ...candidates] of cases) {
  test(`${what}: ${expected}`, () => {
    assert.equal(outcome(claimed, ...candidates), expected)
    assert.equal(outcome(claimed, ...candidates.toReversed()), expected, 'in whatever order they are found')
  })
}
