import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type TrinoHome, TrinoUnavailable, trinoVersion } from './home.ts'

// One Trino of our own for the length of a test run: a free port on the loopback, its files in a temporary folder, and
// an end by its process id.

const startMsMax = 180_000
const pollMs = 500

export interface TrinoServer {
  readonly url: string
  readonly version: string
  stop(): Promise<void>
}

/** A Trino that answers queries; the caller stops it. */
export async function startTrino({ folder, javaHome }: TrinoHome): Promise<TrinoServer> {
  const port = await freePort()
  const data = mkdtempSync(join(tmpdir(), 'edr-lake-trino-'))
  writeConfiguration(join(data, 'etc'), folder, port)
  const log = join(data, 'server.log')
  const output = openSync(log, 'w')
  const child = spawn(join(javaHome, 'bin', 'java'), javaArguments(folder, data), {
    cwd: data,
    stdio: ['ignore', output, output],
  })
  // Whatever ends this process ends the server with it.
  const kill = () => child.kill('SIGKILL')
  const abandon = () => {
    kill()
    rmSync(data, { recursive: true, force: true })
  }
  process.once('exit', abandon)
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()))
  const stop = async () => {
    kill()
    await ended
    process.off('exit', abandon)
    rmSync(data, { recursive: true, force: true })
  }
  const url = `http://127.0.0.1:${port}`
  const deadline = Date.now() + startMsMax
  while (!(await isReady(url))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      const tail = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-5).join('\n')
      await stop()
      throw new TrinoUnavailable(`Trino did not start; its log ends with:\n${tail}`)
    }
    await delay(pollMs)
  }
  return { url, version: trinoVersion, stop }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

function writeConfiguration(etc: string, folder: string, port: number): void {
  mkdirSync(join(etc, 'catalog'), { recursive: true })
  const properties = {
    'node.environment': 'test',
    coordinator: 'true',
    'node-scheduler.include-coordinator': 'true',
    'http-server.http.port': String(port),
    'discovery.uri': `http://127.0.0.1:${port}`,
    'node.internal-address': '127.0.0.1',
    'plugin.dir': join(folder, 'plugin'),
    'catalog.config-dir': join(etc, 'catalog'),
    'query.max-memory': '1GB',
    'query.max-memory-per-node': '1GB',
    'memory.heap-headroom-per-node': '512MB',
    'task.concurrency': '2',
    'query.max-history': '20',
    'web-ui.enabled': 'false',
  }
  const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`)
  writeFileSync(join(etc, 'config.properties'), lines.join(''))
  writeFileSync(join(etc, 'catalog', 'memory.properties'), 'connector.name=memory\n')
  writeFileSync(join(etc, 'log.properties'), 'io.trino=WARN\n')
}

/** The options Trino asks of a Java 25, and a heap that leaves the machine to others. */
function javaArguments(folder: string, data: string): string[] {
  return [
    '-Xmx2g',
    '-XX:+ExitOnOutOfMemoryError',
    '-XX:+UseG1GC',
    '-XX:G1HeapRegionSize=4M',
    '-Djdk.attach.allowAttachSelf=true',
    '-Djdk.nio.maxCachedBufferSize=2000000',
    '-Dfile.encoding=UTF-8',
    '--add-modules=jdk.incubator.vector',
    '--enable-native-access=ALL-UNNAMED',
    '--sun-misc-unsafe-memory-access=allow',
    `-Dconfig=${join(data, 'etc', 'config.properties')}`,
    `-Dlog.levels-file=${join(data, 'etc', 'log.properties')}`,
    '-cp',
    `${join(folder, 'main')}:${join(folder, 'lib')}/*`,
    'StartTrino',
  ]
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/v1/info`, { signal: AbortSignal.timeout(2_000) })
    return response.ok && ((await response.json()) as { starting: boolean }).starting === false
  } catch {
    // Not listening yet.
    return false
  }
}
