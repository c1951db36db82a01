import type { Run } from '../../api/query-runs.ts'
import type { LakeClient } from '../../client/client.ts'
import { AppError } from '../../model/errors.ts'
import { countOf } from '../display.ts'
import { type Output, printLine } from '../effects.ts'
import { renderRows } from '../table.ts'
import { type ConversationEffects, openConversation } from './conversation.ts'
import { type DemoFacts, questions } from './script.ts'

// The demo's tour: the getting-started guide step by step through the API, then questions with their answers.

export interface TourOptions extends ConversationEffects {
  readonly url: string
  readonly tenantId: string
  readonly clientId: string
  readonly clientSecret: string
  readonly client: LakeClient
  readonly facts: DemoFacts
  /** The guide's statement, and the file it is in. */
  readonly guide: { readonly name: string; readonly text: string }
  readonly wait: (ms: number) => Promise<void>
}

export async function giveTour(options: TourOptions): Promise<void> {
  await walkGuide(options)
  await askQuestions(options)
}

const pollMs = 250

const runsPath = '/xdr-query/v1/queries/runs'

/** Columns of the guide's 47 that say most in a line. */
const tellingColumns = ['meta_hostname', 'calendar_time', 'name', 'parent_name', 'cmdline', 'sha256']

async function walkGuide(options: TourOptions): Promise<void> {
  const { url, tenantId, clientId, clientSecret, guide } = options
  const talk = openConversation(url, options)
  await talk.title('1  The token (guide: prerequisites)')
  const credentials = { client_id: clientId, client_secret: clientSecret }
  const token = await talk.ask({
    method: 'POST',
    path: '/api/v2/oauth2/token',
    form: { grant_type: 'client_credentials', scope: 'token', ...credentials },
  })
  const jwt = String(token['access_token'])
  await talk.show({ ...token, access_token: shorten(jwt), refresh_token: shorten(String(token['refresh_token'])) })
  await talk.say('  The access_token is $JWT from here on.')

  await talk.title('2  Who am I')
  const headers = { Authorization: `Bearer ${jwt}` }
  const shownAs = { [jwt]: '$JWT' }
  await talk.show(await talk.ask({ method: 'GET', path: '/whoami/v1', headers, shownAs }))

  await talk.title("3  Run the guide's query (step 1)")
  await talk.say(`  ${guide.name} is the guide's own SQL: ${countOf(guide.text.trim().split('\n').length, 'line')}`)
  const own = { ...headers, 'X-Tenant-ID': tenantId }
  const json = { 'Content-Type': 'application/json' }
  const post = { method: 'POST', path: runsPath, headers: { ...json, ...own }, file: guide, shownAs } as const
  const run = await talk.ask(post)
  const path = `${runsPath}/${String(run['id'])}`
  await talk.show(pick(run, ['id', 'createdAt', 'expiresAt', 'result', 'status']))

  await talk.title('4  Ask until it is finished (step 2)')
  const poll = { method: 'GET', path, headers: own, shownAs } as const
  const finished = await talk.askUntil(
    poll,
    body => body['status'] === 'finished',
    () => options.wait(pollMs),
  )
  await talk.show(pick(finished, ['id', 'finishedAt', 'result', 'status', 'window']))

  await talk.title('5  Fetch the results (step 3)')
  const page = await talk.ask({ method: 'GET', path: `${path}/results?maxSize=1000`, headers: own, shownAs })
  const { items, metadata, pages } = page as unknown as ResultsPage
  await talk.say(
    `  ${countOf(items.length, 'row')} on this page, ${countOf(metadata.columns.length, 'column')} each; of the first:`,
  )
  const [first] = items
  await talk.show({ items: [first === undefined ? {} : pick(first, tellingColumns), '…'], pages })
}

interface ResultsPage {
  readonly items: readonly Record<string, unknown>[]
  readonly metadata: { readonly columns: readonly { readonly name: string; readonly type: string }[] }
  readonly pages: object
}

async function askQuestions({ client, facts, output, signal }: TourOptions): Promise<void> {
  for (const { title, sql } of questions(facts)) {
    await output.write(`\n── ${title}\n${sql.replace(/^/gm, '  ')}\n\n`)
    const started = await client.startRun({ template: sql }, signal)
    const run = await client.awaitRun(started.id, { signal })
    await showAnswer(client, run, output, signal)
  }
}

/** A question's rows are few: its first page is all of them. */
async function showAnswer(client: LakeClient, run: Run, output: Output, signal: AbortSignal): Promise<void> {
  if (run.result !== 'succeeded') throw new AppError('internal', run.error?.message ?? `the run ended ${run.result}`)
  for await (const { columns, items } of client.resultPages(run.id, { pageSize: 50, signal })) {
    await output.write(renderRows(columns, items, Math.max(output.columns, 160)).replace(/^(?=.)/gm, '  '))
    if (items.length === 0) await printLine(output, `  no rows${run.note === undefined ? '' : `: ${run.note}`}`)
    return
  }
}

function pick(members: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.filter(name => name in members).map(name => [name, members[name]]))
}

function shorten(text: string): string {
  return text.length <= 16 ? text : `${text.slice(0, 12)}…`
}
