import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { exportStallMsMax, readerMemoryBytes } from '../../limits.ts'
import { AppError } from '../../model/errors.ts'
import type { Log } from '../../model/log.ts'
import type { ResultFormat } from '../../model/result-format.ts'
import type { ResultFile } from '../engine.ts'
import { type ExportReply, type ExportRequest, parseExportReply } from './protocol.ts'
import { resultFileName } from './result-files.ts'
import { startChild } from './sandbox.ts'

// Exports: a process each, whose standard output is the file. It lives as long as its stream: read to the end,
// destroyed, aborted, or stalled because its reader takes nothing for too long.

export interface Exports {
  open(result: ResultFile, format: ResultFormat, signal: AbortSignal): Promise<Readable>
  /** Ends every export under way. */
  close(): Promise<void>
}

export function openExports(options: { readonly tmpFolder: string; readonly log: Log }): Exports {
  const children = new Map<ChildProcess, Promise<void>>()

  async function open(result: ResultFile, format: ResultFormat, signal: AbortSignal): Promise<Readable> {
    const folder = await mkdtemp(join(options.tmpFolder, 'export-'))
    const setup = { memoryBytes: readerMemoryBytes, tempBytes: readerMemoryBytes, threads: 1, tempFolder: folder }
    const child = startChild('exporter', setup)
    const ended = reap(child, folder, options.log).finally(() => children.delete(child))
    children.set(
      child,
      ended.then(() => undefined),
    )
    child.stderr?.resume()
    const reply = await firstReply(child, ended, {
      resultPath: join(result.folder, resultFileName),
      names: result.columns.map(column => column.name),
      rowCount: result.rowCount,
      format,
    })
    if (reply?.kind !== 'begun') {
      child.kill('SIGKILL')
      options.log.error({ error: reply?.error }, 'result not exported')
      throw new AppError('internal', 'the result of the run could not be read')
    }
    return streamOf(child, ended, signal)
  }

  return {
    open,
    async close() {
      const all = [...children]
      for (const [child] of all) child.kill('SIGKILL')
      await Promise.all(all.map(([, ended]) => ended))
    },
  }
}

/** The exit code once the process is gone and its folder with it; null: it was killed. */
async function reap(child: ChildProcess, folder: string, log: Log): Promise<number | null> {
  const code = await new Promise<number | null>(resolve => {
    child.once('exit', resolve)
    child.once('error', error => {
      log.error({ err: error }, 'exporter not started')
      resolve(null)
    })
  })
  await rm(folder, { recursive: true, force: true }).catch(error =>
    log.warn({ err: error }, 'export folder not deleted'),
  )
  return code
}

/** What it says first; undefined where it ended before. */
async function firstReply(
  child: ChildProcess,
  ended: Promise<number | null>,
  request: ExportRequest,
): Promise<ExportReply | undefined> {
  child.send(request, () => {
    // A child that is gone by now is known by its end.
  })
  const said = once(child, 'message')
    .then(([message]) => parseExportReply(message))
    .catch(() => undefined)
  return Promise.race([said, ended.then(() => undefined)])
}

function streamOf(child: ChildProcess, ended: Promise<number | null>, signal: AbortSignal): Readable {
  let stall: NodeJS.Timeout | undefined

  async function* bytes(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
        stall = setTimeout(giveUp, exportStallMsMax)
        yield chunk
        clearTimeout(stall)
      }
      const code = await ended
      if (code !== 0) throw new AppError('internal', `the export ended early (${code})`)
    } finally {
      clearTimeout(stall)
      child.kill('SIGKILL')
    }
  }

  const stream = Readable.from(bytes(), { objectMode: false, highWaterMark: 256 * 1024 })
  const giveUp = () => end(new AppError('timed_out', 'the reader of the export takes nothing any more'))
  const abort = () => end(new AppError('canceled', 'the export was canceled'))
  // A generator that waits in `yield` or for the next chunk is not resumed by destroying: the process is ended here.
  const end = (error: AppError) => {
    child.kill('SIGKILL')
    stream.destroy(error)
  }
  stream.once('close', () => {
    clearTimeout(stall)
    child.kill('SIGKILL')
    signal.removeEventListener('abort', abort)
  })
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  return stream
}
