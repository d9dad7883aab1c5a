/** Storage and networks in a real window, over the demo fleet: a file of this computer becomes a volume and comes back. */
import { readFile } from 'node:fs/promises'
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

it('shows a dead pool, takes a file, gives it back, and deletes it by its typed name', async () => {
  const { page, complaints } = await openPage(browser, demo.address)
  await page.getByText('kvm-alpha').first().click()
  await page.getByRole('tab', { name: 'Pools and networks' }).click()
  const dead = page.getByRole('region', { name: 'shared-nfs' })
  await dead.getByText('not responding').waitFor()
  await page
    .getByRole('row', { name: /old-mail\.qcow2/ })
    .getByText('orphan')
    .waitFor()
  await photograph(page, 'storage')

  await page.getByRole('button', { name: 'Upload', exact: true }).click()
  const bytes = Buffer.alloc(1_500_000)
  await page
    .locator('input[type=file]')
    .setInputFiles({ name: 'tiny.iso', mimeType: 'application/octet-stream', buffer: bytes })
  await page.getByRole('dialog').getByRole('button', { name: 'Upload', exact: true }).click()
  await page.getByText('tiny.iso was sent and checked').waitFor()

  await page.getByRole('button', { name: 'Actions on the volume tiny.iso' }).click()
  const download = page.waitForEvent('download')
  await page.getByRole('menuitem', { name: 'Download' }).click()
  expect((await readFile(await (await download).path())).equals(bytes)).toBe(true)

  await page.getByRole('button', { name: 'Actions on the volume tiny.iso' }).click()
  await page.getByRole('menuitem', { name: 'Delete…' }).click()
  const dialog = page.getByRole('dialog')
  const confirm = dialog.getByRole('button', { name: 'Delete the volume' })
  await dialog.getByRole('textbox').fill('tiny')
  expect(await confirm.isDisabled()).toBe(true)
  await dialog.getByRole('textbox').fill('tiny.iso')
  await confirm.click()
  await page.getByRole('button', { name: 'Actions on the volume tiny.iso' }).waitFor({ state: 'detached' })

  await page.getByRole('button', { name: 'Actions on the volume web-01.qcow2' }).click()
  await page.getByRole('menuitem', { name: 'Delete…' }).click()
  await dialog.getByText('Locked: used by web-01').waitFor()
  await photograph(page, 'storage-delete-locked')
  await page.keyboard.press('Escape')

  await page.getByText('Networks', { exact: true }).click()
  await page.getByRole('row', { name: /default/ }).click()
  await dialog.getByText('192.168.122.40').waitFor()
  await photograph(page, 'network-leases')
  expect(complaints).toEqual([])
}, 120_000)
