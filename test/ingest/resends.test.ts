import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FingerprintCounts, fingerprint, takeFingerprint } from '../../src/ingest/fingerprints.ts'
import { openResends, type Resends } from '../../src/ingest/resends.ts'

function sift(resends: Resends, lines: readonly string[], host = 'h') {
  const lows: number[] = []
  const highs: number[] = []
  for (const line of lines) {
    const bytes = Buffer.from(line)
    takeFingerprint(resends.key, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length)
    lows.push(fingerprint.low)
    highs.push(fingerprint.high)
  }
  return resends.sift('t', host, { lows, highs })
}

/** What is stored of a body that is durable at once. */
function stored(resends: Resends, lines: readonly string[], host = 'h'): string[] {
  const { kept, settle } = sift(resends, lines, host)
  settle()
  return kept === undefined ? [...lines] : kept.map(at => lines[at]!)
}

test('a body that comes again, also cut anew with new lines behind, brings only what is new', () => {
  const resends = openResends()
  assert.deepEqual(stored(resends, ['a', 'b', 'c']), ['a', 'b', 'c'])
  assert.deepEqual(stored(resends, ['a', 'b', 'c']), [])
  assert.deepEqual(stored(resends, ['a', 'b', 'c', 'd']), ['d'])
  assert.deepEqual(stored(resends, ['a']), [])
  assert.deepEqual(stored(resends, ['b', 'c', 'd', 'e']), ['e'])
})

test('equal lines of one body are distinct rows, and as many are known', () => {
  const resends = openResends()
  assert.deepEqual(stored(resends, ['bash', 'bash', 'sh']), ['bash', 'bash', 'sh'])
  assert.deepEqual(stored(resends, ['bash', 'bash', 'sh']), [])
  assert.deepEqual(stored(resends, ['bash']), [])
  assert.deepEqual(stored(resends, ['bash', 'bash', 'sh', 'bash']), ['bash'])
  assert.deepEqual(stored(resends, ['bash', 'bash', 'sh', 'bash']), [])
})

test('only two whole bodies are known, and those in the chain of one agent trying again', () => {
  const resends = openResends()
  stored(resends, ['a'])
  stored(resends, ['b'])
  stored(resends, ['c'])
  assert.deepEqual(stored(resends, ['a']), ['a'])
  const chain = openResends()
  for (let length = 1; length <= 20; length++) {
    const lines = Array.from({ length }, (_, at) => `line ${at}`)
    assert.deepEqual(stored(chain, lines), [`line ${length - 1}`])
  }
})

test('hosts and tenants are apart', () => {
  const resends = openResends()
  stored(resends, ['a'], 'h1')
  assert.deepEqual(stored(resends, ['a'], 'h2'), ['a'])
})

test('a body that the disk refused is not known', () => {
  const resends = openResends()
  stored(resends, ['a'])
  const refused = sift(resends, ['b'])
  assert.deepEqual(sift(resends, ['b']).kept, [])
  refused.forget()
  assert.deepEqual(stored(resends, ['a', 'b']), ['b'])
  const first = openResends()
  sift(first, ['a']).forget()
  assert.deepEqual(first.held(), { hosts: 0, bytes: 0 })
})

test('equal lines on both sides of a border between answered bodies are rows', () => {
  const resends = openResends()
  const rows = ['sh', 'bash', 'cat', 'bash', 'ls', 'bash', 'vi', 'bash']
  assert.deepEqual(stored(resends, rows.slice(0, 4)), rows.slice(0, 4))
  assert.deepEqual(stored(resends, rows.slice(3, 6)), rows.slice(3, 6))
  assert.deepEqual(stored(resends, ['bash', 'bash', 'vi', 'bash']), ['bash', 'bash', 'vi', 'bash'])
})

test('what was sent and not answered comes again in pieces, with new lines behind the last', () => {
  const resends = openResends()
  stored(resends, ['a', 'b', 'b', 'c', 'd'])
  assert.deepEqual(stored(resends, ['a']), [])
  assert.deepEqual(stored(resends, ['b', 'b']), [])
  assert.deepEqual(stored(resends, ['c', 'd', 'e']), ['e'])
  assert.deepEqual(stored(resends, ['c', 'd', 'e']), [])
  const rest = openResends()
  stored(rest, ['a', 'b', 'c'])
  assert.deepEqual(stored(rest, ['a', 'b']), [])
  assert.deepEqual(stored(rest, ['c', 'd']), ['d'])
  // osquery orders what it holds by key, and a new line may come to stand among older ones.
  assert.deepEqual(stored(resends, ['a', 'b', 'b', 'c', 'x', 'd', 'e', 'f']), ['x', 'f'])
})

