import { sliceBytesMax } from '../../limits.ts'
import { runErrorOf } from './engine-errors.ts'
import { type Database, lockDatabase, openDatabase } from './locked-database.ts'
import type { ChildSetup, PageReply, PageRequest } from './protocol.ts'
import { readRows } from './result-rows.ts'

// Entry of a page reader: our own SQL over one result file, which a user's values fill. A fresh locked database per
// page, so that a damaged file spoils nothing else.

const setup = JSON.parse(process.argv[2] ?? '{}') as ChildSetup

let database: Database | undefined

process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
process.on('message', (request: PageRequest) => void readPage(request))

await becomeReady()

async function readPage(request: PageRequest): Promise<void> {
  try {
    if (database === undefined) throw new Error('no database is ready')
    const { resultPath, names, firstRow, rowCount } = request
    await lockDatabase(database.connection, [resultPath])
    const range = { firstRow, rowCount, bytesMax: sliceBytesMax }
    const rows = await readRows(database.connection, resultPath, names, range)
    reply({ kind: 'page', job: request.job, json: `[${rows.join(',')}]`, rowCount: rows.length })
  } catch (error) {
    reply({ kind: 'failed', job: request.job, error: runErrorOf(error, [request.resultPath]) })
  }
  await becomeReady()
}

async function becomeReady(): Promise<void> {
  database?.close()
  database = undefined
  database = await openDatabase(setup)
  reply({ kind: 'ready', rssBytes: process.memoryUsage.rss() })
}

function reply(message: PageReply): void {
  process.send?.(message)
}
