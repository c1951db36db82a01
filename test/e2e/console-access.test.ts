// The console for everyone: nothing that axe-core calls serious, in both colour schemes; the keyboard alone is enough;
// it can be read on a phone; the policy it is served with holds.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { findBrowser } from '../support/browser.ts'
import {
  acceptOffer,
  type ConsoleLake,
  editorOf,
  openConsole,
  rowsOf,
  runSql,
  signIn,
  startConsoleLake,
  writeSql,
} from '../support/console.ts'

const executablePath = findBrowser()
const skip = executablePath === undefined ? 'no Chromium or Chrome on this machine: the console is not tested' : false
const axeSource = await readFile(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')

const processesSql =
  "SELECT calendar_time, meta_hostname, name, cmdline, sha256 FROM xdr_data WHERE query_name = 'running_processes_windows_sophos'"

/** More than there are stops on the page. */
const stepsMax = 120

interface AxeReport {
  readonly violations: readonly {
    readonly id: string
    readonly impact: string
    readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[]
  }[]
}

/** What axe-core finds on the page as it stands, `serious` and worse; each as one line. */
async function seriousOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(`if (!window.axe) { ${axeSource} }`)
  const report = (await page.evaluate('axe.run(document)')) as AxeReport
  return report.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.target.join(' ')} ${node.failureSummary ?? ''}`))
}

describe('the console for everyone', { skip }, () => {
  let lake: ConsoleLake

  before(async () => {
    lake = await startConsoleLake()
  })

  after(async () => {
    await lake?.[Symbol.asyncDispose]()
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`axe-core finds nothing serious (${colorScheme})`, async () => {
      // axe is put into the page as text, which the policy would refuse from anybody but a debugger.
      await using opened = await openConsole(executablePath!, lake.server.url, { colorScheme, bypassCSP: true })
      const { page } = opened
      const found: Record<string, readonly string[]> = { 'sign in': await seriousOf(page) }
      await signIn(page, lake.server.firstRun)
      await page.getByRole('heading', { name: 'Ask something' }).waitFor()
      found['blank'] = await seriousOf(page)
      await runSql(page, processesSql)
      const grid = await rowsOf(page)
      await grid.focus()
      await page.keyboard.press('Enter')
      await page.getByRole('complementary', { name: /^Row / }).waitFor()
      found['rows'] = await seriousOf(page)
      await grid.focus()
      await page.keyboard.press('p')
      await page.getByRole('menu', { name: 'Value of calendar_time' }).waitFor()
      found['menu'] = await seriousOf(page)
      await page.keyboard.press('Escape')
      await grid.getByRole('button', { name: 'Column name: filter, top values, order' }).click()
      found['column'] = await seriousOf(page)
      await page.keyboard.press('Escape')
      await runSql(page, 'SELECT cmdlin, $$a$$ FROM xdr_data')
      await page.getByRole('alert').filter({ hasText: 'refused' }).waitFor()
      found['refusal'] = await seriousOf(page)
      await page.getByRole('button', { name: 'Keys', exact: true }).click()
      found['keys'] = await seriousOf(page)
      assert.deepEqual(Object.fromEntries(Object.entries(found).filter(([, problems]) => problems.length > 0)), {})
    })
  }

  test('the keyboard alone: sign in, complete, run, sort, look, pivot, export, sign out', async () => {
    await using opened = await openConsole(executablePath!, lake.server.url)
    const { page, complaints } = opened
    const { clientId, clientSecret } = lake.server.firstRun
    const press = async (...keys: readonly string[]): Promise<void> => {
      for (const key of keys) await page.keyboard.press(key)
    }
    await page.getByLabel('Client id').waitFor()
    await press('Tab')
    await page.keyboard.type(clientId)
    await press('Tab')
    await page.keyboard.type(clientSecret)
    await press('Enter')
    await page.getByRole('textbox', { name: 'SQL' }).waitFor()

    // The cursor is in the editor already: there is nothing else to do first.
    await page.keyboard.type(
      "SELECT calendar_time, meta_hostname, name FROM xdr_data WHERE query_name = 'running_processes_w",
    )
    await page.locator('.cm-tooltip-autocomplete li').first().waitFor()
    await acceptOffer(page)
    await press('ControlOrMeta+Enter')
    const grid = await rowsOf(page)
    await press('F6')
    await page.locator('[role="grid"]:focus').waitFor()
    await press('ArrowRight', 'ArrowRight', 's')
    await grid.locator('[role="columnheader"][aria-sort="ascending"]').waitFor()
    await press('Enter')
    await page.getByRole('complementary', { name: /^Row / }).waitFor()
    await press('ArrowLeft', 'p')
    await page.getByRole('menu', { name: 'Value of meta_hostname' }).waitFor()
    await keyTo(page, 'ArrowDown', page.getByRole('menuitem', { name: 'Rows with this meta_hostname' }))
    await press('Enter')
    await page.getByRole('tab', { name: 'Rows with this meta_hostname', selected: true }).waitFor()
    await rowsOf(page)
    assert.match(await editorOf(page).innerText(), /WHERE meta_hostname = '/)

    await keyTo(page, 'Tab', page.getByRole('button', { name: 'Export', exact: true }))
    await press('Enter')
    await page.locator('[role="menuitem"]:focus', { hasText: 'CSV' }).waitFor()
    const download = page.waitForEvent('download')
    await press('Enter')
    await download
    await press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await press('Escape')
    await keyTo(page, 'Tab', page.getByRole('button', { name: 'Account', exact: true }))
    await press('Enter')
    await keyTo(page, 'ArrowDown', page.getByRole('menuitem', { name: 'Sign out' }))
    await press('Enter')
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    assert.deepEqual(complaints, [])
  })

  test('on a phone nothing is wider than the screen, and rows can be read', async () => {
    await using opened = await openConsole(executablePath!, lake.server.url, { viewport: { width: 390, height: 844 } })
    const { page } = opened
    await signIn(page, lake.server.firstRun)
    await runSql(page, processesSql)
    const grid = await rowsOf(page)
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 390)
    await grid.getByRole('gridcell').first().click()
    await grid.press('Enter')
    const row = page.getByRole('complementary', { name: /^Row / })
    await row.waitFor()
    assert.equal((await row.boundingBox())?.width, 390)
  })

  test('everything comes from the lake itself, under a policy without exceptions', async () => {
    await using opened = await openConsole(executablePath!, lake.server.url)
    const { page } = opened
    const foreign: string[] = []
    page.on('request', request => {
      if (!request.url().startsWith(lake.server.url) && !request.url().startsWith('blob:')) foreign.push(request.url())
    })
    const response = await page.reload()
    const policy = response?.headers()['content-security-policy'] ?? ''
    assert.match(policy, /default-src 'none'/)
    assert.doesNotMatch(policy, /unsafe|\*|https?:/)
    await signIn(page, lake.server.firstRun)
    await writeSql(page, processesSql)
    await page.keyboard.press('ControlOrMeta+Enter')
    await rowsOf(page)
    assert.deepEqual(foreign, [])
  })
})

/** Presses the key until the focus is there; fails when it never gets there. */
async function keyTo(page: Page, key: string, wanted: Locator): Promise<void> {
  for (let steps = 0; steps < stepsMax; steps += 1) {
    if ((await wanted.and(page.locator(':focus')).count()) > 0) return
    await page.keyboard.press(key)
  }
  assert.fail(`${key} never leads to ${wanted}`)
}
