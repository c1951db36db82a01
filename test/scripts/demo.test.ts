import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('../../scripts/demo.mjs', import.meta.url))

test('the demo tells its story, stays up, and leaves nothing behind', async t => {
  const demo = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => demo.kill('SIGKILL'))
  let said = ''
  let failed = ''
  demo.stderr.setEncoding('utf8').on('data', (text: string) => {
    failed += text
  })
  const lastLine = /^(http:\S+) {2}client id (\S+) {2}client secret ([0-9a-f]{64}) {2}tenant (\S+)\n$/m
  await new Promise<void>((resolve, reject) => {
    demo.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (lastLine.test(said)) resolve()
    })
    demo.once('close', () => reject(new Error(`the demo ended early:\n${said}\n${failed}`)))
  })
  for (const step of [
    '1  The token',
    '2  Who am I',
    "3  Run the guide's query",
    '4  Ask until',
    '5  Fetch the results',
  ]) {
    assert.ok(said.includes(`── ${step}`), step)
  }
  assert.match(said, /"result": "succeeded"/)
  assert.match(said, /rows on this page, 47 columns each/)
  // The story: the hash on two machines, the address, the account.
  assert.match(said, /^ {2}FIN-WS-01 .*powershell\.exe .*update-helper\.exe/m)
  assert.match(said, /^ {2}DEV-WS-02 .*services\.exe .*update-helper\.exe/m)
  assert.match(
    said,
    /^ {2}203\.0\.113\.66 +8443 +DEV-WS-02, FIN-WS-01|^ {2}203\.0\.113\.66 +8443 +FIN-WS-01, DEV-WS-02/m,
  )
  assert.match(said, /^ {2}FIN-WS-01 +svc_backup +1007 /m)
  assert.match(said, /^ {2}mounts +\d/m)

  const [, url = ''] = lastLine.exec(said) ?? []
  assert.equal((await fetch(`${url}/livez`)).status, 200)
  const [, folder = ''] = /^Starting a lake in (\S+)$/m.exec(said) ?? []
  assert.ok(existsSync(folder))
  demo.kill('SIGINT')
  const [code] = await once(demo, 'close')
  assert.equal(code, 0, failed)
  assert.equal(failed, '')
  assert.equal(existsSync(folder), false, 'the folder is gone')
  await assert.rejects(fetch(`${url}/livez`), 'the server is gone')
})
