import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import type { BrowserContextOptions, Locator, Page } from 'playwright-core'
import { ensureWeb } from '../../scripts/ensure-web.mjs'
import { openClient } from '../../src/client/client.ts'
import { simulateFleet } from '../../src/simulator/fleet.ts'
import type { Story } from '../../src/simulator/story.ts'
import { launchBrowser } from './browser.ts'
import { startServer, type TestServer } from './server.ts'
import type { Credentials } from './xdr-client.ts'

// A started lake with the demo's fleet in it, and a page of the console as a person sees it.

const root = fileURLToPath(new URL('../..', import.meta.url))
const daySeconds = 86_400
const hostCount = 20
/** A step that takes longer has gone wrong. */
const stepMsMax = 10_000

export interface ConsoleLake extends AsyncDisposable {
  readonly server: TestServer
  /** What there is to find in the fleet's rows. */
  readonly story: Story
}

/** A lake with a day of the demo's fleet. Segments are sealed soon, so that most rows are in data files. */
export async function startConsoleLake(flags: readonly string[] = []): Promise<ConsoleLake> {
  await ensureWeb(root)
  const server = await startServer({ flags: ['--segment-bytes', '1m', ...flags] })
  try {
    const story = await fillWithFleet(server)
    return { server, story, [Symbol.asyncDispose]: () => server.close() }
  } catch (error) {
    await server.close()
    throw error
  }
}

async function fillWithFleet(server: TestServer): Promise<Story> {
  const client = openClient({ ...server.firstRun, url: server.url })
  const now = Math.floor(Date.now() / 1000)
  const fleet = simulateFleet({ seed: 'demo', hostCount, span: { start: now - daySeconds + 60, end: now } })
  for (const host of fleet.hosts) {
    const lines = fleet.linesOf(host).map(line => `${line.text}\n`)
    const { rejectedCount } = await client.ingest(Buffer.from(lines.join('')))
    assert.equal(rejectedCount, 0)
  }
  assert.ok(fleet.story !== undefined)
  return fleet.story
}

export interface ConsolePage extends AsyncDisposable {
  readonly page: Page
  /** What the browser's own console said was wrong, and answers that are the server's fault. */
  readonly complaints: readonly string[]
}

/** The sign-in page of the lake, in a browser of its own. */
export async function openConsole(
  executablePath: string,
  url: string,
  options: BrowserContextOptions = {},
): Promise<ConsolePage> {
  const browser = await launchBrowser(executablePath)
  try {
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      acceptDownloads: true,
      ...options,
    })
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: url })
    context.setDefaultTimeout(stepMsMax)
    const page = await context.newPage()
    const complaints = listenForComplaints(page)
    await page.goto(url)
    return { page, complaints, [Symbol.asyncDispose]: () => browser.close() }
  } catch (error) {
    await browser.close()
    throw error
  }
}

/** The browser logs every answer outside 2xx by itself; refusals are the test's own doing, the rest is noted below. */
const networkLine = /^Failed to load resource: the server responded with a status of /

function listenForComplaints(page: Page): readonly string[] {
  const complaints: string[] = []
  page.on('console', message => {
    const isComplaint = message.type() === 'error' || message.type() === 'warning'
    if (isComplaint && !networkLine.test(message.text())) complaints.push(message.text())
  })
  page.on('response', response => {
    const { method, url } = { method: response.request().method(), url: response.url() }
    if (response.status() >= 500) complaints.push(`${response.status()} ${method} ${new URL(url).pathname}`)
  })
  page.on('pageerror', error => complaints.push(String(error.stack)))
  return complaints
}

export async function signIn(
  page: Page,
  { clientId, clientSecret }: Pick<Credentials, 'clientId' | 'clientSecret'>,
): Promise<void> {
  await page.getByLabel('Client id').fill(clientId)
  await page.getByLabel('Client secret').fill(clientSecret)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await editorOf(page).waitFor()
}

export async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Account', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'Sign in' }).waitFor()
}

export function editorOf(page: Page): Locator {
  return page.getByRole('textbox', { name: 'SQL' })
}

/** Replaces what is in the editor, as one paste would. */
export async function writeSql(page: Page, sql: string): Promise<void> {
  await editorOf(page).click()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText(sql)
}

/** The editor takes no Enter for a moment after its list has appeared, so that nobody accepts by accident. */
export async function acceptOffer(page: Page): Promise<void> {
  await page.waitForTimeout(150)
  await page.keyboard.press('Enter')
}

export async function runSql(page: Page, sql: string): Promise<void> {
  await writeSql(page, sql)
  await page.keyboard.press('ControlOrMeta+Enter')
}

/** Resolves when the rows of the newest run are there. */
export async function rowsOf(page: Page): Promise<Locator> {
  await page.getByRole('toolbar', { name: 'Result' }).waitFor()
  const grid = page.getByRole('grid')
  await grid.getByRole('gridcell').first().waitFor()
  return grid
}

/** Texts of a column of the rows that are drawn, by its place among the visible columns. */
export function columnTexts(grid: Locator, index: number): Promise<string[]> {
  return grid.locator(`[role="gridcell"][aria-colindex="${index + 2}"]`).allTextContents()
}
