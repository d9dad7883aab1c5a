/** Graphics cards, power and sensors in a real window, over the demo fleet. */
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { dayOf } from '../../src-main/domain/gpu-power/energy.ts'
import { openStorage } from '../../src-main/storage/client.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import {
  launchBrowser,
  openPage,
  photograph,
  removeFolder,
  startConsole,
  type ConsoleProcess
} from './harness.ts'

const root = resolve(import.meta.dirname, '../..')
const DAY_MS = 86_400_000

let demo: ConsoleProcess
let browser: Browser

/** A month of energy: the demo begins without a past. */
async function withEnergy(first: ConsoleProcess): Promise<ConsoleProcess> {
  await first.stop()
  const storage = await openStorage({
    dataFolder: join(first.dataFolder, 'demo'),
    workerUrl: pathToFileURL(join(root, 'out/main/worker.js')),
    log: silentLog
  })
  const server = (await storage.servers.list()).find(({ record }) => record.name === 'gpu-01')
  if (server === undefined) throw new Error('no gpu-01')
  const days = Array.from({ length: 31 }, (_unused, ago) => ({
    serverId: server.record.id,
    kind: 'server' as const,
    key: '',
    name: 'energyJoules',
    day: dayOf(Date.now() - ago * DAY_MS, 'local'),
    // No Sundays: a bar that is missing is a day without a measurement.
    total: ago % 7 === 5 ? 0 : 3.6e6 * (70 + ((ago * 13) % 29))
  }))
  await storage.history.addDayTotals(days.filter(({ total }) => total > 0))
  await storage.close()
  return startConsole(['--demo'], first.dataFolder)
}

beforeAll(async () => {
  demo = await withEnergy(await startConsole(['--demo']))
  browser = await launchBrowser()
}, 120_000)

afterAll(async () => {
  await browser.close()
  await demo.stop()
  await removeFolder(demo.dataFolder)
})

it('shows eight cards with slices and processes, where the power comes from, and what would mend a missing one', async () => {
  const { page, complaints } = await openPage(browser, demo.address)
  const fleet = page.getByRole('article').filter({ hasText: 'gpu-01' })
  await fleet.getByRole('meter', { name: /Memory of GPU 7/ }).waitFor()
  await fleet.getByText(/^\d+\s?W$/).waitFor()
  await photograph(page, 'fleet-gpu-power')

  await page.getByText('gpu-01').first().click()
  await page.getByRole('tab', { name: 'GPU' }).click()
  const last = page.getByRole('region', { name: 'GPU 7 NVIDIA H100 80GB HBM3' })
  await last.getByText('1g.10gb').first().waitFor()
  await page.getByRole('grid', { name: 'Processes' }).getByText('7 · 1g.10gb').first().waitFor()
  expect(await page.getByRole('region', { name: /^GPU \d NVIDIA H100/ }).count()).toBe(8)
  await photograph(page, 'gpu-cards')
  await page.getByRole('region', { name: 'GPU power' }).scrollIntoViewIfNeeded()
  await photograph(page, 'gpu-charts')

  await page.getByRole('tab', { name: 'Power' }).click()
  const power = page.getByRole('region', { name: 'Power', exact: true }).first()
  await power.getByText('now, by BMC (IPMI)').waitFor({ timeout: 60_000 })
  await photograph(page, 'power')
  await page.getByRole('button', { name: 'Price per kWh' }).click()
  await page.getByRole('dialog').getByLabel('Price per kWh').fill('0,32')
  await page.getByRole('dialog').getByLabel('Currency').fill('€')
  await photograph(page, 'power-price')
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  const energy = page.getByRole('region', { name: 'Energy' })
  await energy.getByText('this month').waitFor()
  await energy
    .getByText(/\d\s€$/)
    .first()
    .waitFor()
  await photograph(page, 'power-energy')

  await page.getByText('kvm-bravo').first().click()
  await page.getByRole('tab', { name: 'Power' }).click()
  await page.getByText('sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj').waitFor()
  await photograph(page, 'power-denied')
  // A server without any card needs no page that says so.
  expect(await page.getByRole('tab', { name: 'GPU' }).count()).toBe(0)
  expect(complaints).toEqual([])
}, 180_000)
