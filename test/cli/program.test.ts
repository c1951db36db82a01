import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAgentFiles } from '../../src/bin/agent-files.ts'
import { directoryTools } from '../../src/bin/directory-tools.ts'
import { holdLockFile } from '../../src/bin/lock-file.ts'
import { recoverAccess } from '../../src/bin/recover.ts'
import { openSimulation } from '../../src/bin/simulation.ts'
import { runCli } from '../../src/cli/program.ts'
import { recordedEffects } from './recorded-effects.ts'

const settings = [
  { flag: '--port', environment: 'EDR_LAKE_PORT', default: '8480', unit: 'TCP port', why: 'where the API listens' },
]

async function run(...args: string[]) {
  const effects = recordedEffects()
  const served: (readonly string[])[] = []
  const serve = async (flags: readonly string[]) => {
    served.push(flags)
    return 3
  }
  const access = { recover: recoverAccess, holdLock: holdLockFile, openSimulation }
  const parts = { version: '1.2.3', settings, serve, directory: directoryTools, readAgentFiles, ...access }
  const exitCode = await runCli(args, effects, parts)
  return { exitCode, stdout: effects.stdout.text, stderr: effects.stderr.text, served }
}

test('version and config print', async () => {
  for (const word of ['--version', 'version']) {
    assert.deepEqual(await run(word), { exitCode: 0, stdout: '1.2.3\n', stderr: '', served: [] })
  }
  assert.equal(
    (await run('config')).stdout,
    [
      'flag    environment    default  unit      why',
      '--port  EDR_LAKE_PORT  8480     TCP port  where the API listens',
      '',
    ].join('\n'),
  )
})

test('serve hands its flags on and ends as the server ends', async () => {
  const result = await run('serve', '--port', '0', '--data=x')
  assert.deepEqual([result.exitCode, result.served], [3, [['--port', '0', '--data=x']]])
})

test('a command line that makes no sense is one sentence and 2', async () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [['qery'], "edr-lake: unknown command 'qery'\n(Did you mean query?)\n"],
    [
      ['simulate', '--hosts', '0'],
      "edr-lake: option '--hosts <count>' argument '0' is invalid. a whole number from 1 to 100000 is expected.\n",
    ],
    [
      ['simulate', '--minutes', 'soon'],
      "edr-lake: option '--minutes <minutes>' argument 'soon' is invalid. a number of minutes above 0 is expected.\n",
    ],
    [
      ['simulate', '--misbehave', 'clock,lie'],
      "edr-lake: option '--misbehave <kinds>' argument 'clock,lie' is invalid. " +
        '"lie" is none of clock, huge, utf8, nul, slow, half.\n',
    ],
    [['query'], "edr-lake: missing required argument 'sql'\n"],
    [['query', 'SELECT 1', '--fromm', 'P1D'], "edr-lake: unknown option '--fromm'\n(Did you mean --from?)\n"],
    [
      ['query', 'SELECT 1', '--format', 'xml'],
      "edr-lake: option '--format <format>' argument 'xml' is invalid. Allowed choices are table, json, ndjson, csv.\n",
    ],
    [
      ['query', 'SELECT 1', '--limit', '0'],
      "edr-lake: option '--limit <rows>' argument '0' is invalid. a whole number from 1 is expected.\n",
    ],
    [
      ['retention', 'set', '--days', '0'],
      "edr-lake: option '--days <days>' argument '0' is invalid. a whole number from 1 is expected.\n",
    ],
    [['retention', 'set', '--days', '5', '--reset'], 'edr-lake: give either --days or --reset\n'],
    [['retention', 'set'], 'edr-lake: give either --days or --reset\n'],
    [['retention', 'set', '--reset'], 'edr-lake: --reset is for a --query-name\n'],
    [['erase'], "edr-lake: required option '--host <id>' not specified\n"],
    [['backup'], "edr-lake: missing required argument 'directory'\n"],
    [['import'], "edr-lake: missing required argument 'file'\n"],
    [['watch'], "edr-lake: missing required argument 'path'\n"],
    [['watch', '.', '--one'], "edr-lake: unknown option '--one'\n(Did you mean --once?)\n"],
    [['watch', '.', '--url', 'lake'], 'edr-lake: "lake" is no http or https URL\n'],
    [['config', 'x'], "edr-lake: too many arguments for 'config'. Expected 0 arguments but got 1: x.\n"],
    [['query', 'SELECT 1', '--url', 'lake'], 'edr-lake: "lake" is no http or https URL\n'],
  ]
  for (const [args, stderr] of cases) {
    assert.deepEqual(await run(...args), { exitCode: 2, stdout: '', stderr, served: [] })
  }
})

test('a failure is one sentence and 1', async () => {
  assert.deepEqual(await run('import', 'nowhere.log'), {
    exitCode: 1,
    stdout: '',
    stderr: 'edr-lake: cannot read nowhere.log: there is no such file\n',
    served: [],
  })
})

test('help goes to standard output, help without a command to standard error', async () => {
  const asked = await run('--help')
  assert.equal(asked.exitCode, 0)
  for (const word of ['import', 'query', 'config', 'serve'])
    assert.match(asked.stdout, new RegExp(`^ {2}${word} `, 'm'))
  const bare = await run()
  assert.deepEqual([bare.exitCode, bare.stdout], [2, ''])
  assert.match(bare.stderr, /^Usage: edr-lake /)
})
