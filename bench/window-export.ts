/**
 * A million rows as CSV out of the window: from the click on Export to the file on the disk, in a real Chromium. Wide (a row
 * per time, three metrics of each of nine servers) and long (a row per value of one metric).
 * `npm run bench -- window-export [--json]`. Nine servers with a week of every sample.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import { ENTITY_KINDS } from '#contract/metric-catalogue.ts'
import { exports } from '../src-renderer/locales/en/export.ts'
import { metricsOfKind } from '../src-renderer/features/export/export-plan.ts'
import { launchBrowser, openPage, startConsole } from '../test/e2e/harness.ts'
import { makeWeekFolder } from './support/year-folder.ts'

const SERVERS = 9
const EXPORT_DEADLINE_MS = 300_000
const THREE = ['cpuUsedRatio', 'memoryUsedBytes', 'load1']
const OTHER_KINDS = ENTITY_KINDS.filter((kind) => kind !== 'server').map((kind) => exports.kind[kind])
const MIB = 1024 * 1024

const { values: options } = parseArgs({ options: { json: { type: 'boolean', default: false } } })

interface Exported {
  readonly seconds: number
  readonly rows: number
  readonly mib: number
}

/** The dialog as an operator fills it in. @param metrics of the server kind */
async function exportWeek(
  page: Page,
  form: 'Wide' | 'Long',
  metrics: readonly string[],
  to: string
): Promise<Exported> {
  await page.keyboard.press('Control+k')
  await page.keyboard.type('Export history as CSV')
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Export history as CSV' })
  for (const kind of OTHER_KINDS) {
    const box = dialog.getByRole('checkbox', { name: kind })
    if (await box.isChecked()) await box.click()
  }
  await dialog.getByRole('button', { name: 'Choose the metrics of: Server' }).click()
  for (const name of metricsOfKind('server').filter((each) => !metrics.includes(each)))
    await dialog.getByRole('checkbox', { name: new RegExp(`^${name} `) }).click()
  await dialog.locator('button', { hasText: /^\s*7\sd\s*$/ }).click()
  await dialog.locator('button', { hasText: new RegExp(`^\\s*${form}\\s*$`) }).click()
  const startMs = performance.now()
  const [download] = await Promise.all([
    page.waitForEvent('download', { timeout: EXPORT_DEADLINE_MS }),
    dialog.getByRole('button', { name: 'Export', exact: true }).click()
  ])
  await download.saveAs(to)
  const seconds = (performance.now() - startMs) / 1_000
  const said = await page
    .getByText(/^Saved [\d,]+ rows as CSV/)
    .last()
    .textContent({ timeout: EXPORT_DEADLINE_MS })
  const rows = Number((said ?? '').replaceAll(/\D/g, ''))
  return { seconds, rows, mib: statSync(to).size / MIB }
}

const dataFolder = mkdtempSync(join(tmpdir(), 'virthelm-bench-'))
try {
  await makeWeekFolder(dataFolder, SERVERS, Date.now())
  const console_ = await startConsole([], dataFolder)
  const browser = await launchBrowser()
  try {
    const { page } = await openPage(browser, console_.address)
    await page.locator('article').first().waitFor()
    const wide = await exportWeek(page, 'Wide', THREE, join(dataFolder, 'wide.csv'))
    const long = await exportWeek(page, 'Long', ['cpuUsedRatio'], join(dataFolder, 'long.csv'))
    const metrics = {
      windowExportWideRows: wide.rows,
      windowExportWideSec: wide.seconds,
      windowExportWideMiB: wide.mib,
      windowExportLongRows: long.rows,
      windowExportLongSec: long.seconds,
      windowExportLongMiB: long.mib
    }
    console.table(metrics)
    if (options.json) console.log(JSON.stringify({ name: 'window-export', metrics }))
  } finally {
    await browser.close()
    await console_.stop()
  }
} finally {
  rmSync(dataFolder, { recursive: true, force: true })
}
