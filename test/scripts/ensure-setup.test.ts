import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ensureSetup, isSetUp, SetupError } from '../../scripts/ensure-setup.mjs'

const lock = {
  lockfileVersion: 3,
  packages: {
    '': { name: 'sample' },
    'node_modules/one': { version: '1.0.0', integrity: 'sha512-one' },
    'node_modules/elsewhere': { version: '1.0.0', integrity: 'sha512-else', optional: true, os: ['plan9'] },
  },
}

function project(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'edr-lake-setup-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify(lock))
  return root
}

/** Does what `npm ci` does as far as a set-up can see it. */
function installInto(root: string): void {
  mkdirSync(join(root, 'node_modules', 'one'), { recursive: true })
}

test('a fresh checkout is set up once and says so in one line', async t => {
  const root = project(t)
  const said: string[] = []
  let installs = 0
  const install = async (folder: string) => {
    installs += 1
    installInto(folder)
  }
  assert.equal(isSetUp(root), false)
  await ensureSetup(root, { say: line => said.push(line), install })
  await ensureSetup(root, { say: line => said.push(line), install })
  assert.equal(isSetUp(root), true)
  assert.equal(installs, 1)
  assert.deepEqual(said, ['setting up with `npm ci`, once, about a minute'])
  assert.deepEqual(readdirSync(root).sort(), ['node_modules', 'package-lock.json'])
})

test('another lockfile means another set-up', async t => {
  const root = project(t)
  const said: string[] = []
  const options = { say: (line: string) => said.push(line), install: async () => installInto(root) }
  await ensureSetup(root, options)
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ ...lock, name: 'changed' }))
  assert.equal(isSetUp(root), false)
  await ensureSetup(root, options)
  assert.equal(isSetUp(root), true)
  assert.equal(said[1], 'bringing node_modules up to date with `npm ci`, once, about a minute')
})

test('an interrupted set-up leaves no stamp and is done again', async t => {
  const root = project(t)
  const say = () => {}
  await ensureSetup(root, { say, install: async () => installInto(root) })
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ ...lock, name: 'changed' }))
  const interrupted = async () => {
    installInto(root)
    throw new SetupError('set-up was not finished (npm ci: SIGINT); the next command tries again')
  }
  await assert.rejects(ensureSetup(root, { say, install: interrupted }), /was not finished/)
  assert.equal(isSetUp(root), false)
  assert.equal(existsSync(join(root, '.setup-lock')), false)
  await ensureSetup(root, { say, install: async () => installInto(root) })
  assert.equal(isSetUp(root), true)
})

test('what somebody installed by hand counts when it is what the lockfile says', t => {
  const root = project(t)
  const record = join(root, 'node_modules', '.package-lock.json')
  mkdirSync(join(root, 'node_modules'))
  writeFileSync(record, JSON.stringify({ packages: { 'node_modules/one': { integrity: 'sha512-older' } } }))
  assert.equal(isSetUp(root), false)
  writeFileSync(record, '{"packages": {"node_mod')
  assert.equal(isSetUp(root), false)
  writeFileSync(record, JSON.stringify({ packages: { 'node_modules/one': { integrity: 'sha512-one' } } }))
  assert.equal(isSetUp(root), true)
  rmSync(record)
  assert.equal(isSetUp(root), true, 'the stamp is kept')
})

test('a stamp of another platform does not count', async t => {
  const root = project(t)
  await ensureSetup(root, { say: () => {}, install: async () => installInto(root) })
  const stamp = join(root, 'node_modules', '.edr-lake-setup')
  writeFileSync(stamp, readFileSync(stamp, 'utf8').replace(process.platform, 'plan9'))
  assert.equal(isSetUp(root), false)
})

test('without a lockfile there is nothing to install from', t => {
  const root = project(t)
  rmSync(join(root, 'package-lock.json'))
  assert.throws(() => isSetUp(root), {
    name: 'SetupError',
    message: 'package-lock.json is missing: this is not a whole checkout',
  })
})

test('two set-ups at once install once', async t => {
  const root = project(t)
  const said: string[] = []
  let installs = 0
  const gate = Promise.withResolvers<void>()
  const install = async () => {
    installs += 1
    await gate.promise
    installInto(root)
  }
  const first = ensureSetup(root, { say: () => {}, install })
  const second = ensureSetup(root, {
    install,
    say: line => {
      said.push(line)
      gate.resolve()
    },
  })
  await Promise.all([first, second])
  assert.equal(installs, 1)
  assert.deepEqual(said, [`waiting for the set-up that process ${process.pid} is running`])
})
