/** Disks, file systems, interfaces, traffic and CPU threads in a real window, over the demo fleet with a past of traffic. */
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { DayTotal } from '../../src-main/application/storage.ts'
import { addDays, dayOf } from '../../src-main/domain/traffic/days.ts'
import { openStorage } from '../../src-main/storage/client.ts'
import {
  launchBrowser,
  openPage,
  photograph,
  removeFolder,
  startConsole,
  type ConsoleProcess
} from './harness.ts'

const GIB = 2 ** 30
const PAST_DAYS = 50
let demo: ConsoleProcess
let browser: Browser

/** Starts the demo once, gives one server a past of traffic, and starts it again. */
async function startWithTraffic(name: string): Promise<ConsoleProcess> {
  const first = await startConsole(['--demo'])
  await first.stop()
  const storage = await openStorage({
    dataFolder: join(first.dataFolder, 'demo'),
    workerUrl: pathToFileURL(join(resolve(import.meta.dirname, '../..'), 'out/main/worker.js')),
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => 'none' }
  })
  const server = (await storage.servers.list()).find(({ record }) => record.name === name)
  if (server === undefined) throw new Error(`no ${name}`)
  const today = dayOf(Date.now(), 'local')
  const totals: DayTotal[] = []
  for (let back = PAST_DAYS; back >= 0; back--) {
    const day = addDays(today, -back)
    const busy = 1 + Math.abs(Math.sin(back * 1.3)) * 2
    const of = (key: string, kind: 'server' | 'interface', sum: string, total: number): void => {
      totals.push({ serverId: server.record.id, kind, key, name: sum, day, total })
    }
    for (const [kind, key, share] of [
      ['server', '', 1],
      ['interface', 'eno1', 0.55],
      ['interface', 'eno2', 0.45]
    ] as const) {
      of(key, kind, 'rxBytes', busy * 40 * GIB * share)
      of(key, kind, 'txBytes', busy * 22 * GIB * share)
      if (back >= 9 && back <= 11) of(key, kind, 'spreadBytes', busy * 62 * GIB * share)
    }
  }
  await storage.history.addDayTotals(totals)
  await storage.close()
  return startConsole(['--demo'], first.dataFolder)
}

beforeAll(async () => {
  demo = await startWithTraffic('kvm-alpha')
  browser = await launchBrowser()
}, 90_000)

afterAll(async () => {
  await browser.close()
  await demo.stop()
  await removeFolder(demo.dataFolder)
})

it('shows what a server is made of, lets the operator choose what counts, and counts the month', async () => {
  const { page, complaints } = await openPage(browser, demo.address)
  await page.getByText('kvm-bravo').first().click()
  await page.getByRole('tab', { name: 'Hardware' }).click()
  const worn = page.getByRole('button', { name: 'Health of sda: worth a look' })
  await worn.waitFor({ timeout: 30_000 })
  await page.getByRole('region', { name: 'Rate' }).waitFor()
  await photograph(page, 'hardware-disks')
  await page.getByRole('button', { name: 'Health of sdb: worth a look' }).click()
  await page.getByRole('dialog').getByText('Current_Pending_Sector').waitFor()
  await photograph(page, 'hardware-health')
  await page.keyboard.press('Escape')

  await page.getByText('File systems', { exact: true }).click()
  await page.getByRole('row', { name: /\/vm/ }).click()
  await page.getByRole('region', { name: 'Charts of /vm' }).waitFor()
  await photograph(page, 'hardware-file-systems')

  await page.getByText('kvm-alpha').first().click()
  await page.getByRole('tab', { name: 'Hardware' }).click()
  await page.getByText('Interfaces', { exact: true }).click()
  await page.getByRole('row', { name: /eno1.*yes/ }).waitFor()
  await photograph(page, 'hardware-interfaces')
  await page.getByRole('button', { name: 'What counts…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('switch').click()
  await dialog.getByRole('checkbox', { name: 'eno2' }).click()
  await photograph(page, 'hardware-what-counts')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('You chose what counts.').waitFor()
  await page.getByRole('row', { name: /eno2.*no/ }).waitFor({ timeout: 40_000 })

  await page.getByText('Traffic of the month', { exact: true }).click()
  await page.getByRole('button', { name: 'Month and quota…' }).click()
  await dialog.getByRole('spinbutton', { name: 'Quota for a month' }).fill('4000')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('meter', { name: 'Quota' }).waitFor()
  await photograph(page, 'hardware-traffic')
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save the rows shown, as a table' }).click()
  const csv = await readFile(await (await download).path(), 'utf8')
  expect(csv).toContain('Of,Day,Received (B),Sent (B),Total (B),Spread evenly (B)')
  expect(csv).toContain('eno1,')

  await page.getByText('CPU threads', { exact: true }).click()
  await page.getByRole('button', { name: /^Thread 7:/ }).click()
  await page.getByRole('region', { name: 'Charts of Thread 7' }).waitFor()
  await photograph(page, 'hardware-cores')
  await page.getByText('gpu-01').first().click()
  await page.getByRole('tab', { name: 'Hardware' }).click()
  await page.getByText('The login user may not read it.').waitFor({ timeout: 30_000 })
  await page.getByText('CPU threads', { exact: true }).click()
  await page.getByRole('button', { name: /^Thread 255:/ }).waitFor()
  await photograph(page, 'hardware-cores-256')
  expect(complaints).toEqual([])
}, 180_000)
