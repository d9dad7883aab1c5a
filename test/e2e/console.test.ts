/** The built console in browser mode over the demo fleet, used by mouse and by keyboard in a real browser. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { readCsv } from '../fakes/csv-reader.ts'
import {
  launchBrowser,
  openPage,
  photograph,
  removeFolder,
  startConsole,
  type ConsoleProcess,
  type Watched
} from './harness.ts'

const axeSource = createRequire(import.meta.url).resolve('axe-core')

let browser: Browser
let demo: ConsoleProcess
let watched: Watched | null = null

beforeAll(async () => {
  browser = await launchBrowser()
  demo = await startConsole(['--demo'])
})

afterAll(async () => {
  await browser.close()
  expect(await demo.stop()).toBe(0)
  await removeFolder(demo.dataFolder)
})

afterEach(async () => {
  const complaints = watched?.complaints ?? []
  await watched?.page.context().close()
  watched = null
  expect(complaints).toEqual([])
})

async function open(path = '#/'): Promise<Page> {
  watched = await openPage(browser, demo.address)
  const { page } = watched
  await page.getByRole('navigation', { name: 'Pages' }).waitFor()
  if (path !== '#/') await page.evaluate((hash) => (location.hash = hash), path)
  return page
}

const card = (page: Page, name: string) => page.getByRole('article').filter({ hasText: name }).first()

/** Opens a demo server's page from its card. */
async function openServer(page: Page, name: string): Promise<void> {
  await card(page, name).getByRole('link', { name }).first().click()
  await page.getByRole('tab', { name: 'Overview' }).waitFor()
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(axeSource, 'utf8'))
  return page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run(o: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
    }
    const { violations } = await axe.run({ runOnly: ['wcag2a', 'wcag2aa'] })
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)
  })
}

async function download(page: Page, trigger: () => Promise<void>): Promise<string[][]> {
  const [file] = await Promise.all([page.waitForEvent('download'), trigger()])
  return readCsv(await readFile(await file.path(), 'utf8'))
}

describe('the fleet', () => {
  it('shows every demo server ON with its values within ten seconds, labelled as demo', async () => {
    const page = await open()
    await expect.poll(() => page.getByText('6 on').count(), { timeout: 10_000 }).toBeGreaterThan(0)
    await card(page, 'kvm-alpha').getByText('CPU').waitFor()
    await page.getByText('DEMO').waitFor()
    for (const name of ['kvm-alpha', 'kvm-bravo', 'gpu-01', '存储-节点-07', 'edge-seoul', 'build-host']) {
      await card(page, name).waitFor()
    }
    await photograph(page, 'fleet')
    expect(await violations(page)).toEqual([])
  })

  it('filters by the operator’s words and says when nothing fits', async () => {
    const page = await open()
    await card(page, 'kvm-alpha').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('location:seoul')
    await expect.poll(() => page.getByRole('article').count()).toBe(1)
    await page.keyboard.press('Escape')
    await expect.poll(() => page.getByRole('article').count()).toBe(6)
  })

  it('exports the table it shows as CSV that reads back', async () => {
    const page = await open()
    await card(page, 'kvm-alpha').waitFor()
    await page.getByRole('button', { name: 'CSV' }).click()
    const rows = await download(page, () =>
      page.getByRole('menuitem', { name: 'The table of servers shown' }).click()
    )
    expect(rows).toHaveLength(7)
    expect(rows.map((row) => row[0])).toContain('存储-节点-07')
    expect(new Set(rows.map((row) => row.length)).size).toBe(1)
  })
})

