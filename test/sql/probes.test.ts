import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../src/model/errors.ts'
import { check, fixture, openTestLake } from './lake.ts'

// Statements with the answers a live Trino gave. Each must give the same answer here or be refused with a message; a
// different answer is a defect, whatever the share of those that agree.

interface Probe {
  readonly group: string
  readonly name: string
  readonly sql: string
  readonly columns?: readonly string[]
  readonly rows?: readonly unknown[]
  readonly error?: string
}

const probes: readonly Probe[] = JSON.parse(fixture('trino-probes.json'))

/** Numbers arrive as numbers or as text, decimals with their trailing zeros or not. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable)
  if (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)) return Number(value)
  return value
}

test('every probe agrees with live Trino or is refused', async t => {
  const lake = await openTestLake()
  await lake.run("INSERT INTO xdr_data (query_name) VALUES ('listening_ports')")
  const refused: string[] = []
  const differ: string[] = []
  for (const probe of probes) {
    const outcome = await answer(lake, probe)
    if (outcome.kind === 'refused') refused.push(`${probe.sql} => ${outcome.text}`)
    if (outcome.kind === 'differs') differ.push(`${probe.sql} => ${outcome.text}`)
  }
  t.diagnostic(
    `agree ${probes.length - refused.length - differ.length}, refused ${refused.length}, differ ${differ.length}`,
  )
  for (const line of refused) t.diagnostic(`refused: ${line}`)
  assert.deepEqual(differ, [])
  assert.ok(refused.length < probes.length * 0.05, 'under 5 % refused')
})

type Outcome = { readonly kind: 'agrees' | 'refused' | 'differs'; readonly text: string }

async function answer(lake: Awaited<ReturnType<typeof openTestLake>>, probe: Probe): Promise<Outcome> {
  try {
    const rows = await lake.rows(probe.sql)
    const got = JSON.stringify([check(probe.sql).columnNames, comparable(rows)])
    const isSame = probe.error === undefined && got === JSON.stringify([probe.columns, comparable(probe.rows)])
    return { kind: isSame ? 'agrees' : 'differs', text: got }
  } catch (thrown) {
    const text = thrown instanceof Error ? thrown.message : String(thrown)
    if (probe.error !== undefined) return { kind: 'agrees', text }
    return { kind: thrown instanceof AppError ? 'refused' : 'differs', text }
  }
}