test('new lines may come to stand before those sent again, and among the first of them', () => {
  const before = openResends()
  stored(before, ['98', '99'])
  assert.deepEqual(stored(before, ['100', '101', '98', '99', 'next']), ['100', '101', 'next'])
  assert.deepEqual(stored(before, ['100', '101', '98', '99', 'next']), [])
  const among = openResends()
  stored(among, ['before', '8', '9'])
  assert.deepEqual(stored(among, ['before', '10', '11', '8', '9']), ['10', '11'])
})

test('rows that are alike behind others in an answered body are rows', () => {
  const alike = openResends()
  stored(alike, ['bash', 'bash'])
  assert.deepEqual(stored(alike, ['sh', 'bash', 'bash']), ['sh', 'bash', 'bash'])
  const some = openResends()
  stored(some, ['sh', 'bash', 'cat', 'bash'])
  assert.deepEqual(stored(some, ['ls', 'bash', 'sh', 'bash', 'cat']), ['ls', 'bash', 'sh', 'bash', 'cat'])
})

/** A body as segments keep it: the lines stored and how many were left out. */
interface StoredBody {
  readonly lines: string[]
  readonly dropped: number
}

test('an agent that resends what was not answered finds every line once, also across restarts', () => {
  const step = fc.record({
    logged: fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 6 }),
    answered: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.array(fc.nat(30)), (steps, restarts) => {
      let resends = openResends()
      const bodies: StoredBody[] = []
      let queue: string[] = []
      let counter = 0
      const logged: string[] = []
      for (const [at, { logged: marks, answered }] of steps.entries()) {
        if (restarts.includes(at)) {
          resends = openResends()
          for (const { lines, dropped } of bodies) resends.replay('t', 'h', lines, dropped)
        }
        // Lines of one run of a query are alike; those of the next differ from them.
        counter++
        const fresh = marks.map(mark => `${counter} ${mark}`)
        logged.push(...fresh)
        queue = [...queue, ...fresh]
        if (queue.length === 0) continue
        const lines = stored(resends, queue)
        if (lines.length > 0) bodies.push({ lines, dropped: queue.length - lines.length })
        if (answered) queue = []
      }
      assert.deepEqual(bodies.flatMap(({ lines }) => lines).sort(), logged.sort())
    }),
    { numRuns: 1000 },
  )
})

test('fingerprints differ where lines differ, by key, length and every byte', () => {
  const of = (bytes: Buffer, key: readonly [number, number] = [1, 2]) => {
    takeFingerprint(key, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length)
    return `${fingerprint.low} ${fingerprint.high}`
  }
  const seen = new Set<string>()
  let count = 0
  for (let length = 0; length < 40; length++) {
    seen.add(of(Buffer.alloc(length)))
    count++
    for (let at = 0; at < length; at++) {
      for (const bit of [1, 16, 128]) {
        const bytes = Buffer.alloc(length)
        bytes[at] = bit
        seen.add(of(bytes))
        count++
      }
    }
  }
  assert.equal(seen.size, count)
  assert.notEqual(of(Buffer.from('line')), of(Buffer.from('line'), [1, 3]))
  const long = Buffer.from('xxlinexx')
  takeFingerprint([1, 2], new DataView(long.buffer, long.byteOffset, long.length), 2, 6)
  assert.equal(`${fingerprint.low} ${fingerprint.high}`, of(Buffer.from('line')))
})

test('counts of fingerprints are those of a map, whatever collides', () => {
  const few = fc.integer({ min: -3, max: 3 }).map(value => value * 8)
  fc.assert(
    fc.property(fc.array(fc.tuple(few, few), { maxLength: 200 }), pairs => {
      const counts = new FingerprintCounts(2)
      const expected = new Map<string, number>()
      for (const [low, high] of pairs) {
        const count = (expected.get(`${low} ${high}`) ?? 0) + 1
        expected.set(`${low} ${high}`, count)
        assert.equal(counts.increment(low, high), count)
      }
      for (const [low, high] of pairs) assert.equal(counts.get(low, high), expected.get(`${low} ${high}`))
      assert.equal(counts.get(1, 1), 0)
    }),
  )
})
