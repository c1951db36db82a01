import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

// A page of docs/ and its commands, executed as somebody reads them.

export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface DocsPage {
  readonly text: string
  /** The fenced blocks of commands in order, each with the word after `sh`, '' where there is none. */
  readonly commands: readonly { readonly word: string; readonly script: string }[]
  /** Those with this word. */
  blocks(word: string): readonly string[]
}

/** `name`: of the file in docs/, without `.md`. */
export async function readDocsPage(name: string): Promise<DocsPage> {
  const page = await readFile(join(root, 'docs', `${name}.md`), 'utf8')
  const found = page.matchAll(/^```sh ?(\w*)\n(.*?)^```$/gms)
  const commands = [...found].map(match => ({ word: match[1]!, script: match[2]! }))
  return {
    ...{ text: page, commands },
    blocks: word => commands.filter(command => command.word === word).map(({ script }) => script),
  }
}

interface ShellOptions {
  /** Beside PATH, which leads to the Node that runs the test, and HOME, which is the folder. */
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** Executes commands in one shell, in the folder; ends at the first that fails, which fails the test. */
export async function runShell(folder: string, script: string, { env = {}, signal }: ShellOptions = {}) {
  const path = `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`
  const child = spawn('sh', ['-eu'], {
    cwd: folder,
    env: { PATH: path, HOME: folder, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    signal,
  })
  child.stdin.end(script)
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  assert.equal(exitCode, 0, `${stderr}\n${stdout}`)
  return { stdout, stderr }
}
