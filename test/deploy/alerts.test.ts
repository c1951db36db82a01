import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { startServer } from '../support/server.ts'

// The alert rules name metrics that a server has, in a file of the shape that Prometheus reads: checked line by line,
// for a parser of YAML would be one more package for one file.

const text = readFileSync(new URL('../../deploy/alerts.yaml', import.meta.url), 'utf8')
const manual = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8')

interface Rule {
  readonly name: string
  readonly body: string
}

const rules: readonly Rule[] = text
  .split(/^ {6}- alert: /m)
  .slice(1)
  .map(part => ({ name: part.slice(0, part.indexOf('\n')), body: part.slice(part.indexOf('\n')) }))

/** Everything in an expression that is a metric's name: no function, no label, no word of PromQL. */
function metricsIn(body: string): readonly string[] {
  const expression = /\n {8}expr: (?:>\n)?([\s\S]*?)\n {8}[a-z]/.exec(body)?.[1] ?? assert.fail(body)
  const plain = expression.replace(/\{[^}]*\}/g, '').replace(/\[[^\]]*\]/g, '')
  return [...plain.matchAll(/[a-z_][a-z0-9_]{3,}(?!\w*\s*\()/g)].map(([name]) => name)
}

test('every rule has an expression, a severity and words, and its name once', () => {
  assert.ok(rules.length > 10)
  assert.equal(new Set(rules.map(({ name }) => name)).size, rules.length)
  for (const { name, body } of rules) {
    assert.match(name, /^EdrLake[A-Za-z]+$/)
    assert.match(body, /^ {8}expr: \S/m, name)
    assert.match(body, /^ {8}labels: \{ severity: (?:warning|critical) \}$/m, name)
    assert.match(body, /^ {10}summary: [A-Z{].*\.$/m, name)
    assert.ok(manual.includes(`\`${name}\``), `docs/operations.md says nothing of ${name}`)
  }
  for (const line of text.split('\n')) assert.match(line, /^(?: {2})*\S|^$/, 'indented by twos')
})

test('the rules name only metrics that a server has', async () => {
  await using server = await startServer()
  await (await fetch(`${server.url}/livez`)).text()
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  const known = new Set(
    [...metrics.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) => {
      return type === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name]
    }),
  )
  // Prometheus' own.
  known.add('up')
  // Of the TLS listener, which the tests' servers have switched off.
  known.add('edr_lake_tls_certificate_days_left')
  const named = rules.flatMap(({ name, body }) => metricsIn(body).map(metric => ({ name, metric })))
  assert.deepEqual(
    named.filter(({ metric }) => !known.has(metric)),
    [],
  )
  assert.ok(named.length >= rules.length)
})
