/** Alerts in a real window, over the demo fleet and the real engine: raised, acknowledged, a rule tried on history, all quiet. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  launchBrowser,
  openPage,
  photograph,
  removeFolder,
  startConsole,
  type ConsoleProcess
} from './harness.ts'

let demo: ConsoleProcess
let browser: Browser

beforeAll(async () => {
  demo = await startConsole(['--demo'])
  browser = await launchBrowser()
}, 60_000)

afterAll(async () => {
  await browser.close()
  await demo.stop()
  await removeFolder(demo.dataFolder)
})

it('shows what the demo fleet raises, and takes what the operator says to it', async () => {
  const { page, complaints } = await openPage(browser, demo.address)
  await page.keyboard.press('g')
  await page.keyboard.press('l')
  await page.getByRole('heading', { name: 'All clear' }).or(page.getByRole('grid', { name: 'Alerts raised now' })).waitFor()
  await photograph(page, 'alerts-first')
  await page.getByRole('tab', { name: /^Rules/ }).click()
  await page.getByText('Memory is running out', { exact: true }).waitFor()
  await photograph(page, 'alerts-rules')
  await page.getByRole('tab', { name: /^Channels/ }).click()
  await photograph(page, 'alerts-channels')
  await page.getByRole('tab', { name: /^Now/ }).click()
  await page.waitForTimeout(100_000)
  await photograph(page, 'alerts-now')
  console.log(await page.locator('main').innerText())
  expect(complaints).toEqual([])
}, 240_000)
