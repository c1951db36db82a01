// `edr-lake watch` over logs that grow and rotate in every way, killed at any moment and restarted, its state lost now
// and then, its server killed in between. At the end every line is in the lake exactly once. Moments are drawn from a
// seed (`SEED=n node --test …`).

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { startServer, type TestServer } from '../support/server.ts'
import { connect } from '../support/xdr-client.ts'
import { assertMarks, type Dice, dice, markedLine, readMarks } from './import-marks.ts'

const seed = Number(process.env['SEED'] ?? 1)
const kills = process.env['CRASH'] === 'all' ? 30 : 5
/** Without the launcher: killed, that would leave it running. */
const program = fileURLToPath(new URL('../../src/bin/cli.ts', import.meta.url))

interface Writer {
  readonly file: string
  /** Logs a few lines, and now and then rotates, as one process would between two writes. */
  write(): void
}

type Rotate = (path: string, number: number) => void

/** osquery's own rotation: the last but one is packed. */
const renaming: Rotate = (path, number) => {
  renameSync(path, `${path}.${number}`)
  if (number < 2) return
  const packed = `${path}.${number - 1}`
  writeFileSync(`${packed}.zst`, zstdCompressSync(readFileSync(packed)))
  unlinkSync(packed)
}

const copying: Rotate = (path, number) => {
  copyFileSync(path, `${path}-2026020${number % 10}-${number}`)
  truncateSync(path)
}

const packingAtOnce: Rotate = (path, number) => {
  renameSync(path, `${path}.${number}`)
  writeFileSync(path, '')
  writeFileSync(`${path}.${number}.gz`, gzipSync(readFileSync(`${path}.${number}`)))
  unlinkSync(`${path}.${number}`)
}

function openWriter(path: string, draw: Dice, rotate: Rotate, sent: Map<string, number>): Writer {
  let [logged, rotated] = [0, 0]
  const host = path.split('/').at(-1)!
  const start = Math.floor(Date.now() / 1000) - 3600
  return {
    file: path,
    write() {
      let text = ''
      for (let count = draw.between(1, 25); count > 0; count--) {
        const mark = `${host}-${logged++}`
        sent.set(mark, 1)
        text += `${markedLine(mark, host, start + (logged % 3000))}\n`
      }
      // A write may come in two: the first ends anywhere.
      const cut = draw.between(1, text.length)
      appendFileSync(path, text.slice(0, cut))
      appendFileSync(path, text.slice(cut))
      if (draw.unit() < 0.15) rotate(path, ++rotated)
    },
  }
}

/** Writes until it is told to stop, and no more than a slow machine can read in a minute. */
async function keepWriting(writers: readonly Writer[], signal: AbortSignal): Promise<void> {
  for (let writes = 0; writes < 40 * kills && !signal.aborted; writes++) {
    for (const writer of writers) writer.write()
    await delay(100)
  }
}

function startWatch(folder: string, state: string, environment: Record<string, string>, more: readonly string[] = []) {
  const child = spawn(process.execPath, [program, 'watch', folder, '--state', state, ...more], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output: string[] = []
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', text => output.push(text))
  const following = new Promise<void>((resolve, reject) => {
    child.stderr.once('data', () => resolve())
    child.once('exit', code => reject(new Error(`watch ended with code ${code}: ${output.join('\n')}`)))
  })
  // Those that are to end have nobody who waits for this.
  following.catch(() => {})
  return { child, output, following }
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

test(`every line once over ${kills} kills, rotation, lost states and a killed server (seed ${seed})`, async t => {
  const draw = dice(seed)
  const folder = mkdtempSync(join(tmpdir(), 'edr-lake-watch-'))
  const states = mkdtempSync(join(tmpdir(), 'edr-lake-watch-state-'))
  t.after(() => {
    rmSync(folder, { recursive: true, force: true })
    rmSync(states, { recursive: true, force: true })
  })
  const state = join(states, 'state.json')
  let server: TestServer = await startServer({ flags: ['--segment-bytes', '200k', '--port', String(await freePort())] })
  t.after(() => server.close())
  const client = await connect(server.firstRun)
  const made = await client.call('POST', '/lake/v1/ingest-tokens', { body: '{"name":"watch"}' })
  const environment = {
    EDR_LAKE_URL: server.url,
    EDR_LAKE_INGEST_TOKEN: (made.json as { token: string }).token,
  }
  const sent = new Map<string, number>()
  const writers = [
    openWriter(join(folder, 'osqueryd.results.log'), draw, renaming, sent),
    openWriter(join(folder, 'osqueryd.snapshots.log'), draw, copying, sent),
    openWriter(join(folder, 'small.ndjson'), draw, packingAtOnce, sent),
  ]
  for (const writer of writers) writer.write()
  const stop = new AbortController()
  const writing = keepWriting(writers, stop.signal)
  for (let count = 1; count <= kills; count++) {
    const watch = startWatch(folder, state, environment)
    await watch.following
    await delay(draw.between(0, 1_200))
    if (count === Math.ceil(kills / 2)) {
      await server.stop('SIGKILL')
      server = await server.restart()
      await delay(draw.between(0, 1_200))
    }
    await kill(watch.child)
    if (draw.unit() < 0.3) rmSync(state, { force: true })
  }
  const last = startWatch(folder, state, environment)
  await last.following
  stop.abort()
  await writing
  const ended = once(last.child, 'exit')
  last.child.kill('SIGTERM')
  assert.deepEqual(await ended, [0, null], last.output.join('\n'))
  const rest = startWatch(folder, state, environment, ['--once'])
  const [exitCode] = await once(rest.child, 'exit')
  assert.equal(exitCode, 0, rest.output.join('\n'))
  const reader = await connect({ ...server.firstRun, url: server.url })
  assertMarks(await readMarks(reader), { acknowledged: sent, sent })
  rmSync(state, { force: true })
  const again = startWatch(folder, state, environment, ['--once'])
  assert.deepEqual(await once(again.child, 'exit'), [0, null], again.output.join('\n'))
  assert.match(again.output.join('\n'), /^0 stored, /m)
  assertMarks(await readMarks(reader), { acknowledged: sent, sent })
})
