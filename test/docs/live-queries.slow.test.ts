// docs/live-queries.md, block by block in one shell, with a few agents that answer: every command must succeed, and
// what it prints must be what the page says it is.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openLiveLibrary } from '../../src/library/live-library.ts'
import { enrol, poll } from '../support/plain-agents.ts'
import { startServer } from '../support/server.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = await readFile(join(root, 'docs/live-queries.md'), 'utf8')

test('every command of the page', async t => {
  await using server = await startServer()
  const folder = await mkdtemp(join(tmpdir(), 'edr-lake-live-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await symlink(join(root, 'edr-lake'), join(folder, 'edr-lake'))
  await symlink(server.directory, join(folder, 'data'))

  const stopped = new AbortController()
  const { enrollSecret } = server.firstRun
  const polling: Promise<void>[] = []
  for (const [name, platform] of [
    ['web-1', 'ubuntu'],
    ['web-2', 'debian'],
    ['pc-1', 'windows'],
  ] as const) {
    const agent = await enrol(server.url, enrollSecret, name, platform)
    polling.push(
      poll(agent, {
        url: () => server.url,
        signal: stopped.signal,
        behaviour(_agent, sql) {
          if (sql === 'SELECT pid, port, address FROM listening_ports WHERE port > 1024') {
            return [{ pid: '7', port: '8080', address: '0.0.0.0' }]
          }
          if (sql === "SELECT pid FROM processes WHERE name = 'sshd'") return [{ pid: name.slice(-1) }]
          if (sql === 'SELECT name, version FROM os_version') return [{ name: platform, version: '12' }]
          return []
        },
      }),
    )
  }
  t.after(async () => {
    stopped.abort()
    await Promise.all(polling)
  })

  const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(match => match[1]!)
  assert.equal(blocks.length, 8)
  const script = blocks.join('echo ==\n').replaceAll('http://127.0.0.1:8480', server.url)
  const child = spawn('sh', ['-eu'], {
    cwd: folder,
    env: { PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`, HOME: folder },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.end(script)
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  assert.equal(exitCode, 0, `${stderr}\n${stdout}`)
  const [, , succeeded, hostname, failures, joined, terminal, saved] = stdout.split('==\n')
  assert.equal(succeeded, '2\n')
  assert.match(hostname!, /^web-[12]\n$/)
  assert.equal(failures, '0\n')
  const rows = (lines: string) =>
    lines
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
  assert.deepEqual(
    rows(joined!).sort((a, b) => (a.meta_hostname < b.meta_hostname ? -1 : 1)),
    [
      { meta_hostname: 'web-1', port: 8080 },
      { meta_hostname: 'web-2', port: 8080 },
    ],
  )
  const printed = rows(terminal!).map(({ endpoint_id: _, ...row }) => JSON.stringify(row))
  assert.deepEqual(printed.sort(), [
    '{"name":"debian","version":"12","meta_hostname":"web-2"}',
    '{"name":"ubuntu","version":"12","meta_hostname":"web-1"}',
    '{"pid":"1","meta_hostname":"web-1"}',
    '{"pid":"2","meta_hostname":"web-2"}',
  ])
  assert.equal(saved, 'Who listens now\n')
})

test('the page says how many queries ship', () => {
  assert.equal(openLiveLibrary().queries.length, 20)
  assert.match(page, /^Twenty are at /m)
})
