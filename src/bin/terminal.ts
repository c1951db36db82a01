import type { Output } from '../cli/effects.ts'
import { systemErrorCode } from '../model/errors.ts'

const columnsDefault = 100

/** One of the process's own streams. When its reader has seen enough (`… | head`), so has the process. */
export function terminalOutput(stream: NodeJS.WriteStream): Output {
  stream.on('error', (error: Error) => {
    process.exit(systemErrorCode(error) === 'EPIPE' ? 0 : 1)
  })
  return {
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns ?? columnsDefault
    },
    write: text => new Promise(resolve => stream.write(text, () => resolve())),
  }
}
