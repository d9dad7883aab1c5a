/**
 * A year of one server on the screen: from the click on the range to the last stroke of the last chart in view. On its
 * History tab (one chart of one metric), and on its Overview (all of its charts).
 * `npm run bench -- year-chart [--json] [--folder F]`. A data folder with a year of history, the built console in browser
 * mode, a real Chromium. F is made when it is not there, and kept: making it takes most of the time.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import { launchBrowser, openPage, startConsole } from '../test/e2e/harness.ts'
import { percentile } from './support/frames.ts'
import { observeCharts, timedClick, type ChartTimes } from './support/chart-times.ts'
import { makeYearFolder } from './support/year-folder.ts'

const ROUNDS = 20
const SERVER = 'bench-year'

const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, folder: { type: 'string' } }
})

async function openServer(page: Page): Promise<void> {
  await page
    .locator('article', { hasText: SERVER })
    .first()
    .getByRole('link', { name: SERVER })
    .first()
    .click()
  await page.getByRole('tab', { name: 'Overview' }).waitFor()
  await page.locator('canvas').first().waitFor()
}

/** The two ranges in turn, so that each time another one is asked for. */
async function timeYears(page: Page): Promise<ChartTimes[]> {
  const times: ChartTimes[] = []
  for (let round = 0; round < ROUNDS; round++) {
    await timedClick(page, '24 h')
    times.push(await timedClick(page, '1 y'))
  }
  return times
}

const dataFolder = options.folder ?? mkdtempSync(join(tmpdir(), 'virthelm-bench-'))
try {
  const isMade = options.folder !== undefined && existsSync(options.folder)
  if (!isMade) await makeYearFolder(dataFolder, SERVER, Date.now())
  const console_ = await startConsole([], dataFolder)
  const browser = await launchBrowser()
  let overview: ChartTimes[] = []
  let times: ChartTimes[] = []
  try {
    const { page } = await openPage(browser, console_.address)
    await observeCharts(page)
    await openServer(page)
    overview = await timeYears(page)
    await page.getByRole('tab', { name: 'History' }).click()
    await page.locator('canvas').first().waitFor()
    times = await timeYears(page)
  } finally {
    await browser.close()
    await console_.stop()
  }
  const p95 = (pick: (time: ChartTimes) => number): number => percentile(times.map(pick), 0.95)
  const metrics = {
    yearChartP95Ms: p95((time) => time.drawnMs),
    yearChartMedianMs: percentile(
      times.map((time) => time.drawnMs),
      0.5
    ),
    firstChartP95Ms: p95((time) => time.firstDrawnMs),
    askedP95Ms: p95((time) => time.askedMs),
    answeredP95Ms: p95((time) => time.answeredMs),
    answerKiB: p95((time) => time.answerChars) / 1024,
    overviewYearP95Ms: percentile(
      overview.map((time) => time.drawnMs),
      0.95
    ),
    rounds: times.length
  }
  console.table(
    Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, Number(value.toPrecision(4))]))
  )
  if (options.json) console.log(JSON.stringify({ name: 'year-chart', metrics }))
} finally {
  if (options.folder === undefined) rmSync(dataFolder, { recursive: true, force: true })
}
