import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { testFolder, viewOf, writeDataFile } from '../support/engine-fixtures.ts'
import { digestsBelow, foreignMark, leaksIn } from './leaks.ts'
import type { RawReply, RawSetup } from './raw-child.ts'
import { attacks, filled, type NamedAttack } from './statements.ts'
import { WallTable } from './wall-table.ts'

// The engine and the operating system alone: text that no gate and no guard has seen, on a worker's locked connection.
// What this wall must hold: no byte of a file that the run does not own, nothing written but the run's own result, no
// lasting change. What it does not hold (the gate must): text may look at the run's own view, settings and paths, and
// may write to the paths the run owns. Those are counted as `open`.

interface RawEngine {
  readonly places: Readonly<Record<string, string>>
  readonly setup: RawSetup
}

async function rawEngine(context: TestContext): Promise<RawEngine> {
  const root = await testFolder(context)
  const folder = (...names: string[]) => {
    const path = join(root, ...names)
    mkdirSync(path, { recursive: true })
    return path
  }
  const own = await writeDataFile(join(folder('lake', 'own', 'xdr_data'), 'own.parquet'), `SELECT 'own' AS name`)
  const foreign = await writeDataFile(
    join(folder('lake', 'foreign', 'xdr_data'), 'foreign.parquet'),
    `SELECT '${foreignMark}' AS name`,
  )
  const foreignTail = join(folder('segments', 'foreign'), '1.ndjson')
  writeFileSync(foreignTail, `{"b":["${foreignMark}"]}\n`)
  const store = join(folder('private'), 'store.sqlite')
  const database = new DatabaseSync(store)
  database.exec(`CREATE TABLE t AS SELECT '${foreignMark}' AS name`)
  database.close()
  const secretKey = join(root, 'private', 'secret-key')
  writeFileSync(secretKey, foreignMark)
  copyFileSync(own, join(root, 'own.parquet'))
  return {
    setup: {
      memoryBytes: 256 * 2 ** 20,
      databaseBytes: 256 * 2 ** 20,
      threads: 1,
      tempBytes: 16 * 2 ** 20,
      tempFolder: folder('tmp'),
      view: viewOf({ files: [own] }),
      resultPath: join(folder('results'), 'result.parquet'),
    },
    places: {
      ...{ root, own, foreign, foreignTail, store, secretKey },
      ...{ ownFolder: dirname(own), foreignTenant: 'foreign', ownTenant: 'own', foreignName: 'foreign.parquet' },
    },
  }
}

/** Variables as a careless program would put them in: the text is all there is to this wall. */
function rawText({ sql, variables }: NamedAttack): string {
  return (variables ?? []).reduce((text, { name, value }) => text.replaceAll(`$$${name}$$`, () => value), sql)
}

/** Sends one text; undefined: the process died of it. */
async function ask(child: ChildProcess, sql: string): Promise<Extract<RawReply, { text: string }> | undefined> {
  const ended = new AbortController()
  const { signal } = ended
  const reply = once(child, 'message', { signal }).then(([message]) => message)
  const exit = once(child, 'exit', { signal }).then(() => undefined)
  child.send(sql)
  try {
    return await Promise.race([reply, exit])
  } finally {
    ended.abort()
    await Promise.allSettled([reply, exit])
  }
}

async function start(setup: RawSetup): Promise<ChildProcess> {
  const entry = fileURLToPath(new URL('./raw-child.ts', import.meta.url))
  const child = spawn(process.execPath, [entry, JSON.stringify(setup)], {
    cwd: setup.tempFolder,
    env: { TZ: 'UTC', LC_ALL: 'C.UTF-8' },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  await once(child, 'message')
  return child
}

suite('the engine and the system alone', () => {
  test('no byte of a foreign file comes out, none is changed', async context => {
    const { places, setup } = await rawEngine(context)
    const table = new WallTable()
    const open: string[] = []
    let child = await start(setup)
    context.after(() => child.kill('SIGKILL'))
    const root = places['root'] ?? ''
    const before = digestsBelow(root)
    for (const attack of attacks.map(each => filled(each, places))) {
      const text = rawText(attack)
      const reply = await ask(child, text)
      if (reply === undefined) {
        table.count(attack.kind, 'process ended')
        child = await start(setup)
        continue
      }
      table.count(attack.kind, reply.kind === 'error' ? 'stopped' : 'open')
      if (reply.kind === 'rows') open.push(text)
      const all = `${reply.text} ${reply.changesLater.join(' ')}`
      const leaks = leaksIn(all, text, []).filter(word => [foreignMark, 'root:x:0:0', 'PATH='].includes(word))
      assert.deepEqual(leaks, [], text)
      copyFileSync(join(root, 'own.parquet'), places['own'] ?? '')
    }
    await rm(setup.resultPath, { force: true })
    assert.deepEqual(digestsBelow(root), before)
    context.diagnostic(`\n${table}\nopen, so that the gate and the guard must hold:\n${open.join('\n')}`)
  })
})
