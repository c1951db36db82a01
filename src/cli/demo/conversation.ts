import { AppError } from '../../model/errors.ts'
import { shellWord } from '../display.ts'
import { type Output, printLine } from '../effects.ts'

// Requests to the API, each shown as the curl command that makes it, with what came back: a reader can paste the
// commands into a shell and get the same.

export interface ShownRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** A file that curl would read, by the name shown. */
  readonly file?: { readonly name: string; readonly text: string }
  readonly form?: Readonly<Record<string, string>>
  /** What stands for a value in the command shown: `$JWT` for the token. */
  readonly shownAs?: Readonly<Record<string, string>>
}

export interface Conversation {
  title(text: string): Promise<void>
  say(text: string): Promise<void>
  /** Shows the command, sends, shows the status; returns the parsed body. Throws on a status outside 2xx. */
  ask(request: ShownRequest): Promise<Record<string, unknown>>
  /** Asks again and again, `wait` in between, until the body is as wanted; shows the command once. */
  askUntil(
    request: ShownRequest,
    isWanted: (body: Record<string, unknown>) => boolean,
    wait: () => Promise<void>,
  ): Promise<Record<string, unknown>>
  /** Shows a piece of an answer. */
  show(answer: unknown): Promise<void>
}

export interface ConversationEffects {
  readonly output: Output
  readonly fetch: typeof fetch
  readonly signal: AbortSignal
}

const styles = { bold: '1', dim: '2', green: '32' } as const

export function openConversation(
  origin: string,
  { output, fetch: fetchAnswer, signal }: ConversationEffects,
): Conversation {
  const styled = (style: keyof typeof styles, text: string): string =>
    output.isTerminal ? `\u001b[${styles[style]}m${text}\u001b[0m` : text

  return {
    title: text => output.write(`\n${styled('bold', `── ${text}`)}\n`),
    say: text => printLine(output, text),
    show: answer => printLine(output, indent(styled('dim', JSON.stringify(answer, undefined, 2)))),
    async ask(request) {
      await printLine(output, styled('green', commandOf(origin, request)))
      const { status, body } = await send(request)
      await printLine(output, `  HTTP ${status}`)
      return body
    },
    async askUntil(request, isWanted, wait) {
      await printLine(output, styled('green', commandOf(origin, request)))
      for (let asked = 1; ; asked += 1) {
        const { status, body } = await send(request)
        if (isWanted(body)) {
          await printLine(output, `  HTTP ${status}${asked === 1 ? '' : `, asked ${asked} times`}`)
          return body
        }
        await wait()
        signal.throwIfAborted()
      }
    },
  }

  async function send(request: ShownRequest): Promise<{ status: number; body: Record<string, unknown> }> {
    const sent = request.form === undefined ? request.file?.text : new URLSearchParams(request.form).toString()
    const type = request.form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }
    const response = await fetchAnswer(`${origin}${request.path}`, {
      method: request.method,
      headers: { ...type, ...request.headers },
      body: sent ?? null,
      signal,
    })
    const text = await response.text()
    if (!response.ok) throw new AppError('internal', `${request.path} answered ${response.status}: ${text}`)
    return { status: response.status, body: JSON.parse(text) as Record<string, unknown> }
  }
}

function commandOf(origin: string, request: ShownRequest): string {
  const stand = (text: string): string =>
    Object.entries(request.shownAs ?? {}).reduce((shown, [value, name]) => shown.replaceAll(value, name), text)
  const headers = Object.entries(request.headers ?? {}).map(([name, value]) => `-H "${name}: ${stand(value)}"`)
  const form = Object.entries(request.form ?? {}).map(([name, value]) => `-d ${name}=${stand(value)}`)
  const file = request.file === undefined ? [] : [`--data-binary @${request.file.name}`]
  const words = [`curl -s -X ${request.method}`, ...headers, ...form, ...file, shellWord(`${origin}${request.path}`)]
  return `$ ${words.join(' \\\n    ')}`
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ')
}
