// The console as a person uses it: a real browser on a started lake with the demo's fleet in it.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { findBrowser } from '../support/browser.ts'
import {
  acceptOffer,
  type ConsoleLake,
  type ConsolePage,
  columnTexts,
  editorOf,
  openConsole,
  rowsOf,
  runSql,
  signIn,
  signOut,
  startConsoleLake,
  writeSql,
} from '../support/console.ts'
import { addPartner, addPrincipal, addTenant } from '../support/tenants.ts'

const executablePath = findBrowser()
const skip = executablePath === undefined ? 'no Chromium or Chrome on this machine: the console is not tested' : false

const processesSql =
  'SELECT calendar_time, meta_hostname, name, pid, cmdline, sha256\nFROM xdr_data\n' +
  "WHERE query_name = 'running_processes_windows_sophos'\nORDER BY calendar_time DESC"
const endlessSql =
  'SELECT count(*) AS n FROM UNNEST(sequence(1, 9999)) AS a(x) CROSS JOIN UNNEST(sequence(1, 9999)) AS b(y) ' +
  'CROSS JOIN UNNEST(sequence(1, 9999)) AS c(z) WHERE x * y * z % 7 = 3'

describe('the console', { skip }, () => {
  let lake: ConsoleLake
  let opened: ConsolePage
  let page: Page

  before(async () => {
    lake = await startConsoleLake()
    opened = await openConsole(executablePath!, lake.server.url)
    page = opened.page
  })

  after(async () => {
    await opened?.[Symbol.asyncDispose]()
    await lake?.[Symbol.asyncDispose]()
  })

  test('a wrong secret is refused in words; the right one is kept out of the address and of local storage', async () => {
    const { clientId, clientSecret } = lake.server.firstRun
    await page.getByLabel('Client id').fill(clientId)
    await page.getByLabel('Client secret').fill('0'.repeat(64))
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('The lake does not know this client id and secret.').waitFor()
    await signIn(page, lake.server.firstRun)
    const kept = await page.evaluate('JSON.stringify([location.href, { ...localStorage }, document.cookie])')
    assert.ok(!String(kept).includes(clientSecret))
  })

  test('query names, columns and functions are completed from the lake', async () => {
    await writeSql(page, "SELECT pid FROM xdr_data WHERE query_name = ''")
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.type('processes_w')
    const options = page.locator('.cm-tooltip-autocomplete li')
    await options.filter({ hasText: 'running_processes_windows_sophos' }).first().waitFor()
    await acceptOffer(page)
    await page.keyboard.press('End')
    await page.keyboard.type(' AND cmdl')
    await options.filter({ hasText: 'cmdline' }).first().waitFor()
    await acceptOffer(page)
    await page.keyboard.type(' = regexp_rep')
    await options.filter({ hasText: 'regexp_replace' }).first().waitFor()
    await acceptOffer(page)
    assert.equal(
      await editorOf(page).innerText(),
      "SELECT pid FROM xdr_data WHERE query_name = 'running_processes_windows_sophos' AND cmdline = regexp_replace()",
    )
  })

  test('an error is underlined at its place while one types, and told in the words of the API', async () => {
    await writeSql(page, 'SELECT name,\n  cmdlin\nFROM xdr_data')
    const underlined = page.locator('.cm-lintRange-error')
    await underlined.waitFor()
    assert.equal(await underlined.innerText(), 'cmdlin')
    await page.keyboard.press('ControlOrMeta+Enter')
    const alert = page.getByRole('alert').filter({ hasText: 'The lake refused this statement' })
    await alert.waitFor()
    assert.match(await alert.innerText(), /line 2:3: column 'cmdlin' does not exist/)
    await alert.getByRole('button', { name: 'Show the place' }).click()
    await page.keyboard.type('cmdline')
    await underlined.waitFor({ state: 'detached' })
  })

  test('a run says beforehand what it reads, then shows its rows and where it can be found', async () => {
    await writeSql(page, processesSql)
    await page.getByText(/reads .* · \d+ files?/).waitFor()
    await page.keyboard.press('ControlOrMeta+Enter')
    const grid = await rowsOf(page)
    const total = Number(await grid.getAttribute('aria-rowcount')) - 1
    assert.ok(total > 1_000, `${total} rows`)
    assert.equal((await columnTexts(grid, 2)).length > 5, true)
    const link = await page.getByTitle(/^Run [0-9a-f-]{36}$/).getAttribute('href')
    assert.match(link ?? '', /^#run=[0-9a-f-]{36}&tenant=[0-9a-f-]{36}$/)
    await page.getByRole('figure', { name: /^Rows over time from/ }).waitFor()
  })

  test('rows are sorted, filtered and counted on the spot', async () => {
    const grid = await rowsOf(page)
    await grid.getByRole('button', { name: /^pid/ }).click()
    await grid.locator('[role="columnheader"][aria-sort="ascending"]').waitFor()
    const ascending = (await columnTexts(grid, 3)).map(Number)
    assert.deepEqual(
      ascending,
      ascending.toSorted((a, b) => a - b),
    )
    await grid.getByRole('button', { name: 'Column name: filter, top values, order' }).click()
    const card = page.getByRole('dialog', { name: 'Column name' })
    await card
      .getByRole('button', { name: 'Keep only update-helper.exe' })
      .or(card.getByLabel('Filter name'))
      .first()
      .waitFor()
    await card.getByLabel('Filter name').fill(`=${lake.story.fileName}`)
    await page.keyboard.press('Escape')
    const names = await columnTexts(grid, 2)
    assert.deepEqual([...new Set(names)], [lake.story.fileName])
    await page.getByTitle('Stop filtering name').click()
  })

  test('from a hash to everything that carries it', async () => {
    const grid = await rowsOf(page)
    await page.getByLabel('Filter the loaded rows').fill(lake.story.sha256)
    await grid.getByRole('gridcell', { name: lake.story.sha256 }).first().click()
    await grid.press('Enter')
    const row = page.getByRole('complementary', { name: /^Row / })
    await row.getByText('SHA-256', { exact: true }).first().waitFor()
    await row.getByRole('button', { name: 'What reports this sha256' }).click()
    await page.getByRole('tab', { name: 'What reports this sha256', selected: true }).waitFor()
    const hosts = await columnTexts(await rowsOf(page), 1)
    assert.deepEqual(new Set(hosts), new Set([lake.story.first.hostname, lake.story.second.hostname]))
  })

  test('a long run is canceled at once', async () => {
    await page.getByRole('button', { name: 'New query' }).click()
    await runSql(page, endlessSql)
    const result = page.getByRole('region', { name: 'Result' })
    await result.getByText('Running').waitFor()
    await page.keyboard.press('ControlOrMeta+.')
    await result.getByText('Canceled', { exact: true }).waitFor()
  })

  test('no rows, and why', async () => {
    await runSql(page, "SELECT name FROM xdr_data WHERE query_name = 'listening_ports' AND port = 64999")
    await page.getByRole('heading', { name: 'No rows' }).waitFor()
    await page.getByRole('button', { name: 'Search all data' }).click()
    await page.getByRole('button', { name: 'All data', exact: true }).waitFor()
    await page.getByRole('heading', { name: 'No rows' }).waitFor()
  })

  test('variables have fields; a query is saved and opened again with them', async () => {
    const sql = "SELECT meta_hostname, port FROM xdr_data WHERE query_name = 'listening_ports' AND port = $$port$$"
    await writeSql(page, sql)
    await page.getByLabel('Type of port').selectOption('integer')
    await page.getByLabel('port', { exact: true }).fill('135')
    await page.keyboard.press('ControlOrMeta+s')
    const dialog = page.getByRole('dialog', { name: 'Save this query' })
    await dialog.getByLabel('Name').fill('Who listens on a port')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'New query' }).click()
    await page.getByRole('tab', { name: 'Queries' }).first().click()
    await page.getByRole('button', { name: /^Who listens on a port/ }).click()
    assert.equal(await page.getByLabel('port', { exact: true }).inputValue(), '135')
    await page.keyboard.press('ControlOrMeta+Enter')
    const ports = await columnTexts(await rowsOf(page), 1)
    assert.deepEqual([...new Set(ports)], ['135'])
  })

  test('rows are copied for a spreadsheet', async () => {
    const grid = await rowsOf(page)
    const total = Number(await grid.getAttribute('aria-rowcount')) - 1
    await page.getByRole('button', { name: 'Export' }).click()
    await page.getByRole('menuitem', { name: 'Copy as TSV' }).click()
    await page.getByText(/^Copied \d+ rows? as TSV$/).waitFor()
    const copied = String(await page.evaluate('navigator.clipboard.readText()'))
    assert.equal(copied.split('\n')[0], 'meta_hostname\tport')
    assert.equal(copied.split('\n').length, total + 1)
  })

  test('the whole result is exported through the API', async () => {
    const total = Number(await (await rowsOf(page)).getAttribute('aria-rowcount')) - 1
    await page.getByRole('button', { name: 'Export' }).click()
    const download = page.waitForEvent('download', { timeout: 5_000 })
    await page.getByRole('menuitem', { name: 'CSV' }).click()
    const file = await download
    assert.match(file.suggestedFilename(), /^run-[0-9a-f]{8}\.csv$/)
    const text = await readFile(await file.path(), 'utf8')
    assert.equal(text.trimEnd().split(/\r?\n/).length, total + 1)
  })

  test('tabs and results are there after a reload; a link opens its run', async () => {
    const tabs = await page.getByRole('tablist', { name: 'Queries' }).getByRole('tab').allInnerTexts()
    const href = await page.getByTitle(/^Run [0-9a-f-]{36}$/).getAttribute('href')
    await page.reload()
    assert.deepEqual([...new Set(await columnTexts(await rowsOf(page), 1))], ['135'])
    assert.deepEqual(await page.getByRole('tablist', { name: 'Queries' }).getByRole('tab').allInnerTexts(), tabs)
    await page.goto(`${lake.server.url}/${href}`)
    await page.getByRole('tablist', { name: 'Queries' }).getByRole('tab').nth(tabs.length).waitFor()
    assert.deepEqual([...new Set(await columnTexts(await rowsOf(page), 1))], ['135'])
  })

  test('signing out leaves no credentials behind', async () => {
    await signOut(page)
    assert.equal(await page.evaluate('sessionStorage.length'), 0)
    await page.reload()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
  })

  test("another tenant's principal sees neither rows nor tabs of the first", async () => {
    await signIn(page, await addTenant(lake.server))
    assert.match(await editorOf(page).innerText(), /^SELECT … FROM xdr_data WHERE query_name = …/)
    await runSql(page, 'SELECT count(*) AS n FROM xdr_data')
    assert.deepEqual(await columnTexts(await rowsOf(page), 0), ['0'])
    await signOut(page)
  })

  test("a partner's principal switches between its tenants", async () => {
    const partner = await addPartner(lake.server, ['Contoso', 'Fabrikam'])
    await signIn(page, partner)
    await page.getByRole('button', { name: 'Tenant: Contoso' }).click()
    await page.getByRole('menuitemradio', { name: /^Fabrikam/ }).click()
    await page.getByRole('button', { name: 'Tenant: Fabrikam' }).waitFor()
    await runSql(page, 'SELECT count(*) AS n FROM xdr_data')
    assert.deepEqual(await columnTexts(await rowsOf(page), 0), ['0'])
    await signOut(page)
  })

  test('a role that may not query is told so', async () => {
    const { tenantId } = lake.server.firstRun
    await signIn(page, await addPrincipal(lake.server, tenantId, 'readOnly'))
    await runSql(page, 'SELECT count(*) AS n FROM xdr_data')
    const alert = page.getByRole('alert').filter({ hasText: 'It did not run' })
    await alert.waitFor()
  })

  test('the browser had nothing to complain of', () => {
    assert.deepEqual(opened.complaints, [])
  })
})
