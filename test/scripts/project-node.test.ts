import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { projectNode } from '../../scripts/project-node.mjs'

const module = new URL('../../scripts/project-node.mjs', import.meta.url).href

/** A script of the project whose child runs `code`. */
function wrapping(code: string): string[] {
  const script = `
    import { runNode, runScript } from ${JSON.stringify(module)}
    await runScript(() => runNode(['-e', ${JSON.stringify(code)}, 'one', 'two words']), { needsSetup: false })`
  return ['--input-type=module', '-e', script]
}

test("the project's Node is at least 24", () => {
  const { stdout } = spawnSync(projectNode(), ['--version'], { encoding: 'utf8' })
  assert.ok(Number.parseInt(stdout.slice(1), 10) >= 24, stdout)
})

test('arguments go in and the exit code comes out', () => {
  const { status, stdout } = spawnSync(
    process.execPath,
    wrapping('console.log(JSON.stringify(process.argv.slice(1))); process.exit(7)'),
    { encoding: 'utf8' },
  )
  assert.equal(stdout, '["one","two words"]\n')
  assert.equal(status, 7)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} lets the child stop in its own way`, async () => {
    const code = `process.on('${signal}', () => { console.log('stopping'); process.exit(0) })
      setInterval(() => {}, 1000); console.log('ready')`
    const child = spawn(process.execPath, wrapping(code), { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (text.includes('ready')) child.kill(signal)
    })
    const [exitCode] = await once(child, 'close')
    assert.equal(output, 'ready\nstopping\n')
    assert.equal(exitCode, 0)
  })
}

test('a child ended by a signal is told by the exit code', () => {
  const { status } = spawnSync(process.execPath, wrapping("process.kill(process.pid, 'SIGKILL')"))
  assert.equal(status, 137)
})

test('a filter that matches no test is said', () => {
  const script = fileURLToPath(new URL('../../scripts/test.mjs', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, [script, 'no-such-test'], { encoding: 'utf8' })
  assert.equal(stderr, 'edr-lake: no test file matches no-such-test\n')
  assert.equal(status, 2)
})

test('when the npm that ran it is killed the child is told to stop', async () => {
  const code = `process.on('SIGTERM', () => { console.log('stopping'); process.exit(0) })
    setInterval(() => {}, 1000); console.log('ready')`
  // Stands for npm: starts the script and is killed without a chance to pass anything on.
  const npm = `require('node:child_process').spawn(process.execPath, ${JSON.stringify(wrapping(code))},
    { stdio: 'inherit', env: { ...process.env, npm_lifecycle_event: 'start' } })`
  const child = spawn(process.execPath, ['-e', npm], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    if (text.includes('ready')) child.kill('SIGKILL')
  })
  // The pipe closes when the last of the three processes has ended.
  await once(child.stdout, 'close')
  assert.equal(output, 'ready\nstopping\n')
})
