import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteName, quoteText } from '../../row-sql/quote.ts'
import { runErrorOf } from './engine-errors.ts'
import { lockDatabase, openDatabase } from './locked-database.ts'
import { distinctNames } from './projection.ts'
import type { ChildSetup, ExportReply, ExportRequest } from './protocol.ts'
import { csvLines, jsonLines } from './result-lines.ts'

// Entry of an exporter: one process for one export of one result file, which a user's values fill. It makes the file
// only as fast as its standard output is read, and dies with its parent, which ends it when nobody wants the rest.

const setup = JSON.parse(process.argv[2] ?? '{}') as ChildSetup

/** Parquet has an end that points back into it: made beside the result first, then sent. */
const parquetPath = join(setup.tempFolder, 'export.parquet')

process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
process.once('message', (request: ExportRequest) => void work(request))

async function work(request: ExportRequest): Promise<void> {
  const { connection } = await openDatabase(setup)
  let hasBegun = false
  try {
    await lockDatabase(connection, [request.resultPath, parquetPath])
    const bytes = await openBytes(connection, request)
    reply({ kind: 'begun' })
    hasBegun = true
    await (request.format.isGzip
      ? pipeline(bytes, createGzip(), process.stdout, { end: false })
      : pipeline(bytes, process.stdout, { end: false }))
    process.stdout.end(() => process.exit(0))
  } catch (error) {
    if (!hasBegun) reply({ kind: 'failed', error: runErrorOf(error, [request.resultPath, parquetPath]) })
    process.exitCode = 1
    process.disconnect()
  }
}

/** The file's bytes. Resolves when the first are there, so that what cannot be read fails before anything is sent. */
async function openBytes(connection: DuckDBConnection, request: ExportRequest): Promise<Readable> {
  const { resultPath: path, names, rowCount, format } = request
  if (format.kind === 'parquet') {
    await writeParquet(connection, request)
    return createReadStream(parquetPath)
  }
  const lines = { path, names, rowCount }
  const texts =
    format.kind === 'csv' ? csvLines(connection, lines, format.escapesFormulas) : jsonLines(connection, lines)
  const first = await texts.next()
  return Readable.from(whole(first, texts), { objectMode: false })
}

async function* whole(first: IteratorResult<string>, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  if (first.done === true) return
  yield first.value
  yield* rest
}

async function writeParquet(connection: DuckDBConnection, { resultPath, names, rowCount }: ExportRequest) {
  // Readers of Parquet take names that differ only in case for one.
  const columns = distinctNames(names.map(name => name.toLowerCase())).map((distinct, index) => {
    const name = names[index] ?? ''
    return `c${index} AS ${quoteName(distinct === name.toLowerCase() ? name : distinct)}`
  })
  const file = `read_parquet(${quoteText(resultPath)}, file_row_number = true)`
  const rows = `SELECT ${columns.join(', ')} FROM ${file} WHERE file_row_number < ${rowCount}`
  const options = 'FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false'
  await connection.run(`COPY (${rows}) TO ${quoteText(parquetPath)} (${options})`)
}

function reply(message: ExportReply): void {
  process.send?.(message)
}
