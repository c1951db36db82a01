import assert from 'node:assert/strict'
import { test } from 'node:test'
import { selectForHost, shardsIn } from '../../../src/osquery/agent-config/selection.ts'

const q = (members: object = {}) => ({ query: 'SELECT 1', interval: 60, ...members })

const config = {
  options: { verbose: true },
  schedule: {
    everywhere: q({ description: 'what it finds', value: 'high' }),
    windows: q({ platform: 'windows' }),
    posix: q({ platform: 'posix', version: '5.0.0' }),
    ubuntu: q({ platform: 'ubuntu,centos' }),
    all: q({ platform: 'all' }),
    tenth: q({ shard: 10 }),
  },
  packs: {
    mac: { platform: 'darwin', queries: { a: q() } },
    half: { shard: '50', description: 'x', queries: { a: q(), b: q({ shard: 5 }), c: q({ platform: 'windows' }) } },
    file: '/x.conf',
  },
}

function namesFor(platform: 'windows' | 'darwin' | 'linux' | undefined, shard: number) {
  const { schedule, packs } = selectForHost(config, { platform, shard })
  const inPacks = Object.entries(packs ?? {}).map(([name, pack]) =>
    typeof pack === 'string' ? name : `${name}(${Object.keys(pack?.queries ?? {})})`,
  )
  return [...Object.keys(schedule ?? {}), ...inPacks].join(' ')
}

test('what a platform never runs is left out', () => {
  assert.equal(namesFor('windows', 100), 'everywhere windows all file')
  assert.equal(namesFor('darwin', 100), 'everywhere posix all mac(a) file')
  assert.equal(namesFor('linux', 100), 'everywhere posix ubuntu all file')
})

test('an unknown platform is given everything: the agent knows better', () => {
  assert.equal(namesFor(undefined, 1), 'everywhere windows posix ubuntu all tenth mac(a) half(a,b,c) file')
})

test('a shard of n is for hosts of n and below, of a pack and of a query within it', () => {
  assert.equal(namesFor('windows', 1), 'everywhere windows all tenth half(a,b,c) file')
  assert.equal(namesFor('windows', 5), 'everywhere windows all tenth half(a,b,c) file')
  assert.equal(namesFor('windows', 6), 'everywhere windows all tenth half(a,c) file')
  assert.equal(namesFor('windows', 10), 'everywhere windows all tenth half(a,c) file')
  assert.equal(namesFor('windows', 11), 'everywhere windows all half(a,c) file')
  assert.equal(namesFor('windows', 50), 'everywhere windows all half(a,c) file')
  assert.equal(namesFor('windows', 51), 'everywhere windows all file')
})

test('shards and words for people are not served, platform and version are', () => {
  const { schedule, packs, options } = selectForHost(config, { platform: 'linux', shard: 1 })
  assert.deepEqual(options, config.options)
  assert.deepEqual(schedule?.['everywhere'], q())
  assert.deepEqual(schedule?.['posix'], q({ platform: 'posix', version: '5.0.0' }))
  assert.deepEqual(schedule?.['tenth'], q())
  assert.deepEqual(packs?.['half'], { queries: { a: q(), b: q() } })
})

test('the shards that a configuration tells apart', () => {
  assert.deepEqual(shardsIn(config), [5, 10, 50])
  assert.deepEqual(shardsIn({ packs: { p: null, f: '/x' }, schedule: { a: null } }), [])
})
