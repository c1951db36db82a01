import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { lineBytesMax } from '../../src/limits.ts'
import { openLineScanner } from '../../src/osquery/line-scanner.ts'

function scan(body: string, isWrapped = true) {
  const lines: string[] = []
  const hosts: (string | undefined)[] = []
  const rejected: [number, string][] = []
  const scanner = openLineScanner(
    {
      line: (bytes, start, end, host) => {
        lines.push(bytes.toString('utf8', start, end))
        hosts.push(host)
      },
      rejected: (number, reason) => rejected.push([number, reason]),
    },
    { isWrapped },
  )
  scanner.push(Buffer.from(body))
  scanner.end()
  return { lines, hosts, rejected }
}

const result =
  '{"name":"pack/x/é","hostIdentifier":"web-1","unixTime":1770000000,"columns":{"n":12345678901234567890,"t":"\\u00e9"},"action":"added"}'
const status = '{"hostIdentifier":"web-1","severity":"0","filename":"a.cpp","line":"1","message":"{\\"name\\":1}"}'

test('what shippers are known to send carries the line, byte for byte', () => {
  const text = JSON.stringify(result)
  const records = [
    // Fluent Bit's tail without a parser, its date, and a line end that it kept.
    `{"date":1770000000.123,"log":${text}}`,
    `{"log":${JSON.stringify(`${result}\n`)},"date":"2026-02-02T02:40:00Z"}`,
    // Vector's file source, Logstash, Filebeat.
    `{"file":"/var/log/x","host":"shipper","message":${text},"source_type":"file","timestamp":"2026-02-02T02:40:00Z"}`,
    `{"@timestamp":"2026-02-02T02:40:00Z","@version":"1","event":{"original":"other"},"host":{"name":"s"},"message":${text}}`,
    // Docker's json-file, tailed and wrapped again.
    `{"date":1,"log":${JSON.stringify(`{"log":${JSON.stringify(`${result}\n`)},"stream":"stdout","time":"x"}`)}}`,
    `{"time":1,"event":${result}}`,
    `{"hostname":"shipper","name":"tag","message":${text}}`,
    `{"log":"plain text","message":${text}}`,
  ]
  for (const record of records) {
    assert.deepEqual(scan(record), { lines: [result], hosts: ['web-1'], rejected: [] }, record)
    assert.deepEqual(scan(`[${record},${record}]`).lines, [result, result])
    assert.deepEqual(scan(`${record}${record}\n${record}`).lines, [result, result, result])
    assert.deepEqual(scan(record, false).lines, [record], 'only where it is expected')
  }
  assert.deepEqual(scan(`{"log":${JSON.stringify(status)}}`).lines, [status])
  const several = `${result}\n${status}\r\n\n${result}${result}`
  assert.deepEqual(scan(`{"log":${JSON.stringify(several)}}`).lines, [result, status, result, result])
})

test('a line of osquery stays what it is, whatever it is called', () => {
  const lines = [
    result,
    status,
    // A decoration of that name, merged at the top level.
    `{"name":"q","hostIdentifier":"h","log":${JSON.stringify(result)},"columns":{}}`,
    `{"name":"q","hostIdentifier":"h","message":${JSON.stringify(result)},"snapshot":[]}`,
    `{"name":"q","hostIdentifier":"h","event":${result},"diffResults":{}}`,
    `{"severity":1,"filename":"f","hostIdentifier":"h","message":${JSON.stringify(result)}}`,
  ]
  for (const line of lines) assert.deepEqual(scan(line).lines, [line])
})

test('a record that carries no line, or something beside it, is left whole', () => {
  const deep = (levels: number): string => (levels === 0 ? result : `{"log":${JSON.stringify(deep(levels - 1))}}`)
  const records = [
    '{"log":"hello"}',
    '{"log":""}',
    '{"log":1,"message":null,"event":[]}',
    '{"log":"{}"}',
    '{"log":"[]"}',
    '{"log":"{\\"name\\":\\"q\\"}"}',
    '{"log":"{\\"columns\\":{}}"}',
    '{"log":"{\\"name\\":\\"\\",\\"columns\\":{}}"}',
    '{"log":"{\\"name\\":1,\\"columns\\":{}}"}',
    `{"log":${JSON.stringify(`${result}x`)}}`,
    `{"log":${JSON.stringify(`${result}\nhello`)}}`,
    `{"log":${JSON.stringify(result.slice(0, -1))}}`,
    `{"event":[${result}]}`,
    `{"log":"\\q${result.replaceAll('"', '\\"')}"}`,
    `{"Log":${JSON.stringify(result)}}`,
    `{"x":{"log":${JSON.stringify(result)}}}`,
    deep(4),
  ]
  for (const record of records) assert.deepEqual(scan(record), { lines: [record], hosts: [undefined], rejected: [] })
  assert.deepEqual(scan(deep(3)).lines, [result])
})

test('the bound is that of the line, not of the record around it', () => {
  const line = (bytes: number): string => {
    const bare = '{"name":"q","hostIdentifier":"h","columns":{"x":""}}'
    return bare.replace('"x":""', `"x":"${'y'.repeat(bytes - bare.length)}"`)
  }
  const wrap = (text: string) => `{"pad":"${'p'.repeat(5_000)}","log":${JSON.stringify(text)}}`
  assert.deepEqual(scan(wrap(line(lineBytesMax))).lines, [line(lineBytesMax)])
  const reason = `longer than ${lineBytesMax} bytes`
  assert.deepEqual(scan(wrap(line(lineBytesMax + 1))), { lines: [], hosts: [], rejected: [[1, reason]] })
  assert.deepEqual(scan(`{"log":"x${'y'.repeat(lineBytesMax)}"}`), { lines: [], hosts: [], rejected: [[1, reason]] })
})

test('lone halves of characters become U+FFFD', () => {
  const odd = '{"name":"q","hostIdentifier":"h","columns":{"x":"\\ud800"}}'
  assert.deepEqual(scan(`{"log":${JSON.stringify(odd)}}`).lines, [odd])
  const half = '{"log":"{\\"name\\":\\"q\\",\\"columns\\":{\\"x\\":\\"\ud800\\"}}"}'.toWellFormed()
  assert.deepEqual(scan(half).lines, ['{"name":"q","columns":{"x":"\ufffd"}}'])
})

test('any record around any line gives that line back', () => {
  const row = fc.record({
    name: fc.string({ unit: 'binary', minLength: 1 }),
    hostIdentifier: fc.string({ unit: 'binary' }),
    columns: fc.jsonValue({ maxDepth: 2, stringUnit: 'binary' }),
  })
  const others = fc.dictionary(fc.constantFrom('date', 'host', 'stream', 'k8s', '__proto__'), fc.jsonValue())
  fc.assert(
    fc.property(row, others, fc.constantFrom('log', 'message', 'event'), fc.boolean(), (line, more, key, isText) => {
      const text = JSON.stringify(line).toWellFormed()
      const record = JSON.stringify({ ...more, [key]: isText ? text : '@line@' })
      const body = isText ? record : record.replace('"@line@"', () => text)
      assert.deepEqual(scan(body).lines, [text])
    }),
  )
})