describe('a server', () => {
  it('shows live charts and exports what they show', async () => {
    const page = await open()
    await openServer(page, 'kvm-alpha')
    await expect.poll(() => page.locator('canvas').count(), { timeout: 15_000 }).toBeGreaterThan(4)
    await photograph(page, 'server-overview')
    const rows = await download(page, () =>
      page.getByRole('button', { name: 'CSV', exact: true }).first().click()
    )
    expect(rows[0]?.[0]).toBe('time')
    expect(rows[0]?.some((header) => header.includes('cpuUserRatio'))).toBe(true)
    expect(rows.length).toBeGreaterThan(2)
    for (const row of rows.slice(1)) expect(Number.isNaN(Date.parse(row[0] ?? ''))).toBe(false)
    expect(await violations(page)).toEqual([])
  })

  it('lists its machines and its facts', async () => {
    const page = await open()
    await openServer(page, 'kvm-alpha')
    await page.getByRole('tab', { name: /Machines/ }).click()
    await page.getByText('db-primary').last().waitFor()
    await photograph(page, 'server-machines')
    await page.getByRole('tab', { name: 'Facts' }).click()
    await page.getByText('What it can tell').waitFor()
    await photograph(page, 'server-facts')
    expect(await violations(page)).toEqual([])
  })
})

describe('a machine', () => {
  it('is stopped after a question that names it, is journalled, and starts again', async () => {
    const page = await open('#/machines')
    await page.getByRole('grid').getByText('staging').click()
    await page.getByRole('heading', { name: 'staging' }).waitFor()
    await photograph(page, 'machine')
    await page.getByRole('button', { name: 'Actions for staging' }).click()
    await page.getByRole('menuitem', { name: 'Force off' }).click()
    const dialog = page.getByRole('alertdialog').or(page.getByRole('dialog'))
    await dialog.getByText('Force off “staging” on kvm-alpha?').waitFor()
    await expect
      .poll(() =>
        dialog.getByRole('button', { name: 'Cancel' }).evaluate((b) => b === document.activeElement)
      )
      .toBe(true)
    await photograph(page, 'force-off')
    await dialog.getByRole('button', { name: 'Force off' }).click()
    await page.getByRole('button', { name: 'Start' }).waitFor()
    await page.getByRole('button', { name: 'Start' }).click()
    await page.getByRole('button', { name: 'Shut down' }).waitFor()
    await page.evaluate(() => (location.hash = '#/activity'))
    await page.getByText('Force off').first().waitFor()
    await page.getByText('staging').first().waitFor()
    await photograph(page, 'activity')
    expect(await violations(page)).toEqual([])
  })

  it('is found among all machines of all servers', async () => {
    const page = await open('#/machines')
    await page.getByText('db-primary').last().waitFor()
    await photograph(page, 'machines')
    await page.keyboard.press('/')
    await page.keyboard.type('state:off')
    await expect.poll(() => page.getByText('db-primary').count()).toBeLessThan(2)
    expect(await violations(page)).toEqual([])
  })

  it('is found by its tags, and stands under them', async () => {
    const page = await open('#/machines')
    const grid = page.getByRole('grid')
    await grid.getByText('db-primary').waitFor()
    await page.getByRole('button', { name: /^Group/ }).click()
    await page.getByRole('menuitem', { name: 'tag' }).click()
    await grid.getByRole('button', { name: /^prod, web/ }).waitFor()
    await grid.getByRole('checkbox', { name: 'Tick all of prod, web' }).check()
    await page.getByRole('toolbar').getByText('2 machines').waitFor()
    await photograph(page, 'machines-by-tag')
    expect(await violations(page)).toEqual([])
    await grid.getByRole('button', { name: /^prod, web/ }).press('Enter')
    await expect.poll(() => grid.getByRole('row').filter({ hasText: 'web-01' }).count()).toBe(0)
    await page.keyboard.press('/')
    await page.keyboard.type('tag:db state:running')
    await expect.poll(() => grid.getByRole('row').count()).toBe(4)
    await page.getByRole('button', { name: /^Group/ }).click()
    await page.getByRole('menuitem', { name: 'none' }).click()
  })
})

