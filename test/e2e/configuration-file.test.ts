/** The configuration of one console taken to another: live, with its secrets, changed there, and brought back. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  launchBrowser,
  openPage,
  photograph,
  removeFolder,
  startConsole,
  type ConsoleProcess
} from './harness.ts'

const PASSPHRASE = 'correct horse battery staple'
let demo: ConsoleProcess
let other: ConsoleProcess
let browser: Browser

beforeAll(async () => {
  demo = await startConsole(['--demo', '--export-secrets'])
  other = await startConsole([])
  browser = await launchBrowser()
}, 90_000)

afterAll(async () => {
  await browser.close()
  await Promise.all([demo.stop(), other.stop()])
  await removeFolder(demo.dataFolder)
  await removeFolder(other.dataFolder)
})

async function openSettings(page: Page): Promise<void> {
  await page.getByRole('navigation', { name: 'Pages' }).waitFor()
  await page.evaluate(() => (location.hash = '#/settings'))
  await page.getByRole('heading', { name: 'Configuration file' }).scrollIntoViewIfNeeded()
}
const card = (page: Page) => page.getByRole('region', { name: 'Configuration file' })

async function exported(page: Page, name: string, passphrase: string | null): Promise<string> {
  await card(page).getByRole('button', { name: 'Export …' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('6 servers').waitFor()
  if (passphrase !== null) {
    await dialog.getByRole('checkbox').click()
    await dialog.getByLabel('Passphrase', { exact: true }).fill(passphrase)
    await dialog.getByLabel('Passphrase again').fill(passphrase)
    await photograph(page, 'configuration-export')
  }
  const download = page.waitForEvent('download')
  await dialog.getByRole('button', { name: 'Export', exact: true }).click()
  const path = join(demo.dataFolder, name)
  await (await download).saveAs(path)
  await dialog.waitFor({ state: 'detached' })
  return path
}

async function picked(page: Page, path: string) {
  await page.locator('input[data-picks=configuration]').setInputFiles(path)
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Import a configuration').waitFor()
  return dialog
}

it('carries a fleet with its secrets to another console, and brings it back after changes', async () => {
  const home = await openPage(browser, demo.address)
  await openSettings(home.page)
  await home.page.evaluate(() => localStorage.setItem('virthelm.fleet.group', 'location'))
  await photograph(home.page, 'configuration-card')
  const path = await exported(home.page, 'mine.json', PASSPHRASE)
  const text = await readFile(path, 'utf8')
  const written = JSON.parse(text) as { configuration: { servers: { name: string }[] }; secrets: object }
  const names = written.configuration.servers.map(({ name }) => name)
  expect(names).toHaveLength(6)
  expect(Object.keys(written.secrets)).toContain('sealed')

  const away = await openPage(browser, other.address)
  const { page } = away
  await openSettings(page)
  // Without the option the page cannot have the secrets, whatever passphrase it thinks of.
  await card(page).getByRole('button', { name: 'Export …' }).click()
  await page
    .getByRole('dialog')
    .getByText(/Not from a browser’s window/)
    .waitFor()
  expect(await page.getByRole('dialog').getByRole('checkbox').isDisabled()).toBe(true)
  await photograph(page, 'configuration-export-no-secrets')
  await page.keyboard.press('Escape')
  const cut = join(other.dataFolder, 'cut.json')
  await writeFile(cut, text.slice(0, text.length / 2))
  const refusal = await picked(page, cut)
  await refusal.getByText('The file ends too soon.').waitFor()
  await photograph(page, 'configuration-refused')
  await refusal.getByRole('button', { name: 'Close' }).last().click()

  const dialog = await picked(page, path)
  await dialog.getByLabel('Passphrase of the file').fill('not this one')
  await dialog.getByRole('button', { name: 'Unlock' }).click()
  await dialog.getByText('This passphrase does not open the secrets.').waitFor()
  await photograph(page, 'configuration-locked')
  await dialog.getByLabel('Passphrase of the file').fill(PASSPHRASE)
  await dialog.getByRole('button', { name: 'Unlock' }).click()
  await dialog.getByText('6 secrets unlocked.').waitFor()
  await dialog.getByText('6 new').first().waitFor()
  await dialog.getByRole('button', { name: 'Details of Servers' }).click()
  await photograph(page, 'configuration-plan')
  await dialog.getByRole('button', { name: 'Import', exact: true }).click()
  await dialog.getByText('The configuration is imported.').waitFor()
  await photograph(page, 'configuration-done')
  await dialog.getByRole('button', { name: 'Close' }).last().click()

  // Without a restart: every server is there, reached and logged in to.
  await page.evaluate(() => (location.hash = '#/'))
  await page.getByText('6 on · 0 off · 0 empty').first().waitFor({ state: 'attached', timeout: 60_000 })
  expect(await page.evaluate(() => localStorage.getItem('virthelm.fleet.group'))).toBe('location')

  // One server less at home, another setting here.
  await openSettings(page)
  await page.getByText('Table', { exact: true }).click()
  const [gone = ''] = names
  await removeServer(home.page, gone)
  await openSettings(home.page)
  await card(home.page).getByRole('button', { name: 'Export …' }).click()
  const again = home.page.getByRole('dialog')
  await again.getByText('5 servers').waitFor()
  const download = home.page.waitForEvent('download')
  await again.getByRole('button', { name: 'Export', exact: true }).click()
  const lessPath = join(demo.dataFolder, 'less.json')
  await (await download).saveAs(lessPath)

  const replacing = await picked(page, lessPath)
  await replacing.getByText('1 only here').waitFor()
  await replacing.getByText('Replace', { exact: true }).click()
  await replacing.getByText('1 entry is removed from this console:').waitFor()
  await photograph(page, 'configuration-replace')
  const remove = replacing.getByRole('button', { name: 'Remove 1 and import' })
  expect(await remove.isDisabled()).toBe(true)
  await replacing.getByLabel('Type 1 to confirm').fill('1')
  await photograph(page, 'configuration-replace-typed')
  await remove.click()
  await replacing.getByText('The configuration is imported.').waitFor()
  await replacing.getByRole('button', { name: 'Close' }).last().click()
  await page.evaluate(() => (location.hash = '#/'))
  await page.getByText('5 on · 0 off · 0 empty').first().waitFor({ state: 'attached', timeout: 60_000 })
  expect(await page.getByText(gone, { exact: true }).filter({ visible: true }).count()).toBe(0)
  expect([...home.complaints, ...away.complaints]).toEqual([])
}, 240_000)

async function removeServer(page: Page, name: string): Promise<void> {
  await page.evaluate(() => (location.hash = '#/'))
  await page.getByRole('button', { name: `Actions for ${name}` }).click()
  await page.getByRole('menuitem', { name: /^Remove/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox').fill(name)
  await dialog.getByRole('button', { name: 'Remove' }).last().click()
  await dialog.waitFor({ state: 'detached' })
}
