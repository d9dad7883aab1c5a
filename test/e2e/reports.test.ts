/** Reports in a real window over the demo fleet: made, opened in a tab of their own, and as files without a network. */
import { copyFile, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startDemoWithPast } from './demo-with-past.ts'
import {
  launchBrowser,
  openPage,
  photograph,
  removeFolder,
  SCREENSHOTS,
  type ConsoleProcess
} from './harness.ts'

let demo: ConsoleProcess
let browser: Browser

beforeAll(async () => {
  demo = (await startDemoWithPast(['kvm-alpha', 'kvm-beta'], 2_000)).demo
  browser = await launchBrowser()
}, 120_000)

afterAll(async () => {
  await browser.close()
  await demo.stop()
  await removeFolder(demo.dataFolder)
})

it('makes a report as HTML, PDF and CSV, opens it, and keeps a schedule', async () => {
  const { page, complaints } = await openPage(browser, demo.address)
  // An alert that the report tells of.
  const rail = page.getByRole('navigation', { name: 'Pages' })
  await rail.getByText(/RED alert/).waitFor({ timeout: 60_000, state: 'attached' })
  await page.getByRole('link', { name: 'Reports' }).first().click()
  await page.getByRole('tab', { name: 'Reports' }).click()
  await page.getByText('No reports yet').waitFor()
  await photograph(page, 'reports-none')

  await page.getByRole('button', { name: 'Make a report…' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Range', { exact: true }).click()
  await dialog.getByRole('checkbox', { name: 'CSV' }).click()
  await photograph(page, 'reports-make')
  await dialog.getByRole('button', { name: 'Make', exact: true }).click()
  const row = page.getByRole('row', { name: /made/ }).filter({ hasText: 'PDF' })
  await row.waitFor({ timeout: 90_000 })
  await page.getByText(/The report of .* is made/).waitFor()

  await page.getByRole('button', { name: 'Schedule…' }).click()
  await dialog.getByRole('switch', { name: 'Weekly' }).click()
  await photograph(page, 'reports-schedule')
  await dialog.getByRole('button', { name: 'Keep' }).click()
  await page.getByText('Made by themselves: weekly.').waitFor()
  await photograph(page, 'reports-archive')

  const [tab] = await Promise.all([
    page.context().waitForEvent('page'),
    row.getByRole('button', { name: 'HTML' }).click()
  ])
  await tab.getByRole('heading', { name: 'Server by server' }).waitFor()
  expect(await tab.evaluate(() => document.scripts.length)).toBe(0)
  await tab.close()
  expect(complaints).toEqual([])
}, 180_000)

it('has files that need no network, run no script and print on paper', async () => {
  const folder = join(demo.dataFolder, 'demo', 'reports')
  const names = await readdir(folder)
  const nameOf = (ending: string): string => {
    const name = names.find((one) => one.endsWith(ending))
    if (name === undefined) throw new Error(`no ${ending} among ${names.join(' ')}`)
    return join(folder, name)
  }
  expect(names.filter((name) => name.endsWith('.part'))).toEqual([])
  expect((await readFile(nameOf('.pdf'))).subarray(0, 5).toString()).toBe('%PDF-')
  await copyFile(nameOf('.pdf'), join(SCREENSHOTS, 'report.pdf'))
  expect((await readFile(nameOf('.csv'), 'utf8')).split('\r\n').length).toBeGreaterThan(4)

  const context = await browser.newContext({ offline: true, viewport: { width: 1240, height: 900 } })
  const page = await context.newPage()
  const said: string[] = []
  page.on('console', (message) => said.push(message.text()))
  page.on('pageerror', (error) => said.push(String(error)))
  page.on('request', (request) => said.push(request.url()))
  const address = `file://${nameOf('.html')}`
  await page.goto(address)
  await page.getByRole('heading', { name: 'Server by server' }).waitFor()
  // Its own page and nothing else; not one word in the console.
  expect(said.map((one) => decodeURI(one))).toEqual([address])
  await page.screenshot({ path: join(SCREENSHOTS, 'report-html.png') })
  await page.getByText('disk sdd does not call itself healthy any more').first().waitFor()
  await page.emulateMedia({ media: 'print' })
  // A4 without the margins: not the layout of a phone.
  await page.setViewportSize({ width: 696, height: 1000 })
  const charts = page.locator('.grid figure')
  expect((await charts.nth(1).boundingBox())?.y).toBe((await charts.nth(0).boundingBox())?.y)
  await page.screenshot({ path: join(SCREENSHOTS, 'report-paper.png') })
  await context.close()
}, 60_000)
