/** The best servers and the statistics of the fleet in a real window, over a demo fleet with two weeks behind it. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startDemoWithPast, type Past } from './demo-with-past.ts'
import { launchBrowser, openPage, photograph, removeFolder, type ConsoleProcess } from './harness.ts'

let demo: ConsoleProcess
let browser: Browser

const GIB = 2 ** 30
const STEP_MS = 600_000
const DAYS = 14
const NAMES = ['kvm-alpha', 'kvm-bravo', 'gpu-01', 'edge-seoul', 'build-host', '存储-节点-07']

/** Office hours: busy from nine to five, kvm-bravo the most; the cards train at night. */
const past: Past = (name, atMs, step) => {
  const hour = new Date(atMs).getHours()
  const isDay = hour >= 9 && hour < 17
  const wave = Math.abs(Math.sin(step / 7)) * 0.15
  const cpuUsedRatio = (isDay ? 0.45 : 0.08) * (name === 'kvm-bravo' ? 1.6 : 0.8) + wave
  const memoryUsedRatio = 0.35 + wave
  return [
    {
      kind: 'server',
      key: '',
      values: {
        cpuUsedRatio,
        memoryUsedRatio,
        memoryUsedBytes: 128 * GIB * memoryUsedRatio,
        memoryTotalBytes: 128 * GIB,
        diskUsedRatio: 0.4 + step / 20_000,
        netRxBytesPerSec: 2e6 * (1 + wave),
        netTxBytesPerSec: 1e6,
        powerWatts: 120 + 200 * cpuUsedRatio,
        uptimeSec: step * 600
      }
    },
    ...(name === 'gpu-01' ? [cardAt('GPU-0', !isDay, wave), cardAt('GPU-1', step % 3 === 0, wave)] : [])
  ]
}
const cardAt = (key: string, isBusy: boolean, wave: number) => ({
  kind: 'gpu' as const,
  key,
  values: {
    memoryTotalBytes: 24 * GIB,
    memoryUsedRatio: isBusy ? 0.8 : 0.02 + wave / 10,
    memoryFreeBytes: Math.floor(24 * GIB * (isBusy ? 0.2 : 0.98 - wave / 10)),
    utilisationRatio: isBusy ? 0.9 : 0
  }
})

beforeAll(async () => {
  ;({ demo } = await startDemoWithPast(NAMES, (DAYS * 86_400_000) / STEP_MS, { stepMs: STEP_MS, past }))
  browser = await launchBrowser()
}, 120_000)

afterAll(async () => {
  await browser.close()
  await demo.stop()
  await removeFolder(demo.dataFolder)
})

it('names the best servers and says what the fleet did over a week', async () => {
  const { page, complaints } = await openPage(browser, demo.address)
  const best = page.getByRole('region', { name: 'Best now' })
  await best
    .getByText(/GPU free/)
    .first()
    .waitFor({ timeout: 30_000 })
  await best.getByRole('button').click()
  await page.getByRole('menuitem', { name: 'memory', exact: true }).click()
  await expect.poll(() => best.getByRole('link').count()).toBe(3)
  await photograph(page, 'fleet-best-now')

  await page.getByRole('link', { name: 'Reports' }).click()
  await page.getByText('7 d', { exact: true }).click()
  await page
    .getByRole('row', { name: /kvm-bravo/ })
    .first()
    .waitFor({ timeout: 30_000 })
  await page.getByText('from samples').waitFor({ state: 'detached' })
  await expect
    .poll(() => page.getByText('Busiest server').locator('xpath=..').textContent())
    .toContain('kvm-bravo')
  await page.getByText('Idle graphics cards').waitFor()
  await photograph(page, 'fleet-statistics')
  await page.getByRole('grid', { name: 'Graphics cards over the range' }).scrollIntoViewIfNeeded()
  await photograph(page, 'fleet-statistics-below')

  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'CSV' }).first().click()
  expect((await download).suggestedFilename()).toContain('fleet')
  expect(complaints).toEqual([])
}, 120_000)
