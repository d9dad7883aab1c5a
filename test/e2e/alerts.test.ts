/**
 * Alerts in a real window, over the demo fleet and the real engine: a disk that fills is forecast from its past, a drive that
 * fails is RED; the operator moves by keys, acknowledges, silences, lifts, and sees what a rule would have told.
 */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DEMO_PROFILES } from '../../src-main/demo/profiles.ts'
import { startDemoWithPast } from './demo-with-past.ts'
import { launchBrowser, openPage, photograph, removeFolder, type ConsoleProcess } from './harness.ts'

const PAST_ROWS = 2_160
/** As the demo plays it from now on: builds fill the disk of build-host. */
const root = DEMO_PROFILES.find(({ name }) => name === 'build-host')?.mounts[0]

let demo: ConsoleProcess
let browser: Browser

beforeAll(async () => {
  if (root === undefined) throw new Error('the demo has no build-host')
  const { mountPoint, used, fills } = root
  const startsAtMs = Date.now()
  const perMs = (fills?.perHour ?? 0) / 3_600_000
  ;({ demo } = await startDemoWithPast(['build-host'], PAST_ROWS, {
    past: (_name, atMs) => [
      { kind: 'mount', key: mountPoint, values: { usedRatio: used - (startsAtMs - atMs) * perMs } }
    ]
  }))
  browser = await launchBrowser()
}, 120_000)

afterAll(async () => {
  await browser.close()
  await demo.stop()
  await removeFolder(demo.dataFolder)
})

it('shows what is wrong and what will be, and takes what the operator says to it', async () => {
  const { page, complaints } = await openPage(browser, demo.address)
  const rail = page.getByRole('navigation', { name: 'Pages' })
  await rail.getByText(/RED alert/).waitFor({ timeout: 60_000, state: 'attached' })
  await photograph(page, 'alerts-badges')

  await page.keyboard.press('g')
  await page.keyboard.press('l')
  const list = page.getByRole('grid', { name: 'Alerts raised now' })
  const drive = list.getByRole('row', { name: /does not call itself healthy any more/ })
  await drive.waitFor({ timeout: 60_000 })
  const disk = list.getByRole('row', { name: /File system used \(\/\).* now, reaches 90 % in about/ })
  await disk.waitFor({ timeout: 180_000 })
  await disk.click()
  await page.getByText('forecast with range').waitFor()
  await page.getByRole('heading', { name: 'Rule: File system is filling up' }).waitFor()
  await photograph(page, 'alerts-now')

  await page.keyboard.press('a')
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Note' }).fill('old builds are removed tonight')
  await page.keyboard.press('Enter')
  await disk.getByText('old builds are removed tonight').waitFor()

  await drive.click()
  await page.keyboard.press('s')
  await dialog.getByText('1 h', { exact: true }).click()
  await photograph(page, 'alerts-silence')
  await dialog.getByRole('button', { name: 'Silence', exact: true }).click()
  await drive.getByText(/Silenced until/).waitFor()
  await page.getByRole('button', { name: 'Maintenance' }).click()
  await dialog.getByRole('button', { name: 'Lift' }).click()
  await dialog.getByText('Nothing is silenced.').waitFor()
  await page.keyboard.press('Escape')
  await drive.getByRole('button', { name: 'Acknowledge' }).waitFor()

  await page.getByRole('tab', { name: /^Rules/ }).click()
  await page.getByText('File system is filling up', { exact: true }).click()
  await dialog
    .getByText(/On your history of the last 7 days this rule would have/)
    .waitFor({ timeout: 60_000 })
  await photograph(page, 'alerts-rule')
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await photograph(page, 'alerts-rules')

  await page.getByRole('tab', { name: 'History' }).click()
  await page
    .getByRole('row', { name: /File system is filling up/ })
    .first()
    .waitFor()
  await photograph(page, 'alerts-history')
  await page.getByRole('tab', { name: /^Channels/ }).click()
  await page.getByText('Notifications of this desktop').waitFor()
  await photograph(page, 'alerts-channels')
  expect(complaints).toEqual([])
}, 300_000)
