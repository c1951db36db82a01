import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type Trust, trustIn } from '../../src/simulator/remote/transport.ts'
import { startServer, type TestServer } from '../../test/support/server.ts'
import { testCertificates } from '../../test/support/test-certificates.ts'

// What a fleet's figures are taken against: a lake, or a server that answers without a thought, to see what the agents
// alone cost.

export interface FleetTarget {
  readonly origin: string
  readonly enrollSecret: string
  readonly trust: Trust
  readonly pid: number
  /** undefined: no lake. */
  readonly lake: TestServer | undefined
  close(): Promise<void>
}

export async function startLake(flags: readonly string[] = []): Promise<FleetTarget> {
  const lake = await startServer({ flags: ['--tls-port', '0', ...flags] })
  return lakeTarget(lake)
}

export async function lakeTarget(lake: TestServer): Promise<FleetTarget> {
  return {
    origin: `https://localhost:${tlsPortOf(lake)}`,
    enrollSecret: lake.firstRun.enrollSecret,
    trust: trustIn(await readFile(join(lake.directory, 'ca.pem'), 'utf8')),
    ...{ pid: lake.pid, lake, close: () => lake.close() },
  }
}

export function tlsPortOf(lake: TestServer): number {
  const port = /"tlsUrl":"https:\/\/[^"]+:(\d+)"/.exec(lake.output())?.[1]
  if (port === undefined) throw new Error(`no TLS listener:\n${lake.output()}`)
  return Number(port)
}

export async function startSink(): Promise<FleetTarget> {
  const child: ChildProcess = fork(import.meta.filename, ['sink'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const [{ port, caPem }] = (await once(child, 'message')) as [{ port: number; caPem: string }]
  return {
    ...{
      origin: `https://localhost:${port}`,
      enrollSecret: 'any',
      trust: trustIn(caPem),
      pid: child.pid!,
      lake: undefined,
    },
    async close() {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    },
  }
}

async function serveSink(): Promise<void> {
  const { pem, caPem } = await testCertificates()
  let keys = 0
  const server = createServer(pem, (request, response) => {
    request.resume()
    request.on('end', () => {
      keys += 1
      const body = request.url?.endsWith('enroll') ? `{"node_key":"key-${keys}"}` : '{}'
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
      response.end(body)
    })
  })
  // Connections stay, as the lake's do.
  server.keepAliveTimeout = 120_000
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  process.send!({ port: (server.address() as AddressInfo).port, caPem })
}

if (process.argv[2] === 'sink' && process.send !== undefined) await serveSink()
