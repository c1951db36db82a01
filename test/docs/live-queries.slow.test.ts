// docs/live-queries.md, block by block in one shell, with a few agents that answer: every command must succeed, and
// what it prints must be what the page says it is.

import assert from 'node:assert/strict'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openLiveLibrary } from '../../src/library/live-library.ts'
import { readDocsPage, root, runShell } from '../support/docs-page.ts'
import { enrol, poll } from '../support/plain-agents.ts'
import { startServer } from '../support/server.ts'

const page = await readDocsPage('live-queries')

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

  const blocks = page.blocks('')
  assert.equal(blocks.length, 8)
  const script = blocks.join('echo ==\n').replaceAll('http://127.0.0.1:8480', server.url)
  const { stdout } = await runShell(folder, script)
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
  assert.match(page.text, /^Twenty are at /m)
})
