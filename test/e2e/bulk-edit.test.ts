/** Many servers of the demo fleet edited at once: by the mouse in both views, and by the keyboard alone. */
import type { Browser, Locator, Page } from 'playwright-core'
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
}, 120_000)

afterAll(async () => {
  await browser.close()
  await demo.stop()
  await removeFolder(demo.dataFolder)
})

const bar = (page: Page): Locator => page.getByRole('toolbar', { name: 'Actions for the ticked servers' })
const grid = (page: Page): Locator => page.getByRole('grid', { name: 'Servers' })
const rowOf = (page: Page, name: string): Locator => grid(page).getByRole('row').filter({ hasText: name })
const toast = (page: Page): Locator => page.getByRole('status')

async function openFleet(view: 'Cards' | 'Table'): Promise<{ page: Page; complaints: string[] }> {
  const { page, complaints } = await openPage(browser, demo.address)
  await page.getByRole('navigation', { name: 'Pages' }).waitFor()
  await page.getByText('6 on', { exact: true }).waitFor({ timeout: 60_000 })
  await page
    .getByRole('radio', { name: view })
    .or(page.getByRole('button', { name: view, exact: true }))
    .first()
    .click()
  return { page, complaints }
}

it('edits what was ticked by clicks, says what is hidden, and takes it back', async () => {
  const { page, complaints } = await openFleet('Table')
  await grid(page).waitFor()
  // The row does not move under the mouse, and does not open.
  const before = await rowOf(page, 'edge-seoul').boundingBox()
  await page.getByRole('checkbox', { name: 'Tick edge-seoul' }).click()
  expect(await rowOf(page, 'edge-seoul').boundingBox()).toEqual(before)
  await page.getByRole('checkbox', { name: 'Tick kvm-alpha' }).click({ modifiers: ['Shift'] })
  await bar(page).getByText('3 servers ticked').waitFor()
  expect(await rowOf(page, 'gpu-01').getAttribute('aria-selected')).toBe('true')
  await rowOf(page, 'kvm-bravo')
    .getByText('kvm-bravo')
    .click({ modifiers: ['Control'] })
  await bar(page).getByText('4 servers ticked').waitFor()

  await page.getByRole('searchbox', { name: 'Filter servers' }).fill('kvm')
  await bar(page).getByText('2 not shown').waitFor()
  await photograph(page, 'bulk-edit-bar-table')

  await bar(page).getByRole('button', { name: 'Edit…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Edit 4 servers' })
  await dialog.getByText('2 of them are not shown now.').waitFor()
  await photograph(page, 'bulk-edit-dialog')
  await dialog.getByRole('group', { name: 'Location' }).getByText('Set').click()
  const location = dialog.getByRole('combobox', { name: 'Location' })
  await location.fill('Se')
  await page.getByRole('option', { name: 'Seoul' }).click()
  expect(await location.inputValue()).toBe('Seoul')
  await location.fill('Rack 4')
  await dialog.getByRole('button', { name: /^Remove kvm from/ }).click()
  await dialog.getByRole('combobox', { name: 'Add tags to all' }).fill('audit, pro')
  await page.getByRole('option', { name: 'prod' }).waitFor()
  await photograph(page, 'bulk-edit-dialog-suggestions')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await dialog.getByRole('group', { name: 'Look only' }).getByText('On').click()
  await dialog.getByText('Tag added: audit').waitFor()
  await photograph(page, 'bulk-edit-dialog-filled')
  await dialog.getByRole('button', { name: 'Change 4 servers' }).click()
  await dialog.waitFor({ state: 'detached' })
  await toast(page).getByText('4 servers were changed.').waitFor()
  await page.getByRole('tree').or(page.getByRole('navigation')).getByText('Rack 4').first().waitFor()
  await photograph(page, 'bulk-edit-saved')
  // Nobody was connected anew for it.
  expect(await page.getByText('6 on', { exact: true }).count()).toBe(1)

  await page.getByRole('button', { name: 'Undo' }).click()
  await toast(page).getByText('4 servers are as they were before.').waitFor()
  await page.getByText('Beijing DC-2').first().waitFor()
  expect(complaints).toEqual([])
  await page.context().close()
})

