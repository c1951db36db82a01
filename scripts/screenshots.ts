// `node scripts/screenshots.ts`: the pictures of docs/screenshots, taken of a started lake with the demo's fleet.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { findBrowser } from '../test/support/browser.ts'
import {
  type ConsoleLake,
  openConsole,
  rowsOf,
  runSql,
  signIn,
  startConsoleLake,
  writeSql,
} from '../test/support/console.ts'

const folder = fileURLToPath(new URL('../docs/screenshots', import.meta.url))
/** Long enough for a transition, a check and the second reading of the statistics. */
const settleMs = 2_600

type Picture = readonly [
  name: string,
  options: BrowserContextOptions,
  draw: (page: Page, lake: ConsoleLake) => Promise<void>,
]

const processes =
  'SELECT calendar_time, meta_hostname, name, pid, cmdline, sha256, parent_name, username\nFROM xdr_data\n' +
  "WHERE query_name = 'running_processes_windows_sophos'\nORDER BY calendar_time DESC"

const pictures: readonly Picture[] = [
  [
    'results-dark',
    { colorScheme: 'dark' },
    async page => {
      await runSql(page, processes)
      await (await rowsOf(page)).focus()
    },
  ],
  [
    'results-light',
    { colorScheme: 'light' },
    async page => {
      await runSql(
        page,
        'SELECT calendar_time, meta_hostname, remote_address, remote_port, pid, path\nFROM open_sockets\nWHERE remote_port = 443',
      )
      await rowsOf(page)
      await page
        .getByRole('button', { name: /^open_sockets/ })
        .first()
        .click()
      await page.getByRole('button', { name: 'Column remote_address: filter, top values, order' }).click()
    },
  ],
  [
    'pivot',
    { colorScheme: 'dark' },
    async (page, { story }) => {
      await runSql(page, processes.replace('\nORDER', `\n  AND name = '${story.fileName}'\nORDER`))
      const grid = await rowsOf(page)
      await grid.getByRole('gridcell', { name: story.first.hostname }).first().click()
      await page.keyboard.press('Enter')
      await grid.focus()
      await page.keyboard.press('p')
    },
  ],
  ['blank', { colorScheme: 'light' }, async page => openLibrary(page)],
  [
    'error',
    { colorScheme: 'dark' },
    async page => {
      await writeSql(page, "SELECT meta_hostname, cmdlin\nFROM xdr_data\nWHERE query_name = '$$query_name$$'")
      await page.getByLabel('query_name', { exact: true }).fill('running_processes_windows_sophos')
      await page.locator('.cm-lintRange-error').waitFor()
      await page.keyboard.press('ControlOrMeta+Enter')
      await page.getByRole('alert').filter({ hasText: 'refused' }).waitFor()
    },
  ],
  [
    'empty',
    { colorScheme: 'light' },
    async page => {
      await runSql(page, 'SELECT meta_hostname, pid\nFROM listening_ports\nWHERE port = 31337')
      await page.getByRole('heading', { name: 'No rows' }).waitFor()
    },
  ],
  [
    'completion',
    { colorScheme: 'dark' },
    async page => {
      await writeSql(page, "SELECT meta_hostname, \nFROM xdr_data\nWHERE query_name = 'open_sockets'")
      await page.keyboard.press('ControlOrMeta+Home')
      await page.keyboard.press('End')
      await page.keyboard.type('remote')
    },
  ],
  [
    'phone',
    { colorScheme: 'dark', viewport: { width: 390, height: 844 }, hasTouch: true },
    async page => {
      await runSql(page, processes)
      await rowsOf(page)
    },
  ],
]

async function openLibrary(page: Page): Promise<void> {
  await page.getByRole('tab', { name: 'Queries' }).first().click()
}

const executablePath = findBrowser()
if (executablePath === undefined) {
  process.stderr.write('no Chromium or Chrome on this machine: no pictures taken\n')
  process.exitCode = 1
} else {
  mkdirSync(folder, { recursive: true })
  await using lake = await startConsoleLake()
  for (const [name, options, draw] of pictures) {
    await using opened = await openConsole(executablePath, lake.server.url, options)
    const { page } = opened
    await signIn(page, lake.server.firstRun)
    await draw(page, lake)
    await page.waitForTimeout(settleMs)
    await page.screenshot({ path: join(folder, `${name}.png`) })
    process.stdout.write(`${name}.png\n`)
  }
  await using opened = await openConsole(executablePath, lake.server.url, { colorScheme: 'dark' })
  await opened.page.getByRole('button', { name: 'Sign in' }).waitFor()
  await opened.page.screenshot({ path: join(folder, 'sign-in.png') })
  process.stdout.write('sign-in.png\n')
}
