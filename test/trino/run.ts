import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ensureTrinoHome, TrinoUnavailable } from '../../scripts/trino/home.ts'
import { startTrino } from '../../scripts/trino/server.ts'
import { askTrino } from './client.ts'
import { trinoStatements } from './data.ts'
import { edgeCases } from './edge-cases.ts'
import { functionCases } from './function-cases.ts'
import { deliberate, handCases } from './hand-cases.ts'
import { type Expected, expectedOf, judge, type Verdict } from './judge.ts'
import { openDifferentialLake } from './lake.ts'
import { generate } from './statements.ts'

// `npm run test:trino [-- --seed n] [--count n] [--write]`: every case is asked of a real Trino and of this lake. With
// --write the report and the corpus, whose answers `npm test` checks without Trino, are written anew.

interface Case {
  readonly about: string
  readonly sql: string
  readonly isOrdered: boolean
  readonly isKept: boolean
}

interface Outcome extends Case {
  readonly expected: Expected
  readonly verdict: Verdict
}

const countDefault = 1200
/** One generated case in so many is kept in the corpus. */
const keptShare = 5

function option(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`)
  return at === -1 ? undefined : process.argv[at + 1]
}

/** The commit's first digits: another sample with each commit, the same one again for it. */
function seedOfCommit(): number {
  const hash = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' })
  return Number.parseInt(hash.slice(0, 7), 16)
}

function casesOf(seed: number, count: number): Case[] {
  return [
    ...functionCases.map(item => ({ ...item, isOrdered: false, isKept: true })),
    ...handCases.map(item => ({ ...item, isKept: true })),
    ...edgeCases.map(item => ({ ...item, isOrdered: false, isKept: true })),
    ...generate(seed, count).map((item, index) => ({ ...item, isOrdered: false, isKept: index % keptShare === 0 })),
  ]
}

async function compare(url: string, cases: readonly Case[]): Promise<Outcome[]> {
  for (const statement of trinoStatements()) {
    const made = await askTrino(url, statement)
    if ('error' in made) throw new Error(`Trino could not make a table: ${made.message}`)
  }
  const lake = await openDifferentialLake()
  const outcomes: Outcome[] = []
  for (const item of cases) {
    const expected = expectedOf(await askTrino(url, item.sql))
    const actual = await lake.answer(item.sql, 'types' in expected ? expected.types : undefined)
    outcomes.push({ ...item, expected, verdict: judge(expected, actual, item.isOrdered) })
  }
  lake.close()
  return outcomes
}

function ofKind(outcomes: readonly Outcome[], kind: Verdict['kind']): Outcome[] {
  return outcomes.filter(outcome => outcome.verdict.kind === kind)
}

function listOf(outcomes: readonly Outcome[]): string {
  const lines = outcomes.map(({ sql, verdict }) => {
    const message = 'message' in verdict ? verdict.message.replace(/\s+/g, ' ').slice(0, 300) : ''
    return `- \`${sql}\`\n  ${message}`
  })
  return lines.length === 0 ? 'None.\n' : `${lines.join('\n')}\n`
}

function report(outcomes: readonly Outcome[], seed: number, version: string): string {
  const count = (kind: Verdict['kind']) => ofKind(outcomes, kind).length
  const errors = outcomes.filter(outcome => 'error' in outcome.expected && outcome.verdict.kind === 'agrees').length
  return `# Differential test against Trino

Written by \`npm run test:trino -- --write\`; do not edit by hand. The same rows in both, every statement asked of both,
results compared as multisets with the names and types of their columns (the length of a varchar aside; doubles by twelve
digits).

| | |
|---|---|
| Trino | ${version} |
| seed | ${seed} |
| cases | ${outcomes.length} |
| agree | ${count('agrees')} (${errors} of them are errors on both sides) |
| refused here, with a message | ${count('refused')} |
| differ, and a warning of the statement says so | ${count('told')} |
| differ | ${count('differs')} |

## Differ

${listOf(ofKind(outcomes, 'differs'))}
## Differ, with a warning

${listOf(ofKind(outcomes, 'told'))}
## Refused here

${listOf(ofKind(outcomes, 'refused'))}
## On purpose

${deliberate.map(({ sql, reason }) => `- \`${sql}\`: ${reason}.`).join('\n')}
`
}

/** What \`npm test\` checks without Trino: each kept case that agrees here. */
function corpus(outcomes: readonly Outcome[], version: string): string {
  const kept = outcomes.filter(outcome => outcome.isKept && outcome.verdict.kind === 'agrees')
  const lines = kept.map(({ about, sql, isOrdered, expected }) => JSON.stringify({ about, sql, isOrdered, expected }))
  return `{"trino": ${JSON.stringify(version)}, "cases": [\n${lines.join(',\n')}\n]}\n`
}

async function main(): Promise<number> {
  const say = (line: string) => process.stdout.write(`${line}\n`)
  const seed = Number(option('seed') ?? seedOfCommit())
  const count = Number(option('count') ?? countDefault)
  const trino = await startTrino(ensureTrinoHome(process.env, say))
  try {
    const outcomes = await compare(trino.url, casesOf(seed, count))
    if (process.argv.includes('--write')) {
      const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url))
      writeFileSync(path('docs/trino-differential.md'), report(outcomes, seed, trino.version))
      writeFileSync(path('test/fixtures/sql/trino-corpus.json'), corpus(outcomes, trino.version))
    }
    const kinds = ['agrees', 'refused', 'told', 'differs'] as const
    say(`seed ${seed}, cases ${outcomes.length}`)
    say(kinds.map(kind => `${kind} ${ofKind(outcomes, kind).length}`).join(', '))
    const differing = ofKind(outcomes, 'differs')
    if (differing.length > 0) say(listOf(differing))
    return differing.length === 0 ? 0 : 1
  } finally {
    await trino.stop()
  }
}

// A signal is an ordinary exit: it takes Trino with it.
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const)
  process.once(signal, () => process.exit(128 + number))

try {
  process.exitCode = await main()
} catch (thrown) {
  if (!(thrown instanceof TrinoUnavailable)) throw thrown
  process.stderr.write(`edr-lake: ${thrown.message}\n`)
  process.exitCode = 2
}
