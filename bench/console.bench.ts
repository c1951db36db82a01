// The console in a browser: bytes of the first load, time until one can type, and frames while 100,000 rows scroll.
//
//   node bench/console.bench.ts [--rows 100000] [--seconds 8]

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import { findBrowser } from '../test/support/browser.ts'
import { editorOf, openConsole, rowsOf, runSql, signIn, startConsoleLake } from '../test/support/console.ts'
import { guideSql } from './support/guide.ts'

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '100000' }, seconds: { type: 'string', default: '8' } },
})
const [rowsWanted, secondsOfScrolling] = [Number(values.rows), Number(values.seconds)]
const assets = fileURLToPath(new URL('../web/dist/assets', import.meta.url))
const loads = 5
/** The select list of the getting-started guide: 47 columns. */
const guideColumns = /SELECT([\s\S]*?)\nFROM/i.exec(guideSql)?.[1]?.trim() ?? '*'

interface Frames {
  readonly frames: number
  readonly p50: number
  readonly p99: number
  readonly longest: number
  /** Frames longer than 50 ms. */
  readonly long: number
}

/** Scrolls by `px` a frame, down to the end and up again, and measures from frame to frame. */
function scrollInPage([px, ms]: [number, number]): Promise<Frames> {
  // Runs in the browser; typed by what it uses there.
  const scope = globalThis as unknown as {
    document: { querySelector(selector: string): { scrollTop: number; scrollHeight: number; clientHeight: number } }
    requestAnimationFrame(next: (now: number) => void): void
  }
  const grid = scope.document.querySelector('[role="grid"]')
  return new Promise(resolve => {
    const times: number[] = []
    let [step, start, last] = [px, 0, 0]
    const frame = (now: number): void => {
      if (last !== 0) times.push(now - last)
      else start = now
      last = now
      if (now - start > ms) {
        times.sort((a, b) => a - b)
        const at = (share: number): number => times[Math.floor((times.length - 1) * share)] ?? 0
        resolve({
          frames: times.length,
          p50: at(0.5),
          p99: at(0.99),
          longest: at(1),
          long: times.filter(each => each > 50).length,
        })
        return
      }
      grid.scrollTop += step
      if (grid.scrollTop + grid.clientHeight >= grid.scrollHeight - 1 || grid.scrollTop <= 0) step = -step
      scope.requestAnimationFrame(frame)
    }
    scope.requestAnimationFrame(frame)
  })
}

/** gzip bytes of the scripts and style sheets: all of them, and those of the first page. */
function bundleBytes(): { readonly everything: number; readonly signInPage: number } {
  const files = readdirSync(assets).filter(name => name.endsWith('.gz'))
  const bytes = (wanted: readonly string[]): number =>
    wanted.reduce((sum, name) => sum + readFileSync(join(assets, name)).length, 0)
  return { everything: bytes(files), signInPage: bytes(files.filter(name => name.startsWith('index'))) }
}

async function medianMs(measure: () => Promise<number>): Promise<number> {
  const times: number[] = []
  for (let load = 0; load < loads; load += 1) times.push(await measure())
  return times.sort((a, b) => a - b)[Math.floor(loads / 2)] ?? 0
}

async function reloadUntilTyping(page: Page): Promise<number> {
  await page.reload({ waitUntil: 'commit' })
  await editorOf(page).waitFor()
  return (await page.evaluate('performance.now()')) as number
}

const executablePath = findBrowser()
if (executablePath === undefined) {
  process.stdout.write('no Chromium or Chrome on this machine: nothing measured\n')
} else {
  await using lake = await startConsoleLake()
  await using opened = await openConsole(executablePath, lake.server.url)
  const { page } = opened
  const signInMs = await medianMs(async () => {
    await page.reload({ waitUntil: 'commit' })
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    return (await page.evaluate('performance.now()')) as number
  })
  await signIn(page, lake.server.firstRun)
  const typingMs = await medianMs(() => reloadUntilTyping(page))

  const factor = Math.ceil(rowsWanted / 10_000)
  await runSql(
    page,
    `SELECT ${guideColumns}\nFROM (SELECT * FROM xdr_data ORDER BY calendar_time LIMIT 10000) x\n` +
      `CROSS JOIN UNNEST(sequence(1, ${factor})) AS n(i)\nLIMIT ${rowsWanted}`,
  )
  await rowsOf(page)
  const startedAt = performance.now()
  await page.getByRole('button', { name: 'Load all' }).click()
  await page.getByRole('button', { name: 'Load all' }).waitFor({ state: 'detached', timeout: 120_000 })
  const loadMs = performance.now() - startedAt
  const columns = Number(await page.getByRole('grid').getAttribute('aria-colcount')) - 1
  const steady = await page.evaluate(scrollInPage, [130, secondsOfScrolling * 1000] as [number, number])
  const flung = await page.evaluate(scrollInPage, [9_000, secondsOfScrolling * 1000] as [number, number])

  const { everything, signInPage } = bundleBytes()
  const ms = (value: number): string => `${value.toFixed(1)} ms`
  const frames = ({ frames: number, p50, p99, longest, long }: Frames): string =>
    `${number} frames, p50 ${ms(p50)}, p99 ${ms(p99)}, longest ${ms(longest)}, over 50 ms: ${long}`
  const table: readonly (readonly [string, string])[] = [
    [
      'scripts and styles, gzip',
      `${(everything / 1024).toFixed(1)} KiB (sign-in page alone ${(signInPage / 1024).toFixed(1)} KiB)`,
    ],
    ['sign-in page usable', ms(signInMs)],
    ['reload until one can type SQL', ms(typingMs)],
    [`reading ${rowsWanted} rows × ${columns} columns`, ms(loadMs)],
    ['scrolling 5 rows a frame', frames(steady)],
    ['scrolling 346 rows a frame', frames(flung)],
  ]
  for (const [what, value] of table) process.stdout.write(`${what.padEnd(44)} ${value}\n`)
}
