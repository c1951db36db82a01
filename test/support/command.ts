import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

export interface CommandResult {
  /** null: it was killed. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

const launcher = fileURLToPath(new URL('../../scripts/edr-lake.mjs', import.meta.url))

/** Runs `edr-lake …` as a process of its own, without a terminal, and waits for its end. */
export async function runCommand(args: readonly string[], options: { input?: string } = {}): Promise<CommandResult> {
  const child = spawn(process.execPath, [launcher, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.on('error', () => {
    // A command that does not read its input closes it early.
  })
  child.stdin.end(options.input ?? '')
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  return { exitCode, stdout, stderr }
}

/** The flags that tell a client command which lake it talks to. */
export function connectionFlags(credentials: {
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  readonly tenantId: string
}): readonly string[] {
  const { url, clientId, clientSecret, tenantId } = credentials
  return ['--url', url, '--client-id', clientId, '--client-secret', clientSecret, '--tenant', tenantId]
}