describe('the keyboard alone', () => {
  it('goes everywhere: palette, pages, keys', async () => {
    const page = await open()
    await card(page, 'gpu-01').waitFor()
    await page.keyboard.press('Control+k')
    await page.getByPlaceholder('Search servers, machines, actions').last().waitFor()
    await page.keyboard.type('gpu-01')
    await photograph(page, 'palette')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.url()).toContain('/servers/')
    await page.keyboard.press('?')
    await page.getByText('Search servers, machines, actions and pages').last().waitFor()
    await photograph(page, 'keys')
    await page.keyboard.press('Escape')
    await page.keyboard.press('g')
    await page.keyboard.press('s')
    await expect.poll(() => page.url()).toContain('#/settings')
    await photograph(page, 'settings')
    expect(await violations(page)).toEqual([])
  })

  it('opens the dialog that adds a server, and leaves it again', async () => {
    const page = await open()
    await card(page, 'gpu-01').waitFor()
    await page.getByRole('button', { name: 'Add server' }).first().focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await photograph(page, 'add-server')
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0)
  })
})

describe('a server that cannot be reached', () => {
  it('is told apart step by step, kept, and says on its card what is wrong and what to do', async () => {
    const fresh = await startConsole([])
    const { page, complaints } = await openPage(browser, fresh.address)
    await page.getByRole('button', { name: 'Add a server' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Address').fill('root@127.0.0.1:1')
    await dialog.getByLabel('Name', { exact: true }).fill('<b>nowhere</b> $(id)')
    await dialog.getByRole('button', { name: 'Test' }).click()
    await dialog.getByText('Connection refused by 127.0.0.1:1.').first().waitFor()
    await photograph(page, 'add-server-failed')
    expect(await violations(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Add server' }).click()
    await page.getByRole('heading', { name: '<b>nowhere</b> $(id)' }).waitFor()
    await photograph(page, 'server-unreachable')
    await page.keyboard.press('g')
    await page.keyboard.press('f')
    await page.locator('article').getByText('Connection refused by 127.0.0.1:1.').waitFor()
    await photograph(page, 'fleet-unreachable')
    expect(await violations(page)).toEqual([])
    expect(complaints).toEqual([])
    await page.context().close()
    expect(await fresh.stop()).toBe(0)
    await removeFolder(fresh.dataFolder)
  })
})

describe('history', () => {
  it('is there again after the console was closed and opened', async () => {
    const first = await startConsole(['--demo'])
    const before = await openPage(browser, first.address)
    await openServer(before.page, 'kvm-alpha')
    await expect.poll(() => before.page.locator('canvas').count(), { timeout: 15_000 }).toBeGreaterThan(4)
    const readRows = (page: Page) =>
      download(page, () => page.getByRole('button', { name: 'CSV', exact: true }).first().click())
    const rowsBefore = await readRows(before.page)
    await before.page.context().close()
    expect(await first.stop()).toBe(0)

    const second = await startConsole(['--demo'], first.dataFolder)
    const after = await openPage(browser, second.address)
    await openServer(after.page, 'kvm-alpha')
    await expect.poll(() => after.page.locator('canvas').count(), { timeout: 15_000 }).toBeGreaterThan(4)
    const timesAfter = new Set((await readRows(after.page)).map((row) => row[0]))
    for (const row of rowsBefore.slice(1, -1)) expect(timesAfter).toContain(row[0])
    await after.page.context().close()
    expect(await second.stop()).toBe(0)
    await removeFolder(first.dataFolder)
  })

  it('starts empty for a new operator, with the demo one click away', async () => {
    const fresh = await startConsole([])
    const { page, complaints } = await openPage(browser, fresh.address)
    await page.getByRole('button', { name: /demo/i }).first().waitFor()
    await photograph(page, 'first-start')
    expect(await violations(page)).toEqual([])
    expect(complaints).toEqual([])
    await page.context().close()
    expect(await fresh.stop()).toBe(0)
    await removeFolder(fresh.dataFolder)
  })
})
