import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { ensureWeb, stampName, webStamp } from '../../scripts/ensure-web.mjs'

/** A project whose console was built from what is there; its build script would fail if it were called. */
function project(): string {
  const root = mkdtempSync(join(tmpdir(), 'edr-lake-web-'))
  const files = {
    'web/index.html': '<!doctype html>',
    'web/src/main.tsx': 'draw()',
    'src/client/client.ts': 'call()',
    'scripts/build-web.mjs': 'process.exit(3)',
    'package-lock.json': '{}',
    'web/dist/index.html': 'built',
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  writeFileSync(join(root, 'web', 'dist', stampName), webStamp(root))
  return root
}

test('a console as new as its sources is left alone', async () => {
  const root = project()
  await ensureWeb(root, { say: assert.fail })
  rmSync(root, { recursive: true })
})

test('any source that changed makes it old; what a build leaves does not', async () => {
  const root = project()
  writeFileSync(join(root, 'web', 'dist', 'index.html'), 'touched')
  await ensureWeb(root, { say: assert.fail })
  for (const path of ['web/src/main.tsx', 'src/client/client.ts', 'package-lock.json']) {
    writeFileSync(join(root, path), `changed ${path}`)
    const said: string[] = []
    await assert.rejects(ensureWeb(root, { say: line => said.push(line) }), /the console could not be built/)
    assert.deepEqual(said, ['building the console, once, some seconds'])
    writeFileSync(join(root, 'web', 'dist', stampName), webStamp(root))
  }
  rmSync(root, { recursive: true })
})

test('an installed package has no sources and builds nothing', async () => {
  const root = mkdtempSync(join(tmpdir(), 'edr-lake-web-'))
  await ensureWeb(root, { say: assert.fail })
  rmSync(root, { recursive: true })
})
