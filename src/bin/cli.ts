import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import type { CliEffects } from '../cli/effects.ts'
import { runCli } from '../cli/program.ts'
import { openClient } from '../client/client.ts'
import { processEnvironment, settingRows } from '../config.ts'
import { systemClock } from '../model/clock.ts'
import { readAgentFiles } from './agent-files.ts'
import { directoryTools } from './directory-tools.ts'
import { holdLockFile } from './lock-file.ts'
import { recoverAccess } from './recover.ts'
import { openSimulation } from './simulation.ts'
import { terminalOutput } from './terminal.ts'

// The `edr-lake` command: the real terminal, the real clock and the real network for the commands of cli/.

/** Aborts at the first SIGINT or SIGTERM; a person who asks again, not the same key press passed on, ends at once. */
function stopSignal(): AbortSignal {
  const controller = new AbortController()
  let stoppedAt: number | undefined
  const stop = (): void => {
    if (stoppedAt !== undefined && systemClock() - stoppedAt > 500) process.exit(130)
    stoppedAt ??= systemClock()
    controller.abort()
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  return controller.signal
}

/** The server parses its own flags from the process's arguments, as when it is started alone. */
async function serve(args: readonly string[]): Promise<number> {
  process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM')
  process.argv.splice(2, process.argv.length, ...args)
  await import(new URL(`./server${extname(import.meta.url)}`, import.meta.url).href)
  return Number(process.exitCode ?? 0)
}

function packageVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

const effects: CliEffects = {
  stdout: terminalOutput(process.stdout),
  stderr: terminalOutput(process.stderr),
  stdin: process.stdin,
  environment: processEnvironment(),
  workingDirectory: process.cwd(),
  clock: systemClock,
  signal: stopSignal(),
  openClient,
}

process.exitCode = await runCli(process.argv.slice(2), effects, {
  version: packageVersion(),
  settings: settingRows(),
  serve,
  directory: directoryTools,
  readAgentFiles,
  recover: recoverAccess,
  holdLock: holdLockFile,
  openSimulation,
})
