import { sliceBytesMax } from '../../limits.ts'
import { runErrorOf } from './engine-errors.ts'
import { type Database, lockDatabase, openDatabase } from './locked-database.ts'
import type { ChildSetup, PageReply, PageRequest } from './protocol.ts'
import { readRows } from './result-rows.ts'

// Entry of a page reader: our own SQL over one result file, which a user's values fill. A database is locked on one
// result and serves it for as long as that is paged through; any other gets a fresh one, which waits beside it, and so
// does whatever follows a failure: a damaged file spoils nothing else.

const setup = JSON.parse(process.argv[2] ?? '{}') as ChildSetup

interface OpenResult {
  readonly path: string
  readonly database: Database
}

let opened: OpenResult | undefined
let fresh: Database | undefined

process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
process.on('message', (request: PageRequest) => void readPage(request))

await becomeReady()

async function readPage(request: PageRequest): Promise<void> {
  const { resultPath, names, firstRow, rowCount } = request
  try {
    const { connection } = (await openResult(resultPath)).database
    const range = { firstRow, rowCount, bytesMax: sliceBytesMax }
    const rows = await readRows(connection, resultPath, names, range)
    reply({ kind: 'page', job: request.job, json: `[${rows.join(',')}]`, rowCount: rows.length })
  } catch (error) {
    closeResult()
    reply({ kind: 'failed', job: request.job, error: runErrorOf(error, [request.resultPath]) })
  }
  await becomeReady()
}

async function openResult(path: string): Promise<OpenResult> {
  if (opened?.path === path) return opened
  closeResult()
  if (fresh === undefined) throw new Error('no database is ready')
  opened = { path, database: fresh }
  fresh = undefined
  await lockDatabase(opened.database.connection, [path])
  return opened
}

function closeResult(): void {
  opened?.database.close()
  opened = undefined
}

async function becomeReady(): Promise<void> {
  fresh ??= await openDatabase(setup)
  reply({ kind: 'ready', rssBytes: process.memoryUsage.rss() })
}

function reply(message: PageReply): void {
  process.send?.(message)
}