it('goes by the keyboard alone: filter, tick, edit, undo, and the palette', async () => {
  const { page, complaints } = await openFleet('Table')
  await grid(page).focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('Space')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Shift+Space')
  await bar(page).getByText('3 servers ticked').waitFor()
  await page.keyboard.press('Escape')
  await bar(page).waitFor({ state: 'detached' })
  expect(await grid(page).evaluate((element) => element === document.activeElement)).toBe(true)

  await page.keyboard.press('/')
  await page.keyboard.type('kvm')
  await grid(page).focus()
  await page.keyboard.press('Control+A')
  await bar(page).getByText('2 servers ticked').waitFor()
  await page.keyboard.press('Control+K')
  await page.keyboard.type('edit the 2 ticked')
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Edit 2 servers' })
  await dialog.waitFor()
  await dialog.getByRole('combobox', { name: 'Add tags to all' }).focus()
  await page.keyboard.type('night')
  await page.keyboard.press('Enter')
  await dialog.waitFor({ state: 'detached' })
  await toast(page).getByText('2 servers were changed.').waitFor()
  const filter = page.getByRole('searchbox', { name: 'Filter servers' })
  await filter.fill('tag:night')
  await expect.poll(() => grid(page).getByRole('row').count()).toBe(3)
  await grid(page).focus()
  await page.keyboard.press('Control+Z')
  await toast(page).getByText('2 servers are as they were before.').waitFor()
  await page.getByText('No server fits the filter').waitFor()
  await photograph(page, 'bulk-edit-all-hidden')
  expect(complaints).toEqual([])
  await page.context().close()
})

it('ticks cards without moving them, stops and starts collecting, and removes', async () => {
  const { page, complaints } = await openFleet('Cards')
  const card = (name: string): Locator => page.getByRole('article').filter({ hasText: name })
  await card('gpu-01').hover()
  await photograph(page, 'bulk-edit-card-hover')
  const before = await card('kvm-alpha').boundingBox()
  await page.getByRole('checkbox', { name: 'Tick gpu-01' }).click()
  await bar(page).getByText('1 server ticked').waitFor()
  expect(await card('kvm-alpha').boundingBox()).toEqual(before)
  await page.keyboard.press('Shift+ArrowRight')
  await bar(page).getByText('2 servers ticked').waitFor()
  await card('edge-seoul')
    .getByText('load')
    .click({ modifiers: ['Control'] })
  await photograph(page, 'bulk-edit-cards')
  await page.keyboard.press('Escape')
  await bar(page).waitFor({ state: 'detached' })

  await page.getByRole('checkbox', { name: 'Tick gpu-01' }).click()
  await page.getByRole('checkbox', { name: 'Tick edge-seoul' }).click()
  await bar(page).getByRole('button', { name: 'Collecting' }).click()
  await page.getByRole('menuitem', { name: 'Stop collecting… (2)' }).click()
  await page.getByRole('dialog', { name: 'Stop collecting from 2 servers?' }).waitFor()
  await photograph(page, 'bulk-edit-stop')
  await page.getByRole('button', { name: 'Stop collecting from 2' }).click()
  await toast(page).getByText('Collecting from 2 servers has stopped.').waitFor()
  await page.getByText('4 on').first().waitFor()
  await photograph(page, 'bulk-edit-stopped')
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('6 on', { exact: true }).waitFor({ timeout: 30_000 })

  await bar(page)
    .getByRole('button', { name: /^Remove/ })
    .click()
  const dialog = page.getByRole('dialog', { name: 'Remove 2 servers from the list?' })
  const confirm = dialog.getByRole('button', { name: 'Remove 2' })
  expect(await confirm.isDisabled()).toBe(true)
  await dialog.getByRole('textbox').fill('2')
  await photograph(page, 'bulk-edit-remove')
  await confirm.click()
  await toast(page).getByText('2 servers were removed.').waitFor()
  await expect.poll(() => page.getByRole('article').count()).toBe(4)
  await bar(page).waitFor({ state: 'detached' })
  expect(complaints).toEqual([])
  await page.context().close()
})
