import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`npm start passes ${signal} on and ends with 0 when the server has stopped`, async t => {
    const directory = mkdtempSync(join(tmpdir(), 'edr-lake-start-'))
    const npm = spawn('npm', ['start', '--', '--port', '0', '--tls-port', '0', '--data', directory], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    t.after(() => {
      npm.kill('SIGKILL')
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
    })
    const messages: string[] = []
    let url: string | undefined
    for await (const line of createInterface({ input: npm.stdout })) {
      if (!line.startsWith('{')) continue
      const entry = JSON.parse(line) as { msg: string; url?: string }
      messages.push(entry.msg)
      if (entry.msg !== 'ready') continue
      url = entry.url
      assert.equal((await fetch(`${url}/livez`)).status, 200)
      npm.kill(signal)
    }
    const code = npm.exitCode ?? (await once(npm, 'close'))[0]
    assert.deepEqual([code, messages.at(-1)], [0, 'stopped'])
    await assert.rejects(fetch(`${url}/livez`))
  })
}
