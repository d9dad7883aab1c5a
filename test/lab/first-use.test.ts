/**
 * As a new user would: the built console in a real browser, one real server added by its address, a guest stopped and
 * started, the console closed and opened again, a CSV read back.
 */
import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCsv } from '../fakes/csv-reader.ts'
import { launchBrowser, openPage, removeFolder, startConsole, type ConsoleProcess } from '../e2e/harness.ts'
import * as lab from './lab.ts'
import { fillServerDialog } from './window.ts'

const missing = lab.whyNoLab()

describe.skipIf(missing !== null)(`first use${missing === null ? '' : ` (${missing})`}`, () => {
  let browser: Browser
  let console_: ConsoleProcess
  const complaints: string[] = []

  beforeAll(async () => {
    browser = await launchBrowser()
    console_ = await startConsole([])
  })

  afterAll(async () => {
    await lab.restoreLab()
    await browser.close()
    await console_.stop()
    await removeFolder(console_.dataFolder)
  })

  async function open(): Promise<Page> {
    const watched = await openPage(browser, console_.address)
    await watched.page.getByRole('navigation', { name: 'Pages' }).waitFor()
    watched.page.on('close', () => complaints.push(...watched.complaints))
    return watched.page
  }

  const openServer = (page: Page): Promise<void> =>
    page.locator('article').getByRole('link', { name: 'lab1' }).click()

  async function csvOfCharts(page: Page): Promise<string[][]> {
    const button = page.getByRole('button', { name: 'CSV', exact: true }).first()
    const [file] = await Promise.all([page.waitForEvent('download'), button.click()])
    return readCsv(await readFile(await file.path(), 'utf8'))
  }

  /** A row without a value only marks a hole; where it stands depends on the samples around it. */
  const measuredOf = ([, ...rows]: string[][]): string[][] =>
    rows.filter((row) => row.slice(1).some((cell) => cell !== ''))

  it('adds a server by its address, after comparing its key', async () => {
    const page = await open()
    await fillServerDialog(page, 'lab1')
    const logins = lab.loginCount('lab1', 'op')
    await page.getByRole('dialog').getByRole('button', { name: 'Add server' }).click()
    const savedAtMs = Date.now()
    await page.getByText('1 on').first().waitFor()
    await page.evaluate(() => (location.hash = '#/'))
    const card = page.locator('article', { hasText: 'lab1' }).first()
    await card.getByText('5 / 6', { exact: true }).waitFor()
    for (const label of ['CPU', 'Mem', 'Disk', 'Net']) await card.getByText(label).first().waitFor()
    await expect.poll(() => card.innerText()).not.toContain('—')
    expect(Date.now() - savedAtMs).toBeLessThan(10_000)
    expect(lab.loginCount('lab1', 'op')).toBe(logins + 1)
    await page.context().close()
  })

  it('shows hostile names as text, and stops and starts a guest', async () => {
    const guest = lab.labGuest('lab1', '<b>x')
    lab.restoreGuest('lab1', guest.uuid)
    const page = await open()
    await openServer(page)
    await page.getByRole('tab', { name: /Machines/ }).click()
    for (const { name } of lab.labServer('lab1').guests)
      await page.getByText(name, { exact: true }).last().waitFor()
    await page.getByText(guest.name, { exact: true }).last().click()
    await page.getByRole('button', { name: `Actions for ${guest.name}` }).click()
    await page.getByRole('menuitem', { name: 'Force off' }).click()
    await page
      .getByRole('alertdialog')
      .or(page.getByRole('dialog'))
      .getByRole('button', { name: 'Force off' })
      .click()
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await page.getByRole('button', { name: 'Shut down' }).waitFor()
    await page.evaluate(() => (location.hash = '#/activity'))
    await page.getByText(guest.uuid).first().waitFor()
    await page.context().close()
  })

  it('has the history after it was closed and opened again, and its CSV reads back equal', async () => {
    const page = await open()
    await openServer(page)
    await page.getByRole('tab', { name: 'Overview' }).waitFor()
    await lab.eventually(
      'five samples',
      async () => measuredOf(await csvOfCharts(page)).length > 5,
      60_000,
      2_000
    )
    const before = await csvOfCharts(page)
    await page.context().close()
    expect(await console_.stop()).toBe(0)

    console_ = await startConsole([], console_.dataFolder)
    const again = await open()
    await openServer(again)
    await again.getByRole('tab', { name: 'Overview' }).waitFor()
    await again.getByText('1 on').first().waitFor()
    await lab.eventually(
      'the charts are there',
      async () => measuredOf(await csvOfCharts(again)).length >= measuredOf(before).length
    )
    const after = await csvOfCharts(again)
    const [header = []] = after
    const rowOf = new Map(after.slice(1).map((row) => [row[0], row]))
    // Columns of charts may come in another order.
    const column = (name: string): number => header.indexOf(name)
    for (const row of measuredOf(before))
      for (const [index, cell] of row.entries())
        expect(rowOf.get(row[0])?.[column(before[0]?.[index] ?? '')], `${row[0]} ${before[0]?.[index]}`).toBe(
          cell
        )
    await again.context().close()
    expect(complaints).toEqual([])
  })
})
