import { DuckDBInstance } from '@duckdb/node-api'
import type { WriterReply, WriterRequest } from './writer-protocol.ts'

// The writer: a child process with one DuckDB of its own and its own memory limit. It executes the trusted statements
// its parent sends, one after another, and answers with their rows; it never sees a user's SQL. It ends when its parent
// does.

const send = (reply: WriterReply): void => {
  process.send?.(reply)
}

async function open(settings: Readonly<Record<string, string>>) {
  const instance = await DuckDBInstance.create(':memory:', { ...settings })
  const connection = await instance.connect()
  await connection.run("SET TimeZone = 'UTC'")
  await connection.run('SET autoinstall_known_extensions = false')
  await connection.run('SET autoload_known_extensions = false')
  return connection
}

let connection: Awaited<ReturnType<typeof open>> | undefined
let queue: Promise<void> = Promise.resolve()

async function answer(request: WriterRequest): Promise<void> {
  try {
    if (request.kind === 'open') {
      connection = await open(request.settings)
      send({ id: request.id, rows: [] })
      return
    }
    if (connection === undefined) throw new Error('the writer is not open')
    const reader = await connection.runAndReadAll(request.sql)
    send({ id: request.id, rows: reader.getRowObjectsJson() })
  } catch (error) {
    send({ id: request.id, error: error instanceof Error ? error.message : String(error) })
  }
}

process.on('message', (request: WriterRequest) => {
  queue = queue.then(() => answer(request))
})
process.on('disconnect', () => process.exit(0))
// A terminal and a service manager signal the whole group; the parent decides when the writer ends.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
