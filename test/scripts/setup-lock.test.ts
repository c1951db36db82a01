import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { withSetupLock } from '../../scripts/setup-lock.mjs'

function lockPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'edr-lake-lock-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'lock')
}

test('work runs one at a time and the lock goes with it', async t => {
  const path = lockPath(t)
  const events: string[] = []
  const work = (name: string) => async () => {
    events.push(`${name} in`)
    assert.ok(existsSync(path))
    await new Promise(resolve => setImmediate(resolve))
    events.push(`${name} out`)
    return name
  }
  const results = await Promise.all(['a', 'b', 'c'].map(name => withSetupLock(path, work(name))))
  assert.deepEqual(results, ['a', 'b', 'c'])
  for (let index = 0; index < events.length; index += 2) {
    assert.equal(events[index]?.replace(' in', ''), events[index + 1]?.replace(' out', ''))
  }
  assert.equal(existsSync(path), false)
})

test('work that throws gives the lock back', async t => {
  const path = lockPath(t)
  await assert.rejects(
    withSetupLock(path, async () => {
      throw new Error('broken')
    }),
    /^Error: broken$/,
  )
  assert.equal(existsSync(path), false)
})

test('the lock of a process killed with SIGKILL is taken over', async t => {
  const path = lockPath(t)
  const module = new URL('../../scripts/setup-lock.mjs', import.meta.url).href
  const script = `
    import { withSetupLock } from ${JSON.stringify(module)}
    await withSetupLock(process.argv[1], () => new Promise(() => { console.log('held'); setInterval(() => {}, 1000) }))`
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(owner.stdout, 'data')
  owner.kill('SIGKILL')
  await once(owner, 'close')
  assert.ok(existsSync(path), 'the dead owner left its lock')
  const results = await Promise.all([withSetupLock(path, async () => 1), withSetupLock(path, async () => 2)])
  assert.deepEqual(results, [1, 2])
  assert.deepEqual(readdirSync(join(path, '..')), [])
})

test('a lock nobody has touched for a minute is taken over whatever process has its number now', async t => {
  const path = lockPath(t)
  writeFileSync(path, JSON.stringify({ pids: [process.pid], host: hostname(), id: 'old' }))
  const longAgo = new Date(Date.now() - 61_000)
  utimesSync(path, longAgo, longAgo)
  assert.equal(await withSetupLock(path, async () => 'mine'), 'mine')
})

test('a lock of another machine is respected while it is being touched', async t => {
  const path = lockPath(t)
  writeFileSync(path, JSON.stringify({ pids: [4_194_305], host: 'another-machine', id: 'theirs' }))
  const waited: unknown[] = []
  const result = await withSetupLock(path, async () => 'mine', {
    onWait: pid => {
      waited.push(pid)
      rmSync(path)
    },
  })
  assert.equal(result, 'mine')
  assert.deepEqual(waited, [4_194_305])
})

test('a killed owner whose worker lives on is waited for', async t => {
  const path = lockPath(t)
  const worker = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  const dead = 4_194_305
  writeFileSync(path, JSON.stringify({ pids: [dead, worker.pid], host: hostname(), id: 'killed' }))
  const events: string[] = []
  await withSetupLock(path, async () => events.push('mine'), {
    onWait: () => {
      events.push('waiting')
      worker.kill('SIGKILL')
    },
  })
  assert.deepEqual(events, ['waiting', 'mine'])
})

test('a process that does the work is named in the lock', async t => {
  const path = lockPath(t)
  await withSetupLock(path, async addOwner => {
    addOwner(77)
    assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')).pids, [process.pid, 77])
  })
  assert.equal(existsSync(path), false)
})
