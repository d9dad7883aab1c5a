/**
 * As a user who may read little: the built console in a real browser, two real servers logged in to by an account outside all
 * groups. Wherever a value is missing, the window says why.
 */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  launchBrowser,
  openPage,
  photograph,
  removeFolder,
  startConsole,
  type ConsoleProcess
} from '../e2e/harness.ts'
import * as lab from './lab.ts'

const missing = lab.whyNoLab()
const USER = 'plain'

/** Runs in the page: dashes that do not say why, and cells with nothing in them. */
function blanks(): string[] {
  const found: string[] = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (node.nodeValue?.trim() !== '—') continue
    const reason = node.parentElement?.closest('[data-tip]')?.getAttribute('data-tip') ?? ''
    if (reason === '') found.push(`— in ${node.parentElement?.parentElement?.outerHTML.slice(0, 300) ?? ''}`)
  }
  for (const cell of document.querySelectorAll('[role="gridcell"], td, dd')) {
    if (
      cell.textContent.trim() === '' &&
      cell.querySelector('button, svg, input, [role="meter"], [role="img"][aria-label]') === null
    )
      found.push(`empty ${cell.outerHTML.slice(0, 300)}`)
  }
  return found
}

describe.skipIf(missing !== null)(`with few rights${missing === null ? '' : ` (${missing})`}`, () => {
  let browser: Browser
  let console_: ConsoleProcess
  let page: Page
  beforeAll(async () => {
    browser = await launchBrowser()
    console_ = await startConsole([])
    page = (await openPage(browser, console_.address)).page
  })
  afterAll(async () => {
    await browser.close()
    await console_.stop()
    await removeFolder(console_.dataFolder)
  })

  async function add(server: string): Promise<void> {
    await page
      .getByRole('button', { name: /Add (a )?server/ })
      .first()
      .click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name', { exact: true }).fill(server)
    await dialog.getByLabel('Address').fill(`${USER}@${lab.labServer(server).address}`)
    await dialog.getByLabel('Key files').fill(lab.labKey('ed25519').privateKey)
    await dialog.getByRole('button', { name: 'Test' }).click()
    await dialog.getByRole('button', { name: 'Trust this key' }).click()
    await dialog.getByText('It works, without what is marked above.').waitFor()
    await dialog.getByRole('button', { name: 'Add server' }).click()
    await dialog.waitFor({ state: 'detached' })
    // The new server's page is shown first.
    await page.waitForURL(/#\/servers\//)
    await go('#/')
  }
  const go = (hash: string): Promise<void> => page.evaluate((to) => void (location.hash = to), hash)
  const noBlanks = async (where: string): Promise<void> =>
    expect(await page.evaluate(blanks), where).toEqual([])

  it('says why each value is missing, on every screen', async () => {
    for (const server of ['lab1', 'lab2']) await add(server)
    await expect
      .poll(() => page.getByRole('article').filter({ hasText: 'CPU' }).count(), { timeout: 30_000 })
      .toBe(2)
    await noBlanks('cards')
    await page.evaluate(() => localStorage.setItem('virthelm.fleet.hiddenColumns', '-'))
    await page.reload()
    await page.getByRole('button', { name: 'Table' }).click()
    await page.getByRole('columnheader', { name: 'Failed units' }).waitFor()
    await noBlanks('table')
    await photograph(page, 'unprivileged-table')
    for (const server of ['lab1', 'lab2']) {
      await go('#/')
      await page
        .getByRole('row', { name: new RegExp(server) })
        .getByText(server)
        .click()
      for (const tab of ['Overview', 'Machines', 'Facts']) {
        await page.getByRole('tab', { name: new RegExp(`^${tab}`) }).click()
        await page.getByText('cannot be read').first().waitFor()
        // Charts and lists ask for their past first.
        await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' })
        await noBlanks(`${server}, ${tab}`)
      }
      await photograph(page, `unprivileged-facts-${server}`)
    }
    await go('#/machines')
    await page.getByText('虚拟机').last().click()
    for (const tab of await page.getByRole('tab').allInnerTexts()) {
      if (/Console|Serial/.test(tab)) continue
      await page
        .getByRole('tab', { name: tab.split(/\s/)[0] ?? tab })
        .first()
        .click()
      await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' })
      await noBlanks(`machine, ${tab}`)
    }
    await photograph(page, 'unprivileged-machine')
  })
})
