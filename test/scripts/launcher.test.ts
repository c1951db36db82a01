import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }

function edrLake(args: readonly string[], folder = root) {
  const { status, stdout, stderr } = spawnSync(join(root, 'edr-lake'), args, { cwd: folder, encoding: 'utf8' })
  return { status, stdout, stderr }
}

test('./edr-lake runs the command in a clone, from any folder', () => {
  assert.deepEqual(edrLake(['--version']), { status: 0, stdout: `${version}\n`, stderr: '' })
  assert.deepEqual(edrLake(['--version'], tmpdir()), { status: 0, stdout: `${version}\n`, stderr: '' })
})

test("the command's failures pass through", () => {
  assert.deepEqual(edrLake(['qery']), {
    status: 2,
    stdout: '',
    stderr: "edr-lake: unknown command 'qery'\n(Did you mean query?)\n",
  })
  const missing = edrLake(['import', 'nowhere.log'])
  assert.deepEqual([missing.status, missing.stderr], [1, 'edr-lake: cannot read nowhere.log: there is no such file\n'])
})

test('serve refuses a bad setting like `npm start`', () => {
  const refused = edrLake(['serve', '--port', '99999'])
  assert.equal(refused.status, 2)
  assert.match(refused.stderr, /^edr-lake: --port: "99999" is not a whole number from 0 to 65535\n$/)
})
