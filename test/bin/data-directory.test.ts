import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { openDataDirectory } from '../../src/bin/data-directory.ts'
import { AppError } from '../../src/model/errors.ts'

function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'edr-lake-directory-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function refusal(action: () => unknown): AppError {
  try {
    action()
  } catch (error) {
    assert.ok(error instanceof AppError)
    return error
  }
  throw new Error('nothing was refused')
}

test('the first start makes the directory for its owner only, and keeps its key', context => {
  const root = join(temporaryFolder(context), 'data')
  const first = openDataDirectory(root)
  assert.equal(statSync(root).mode & 0o777, 0o700)
  assert.equal(first.secretKey.length, 32)
  first.release()
  const second = openDataDirectory(root)
  assert.deepEqual(second.secretKey, first.secretKey)
  second.release()
})

test('a second server on the same directory is refused', context => {
  const root = temporaryFolder(context)
  const first = openDataDirectory(root)
  const { code, message } = refusal(() => openDataDirectory(root))
  assert.deepEqual([code, message], ['conflict', `another server is running on the data directory ${root}`])
  first.release()
  openDataDirectory(root).release()
})

test('the kernel frees the directory of a server that was killed', async context => {
  const root = temporaryFolder(context)
  const script = `
    const { openDataDirectory } = await import(${JSON.stringify(new URL('../../src/bin/data-directory.ts', import.meta.url).href)})
    openDataDirectory(${JSON.stringify(root)})
    console.log('held')
    setInterval(() => {}, 1000)`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(holder.stdout, 'data')
  assert.equal(refusal(() => openDataDirectory(root)).code, 'conflict')
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  openDataDirectory(root).release()
})

test('a path that cannot be a directory is refused in one sentence', context => {
  const file = join(temporaryFolder(context), 'file')
  writeFileSync(file, '')
  const { code, message } = refusal(() => openDataDirectory(join(file, 'data')))
  assert.deepEqual(
    [code, message],
    ['unavailable', `the data directory ${join(file, 'data')} cannot be written (ENOTDIR)`],
  )
})

test('a file system that makes no folders is refused', { skip: process.platform !== 'linux' && 'needs /proc' }, () => {
  const { code, message } = refusal(() => openDataDirectory('/proc/edr-lake/data'))
  assert.deepEqual(
    [code, message],
    ['unavailable', 'the data directory /proc/edr-lake/data cannot be written (ENOENT)'],
  )
})

test('a directory without write permission is refused', {
  skip: process.getuid?.() === 0 && 'root may write anywhere',
}, context => {
  const root = join(temporaryFolder(context), 'data')
  mkdirSync(root)
  chmodSync(root, 0o500)
  assert.equal(refusal(() => openDataDirectory(root)).code, 'unavailable')
})
