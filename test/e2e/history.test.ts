/** The history screens in a real browser over the demo fleet: choose, compare, zoom, count again what they say. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startDemoWithPast } from './demo-with-past.ts'
import {
  launchBrowser,
  openPage,
  photograph,
  removeFolder,
  type ConsoleProcess,
  type Watched
} from './harness.ts'

const axeSource = createRequire(import.meta.url).resolve('axe-core')

let browser: Browser
let demo: ConsoleProcess
let watched: Watched | null = null
/** Of kvm-alpha and kvm-bravo, every five seconds: an hour and a half. */
const PAST_ROWS = 1_080
let newestAtMs = 0

beforeAll(async () => {
  browser = await launchBrowser()
  const started = await startDemoWithPast(['kvm-alpha', 'kvm-bravo'], PAST_ROWS)
  demo = started.demo
  newestAtMs = started.newestAtMs
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

async function openServerHistory(name: string): Promise<Page> {
  watched = await openPage(browser, demo.address)
  const { page } = watched
  await page.locator('article', { hasText: name }).first().getByRole('link', { name }).first().click()
  await page.getByRole('tab', { name: 'History' }).click()
  await page.getByRole('list', { name: 'Series shown' }).waitFor()
  return page
}
const chip = (page: Page, name: string): Locator =>
  page.getByRole('list', { name: 'Series shown' }).getByRole('button', { name, exact: false }).first()
const chips = (page: Page): Promise<string[]> =>
  page.getByRole('list', { name: 'Series shown' }).locator('li bdi').allTextContents()
const chart = (page: Page): Locator => page.getByRole('application').first()
const rangeText = async (page: Page): Promise<string> =>
  new URL(page.url().replace('#', '')).searchParams.toString()

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
/** Until the charts have values: the demo fleet begins without a past. */
const untilValues = (page: Page): Promise<void> =>
  expect
    .poll(() => page.getByRole('list', { name: 'Series shown' }).innerText(), { timeout: 20_000 })
    .toMatch(/\d\s%/)

describe('the history of a server', () => {
  it('draws the same metric of two servers, and tells both values at one time', async () => {
    const page = await openServerHistory('kvm-alpha')
    await untilValues(page)
    await page.getByRole('button', { name: 'Choose series' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'CPU', exact: true }).click()
    await page.getByRole('button', { name: 'Show' }).click()
    await expect.poll(() => chips(page)).toEqual(['CPU used'])
    await page.getByRole('button', { name: 'Compare' }).click()
    await page.getByRole('checkbox', { name: 'kvm-bravo' }).click()
    await page.getByRole('button', { name: 'Show' }).click()
    await expect.poll(() => chips(page)).toEqual(['kvm-alpha', 'kvm-bravo'])
    await expect.poll(() => chip(page, 'kvm-bravo').innerText(), { timeout: 20_000 }).toMatch(/\d\s%/)
    // By keyboard: the newest value of each is read out with its name.
    await chart(page).focus()
    // The past ends a minute before the fleet has its first values: until these are drawn, the newest is the gap.
    await expect
      .poll(
        async () => {
          await page.keyboard.press('End')
          return chart(page).locator('[aria-live]').innerText()
        },
        { timeout: 20_000 }
      )
      .toMatch(/kvm-alpha [\d.]+\s%, kvm-bravo [\d.]+\s%/)
    await photograph(page, 'history-two-servers')
    expect(await violations(page)).toEqual([])
  })

  it('keeps the colour of a line when another is taken out', async () => {
    const page = await openServerHistory('kvm-alpha')
    const swatch = (name: string): Promise<string> =>
      chip(page, name)
        .locator('span')
        .first()
        .evaluate((element) => getComputedStyle(element).backgroundColor)
    const before = await swatch('Network in')
    await page.getByRole('button', { name: 'Take out CPU used' }).click()
    await expect.poll(() => chips(page)).not.toContain('CPU used')
    expect(await swatch('Network in')).toBe(before)
  })

  it('hides a line by its name, by keyboard', async () => {
    const page = await openServerHistory('kvm-alpha')
    await chip(page, 'CPU used').focus()
    await page.keyboard.press('Enter')
    await expect.poll(() => chip(page, 'CPU used').getAttribute('aria-pressed')).toBe('false')
    await page.keyboard.press('Enter')
    await expect.poll(() => chip(page, 'CPU used').getAttribute('aria-pressed')).toBe('true')
  })

  it('zooms by drag, goes back by the browser, and steps through time', async () => {
    const page = await openServerHistory('kvm-alpha')
    await untilValues(page)
    await page
      .getByRole('button', { name: 'Live 15 min' })
      .or(page.getByRole('radio', { name: 'Live 15 min' }))
      .click()
    await expect.poll(() => page.url()).toContain('range=live')
    const box = await chart(page).boundingBox()
    if (box === null) throw new Error('no chart')
    await page.mouse.move(box.x + box.width * 0.4, box.y + 60)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.7, box.y + 60, { steps: 4 })
    await page.mouse.up()
    await expect.poll(() => page.url()).toContain('from=')
    const widthOf = async (): Promise<number> => {
      const query = new URLSearchParams(await rangeText(page))
      return Number(query.get('to')) - Number(query.get('from'))
    }
    const zoomed = await widthOf()
    expect(zoomed).toBeGreaterThan(200_000)
    expect(zoomed).toBeLessThan(400_000)
    const end = (): Promise<number> =>
      rangeText(page).then((text) => Number(new URLSearchParams(text).get('to')))
    const shown = await end()
    await page.getByRole('button', { name: 'Earlier' }).click()
    await expect.poll(end).toBe(shown - zoomed)
    await page.getByRole('button', { name: 'Later' }).click()
    await expect.poll(end).toBe(shown)
    await page.getByRole('button', { name: 'Reset zoom' }).click()
    await expect.poll(() => page.url()).toContain('range=live')
    await page.goBack()
    await expect.poll(end).toBe(shown)
  })

  it('is restored by a link, in another window', async () => {
    const page = await openServerHistory('kvm-alpha')
    await page.getByRole('button', { name: 'Choose series' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Load', exact: true }).click()
    await page.getByRole('button', { name: 'Show' }).click()
    await page.getByText('All rows').click()
    await expect.poll(() => page.url()).toContain('panel=rows')
    const hash = new URL(page.url()).hash
    const names = await chips(page)
    expect(names).toEqual(['Load 1 min', 'Load 5 min', 'Load 15 min'])
    await page.context().close()
    watched = await openPage(browser, demo.address)
    await watched.page.getByRole('navigation', { name: 'Pages' }).waitFor()
    await watched.page.evaluate((to) => (location.hash = to), hash)
    await watched.page.getByRole('list', { name: 'Series shown' }).waitFor()
    expect(await chips(watched.page)).toEqual(names)
    await watched.page.getByRole('grid', { name: 'All rows' }).waitFor()
  })
})

/** Cells of the rows of a grid that are drawn, without its head. */
const cellsOf = (grid: Locator): Promise<string[][]> =>
  grid
    .locator('[role="rowgroup"] [role="row"]')
    .evaluateAll((rows) =>
      rows.map((row) =>
        [...row.querySelectorAll('[role="gridcell"]')].map((cell) =>
          cell.textContent.replace(/\s+/g, ' ').trim()
        )
      )
    )
const number = (text: string | undefined): number => Number((text ?? '').replace(/[^\d.-]/g, ''))

describe('statistics and rows', () => {
  it('agree: what the table of statistics says is what its rows give', async () => {
    const page = await openServerHistory('kvm-alpha')
    await untilValues(page)
    // A span that is over, so that neither moves, of as many rows as are drawn at once.
    const toAtMs = newestAtMs + 1_000
    await page.evaluate(
      ([from, to]) => {
        const [path, query] = location.hash.split('?')
        const next = new URLSearchParams(query)
        next.delete('range')
        next.delete('s')
        next.append('s', '0~cpuUsedRatio~server~~')
        next.set('from', String(from))
        next.set('to', String(to))
        next.set('panel', 'rows')
        next.set('level', 'raw')
        location.hash = `${path ?? ''}?${next.toString()}`
      },
      [toAtMs - 100_000, toAtMs]
    )
    await expect.poll(() => chips(page)).toEqual(['CPU used'])
    const grid = page.getByRole('grid', { name: 'All rows' })
    await page.getByText(/\d+ rows?, newest first$/).waitFor()
    const values = (await cellsOf(grid)).map((cells) => number(cells[1]))
    expect(values).toHaveLength(20)
    await page.getByText('Statistics').click()
    const [row] = await expect
      .poll(async () => cellsOf(page.getByRole('grid', { name: 'Statistics' })), { timeout: 10_000 })
      .toHaveLength(1)
      .then(() => cellsOf(page.getByRole('grid', { name: 'Statistics' })))
    const [, , mean, median, min, max, , count] = (row ?? []).map(number)
    const sorted = values.toSorted((one, other) => one - other)
    // Cells are rounded to a tenth of a percent.
    expect(count).toBe(values.length)
    expect(min).toBeCloseTo(sorted[0] ?? NaN, 1)
    expect(max).toBeCloseTo(sorted.at(-1) ?? NaN, 1)
    expect(
      Math.abs((mean ?? NaN) - values.reduce((sum, value) => sum + value, 0) / values.length)
    ).toBeLessThan(0.11)
    const middle = sorted.length / 2
    const expected = ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2
    expect(Math.abs((median ?? NaN) - expected)).toBeLessThan(0.6)
  })
})

describe('the table of all rows', () => {
  it('goes on to older rows as one scrolls, to the last one, by wheel and by keyboard', async () => {
    const page = await openServerHistory('kvm-alpha')
    const fromAtMs = newestAtMs - (PAST_ROWS - 1) * 5_000
    await page.evaluate(
      ([from, to]) => {
        const path = location.hash.split('?')[0] ?? ''
        location.hash = `${path}?s=0~cpuUsedRatio~server~~&s=1~load1~server~~&from=${from}&to=${to}&panel=rows&level=raw`
      },
      [fromAtMs, newestAtMs]
    )
    const grid = page.getByRole('grid', { name: 'All rows' })
    await page.getByText('500 rows read, newest first; more as you scroll').waitFor()
    const drawn = async (): Promise<string[][]> => cellsOf(grid)
    expect((await drawn())[0]?.[2]).toBe(((PAST_ROWS - 1) / 1_000).toFixed(2))
    // Only those in view exist.
    expect((await drawn()).length).toBeLessThan(60)
    await grid.hover()
    await expect
      .poll(
        async () => {
          await page.mouse.wheel(0, 4_000)
          return page.getByText(/^1\s000 rows read/).count()
        },
        { timeout: 15_000 }
      )
      .toBe(1)
    await grid.focus()
    await expect
      .poll(
        async () => {
          await page.keyboard.press('End')
          return page.getByText(/^1\s080 rows, newest first$/).count()
        },
        { timeout: 15_000 }
      )
      .toBe(1)
    await page.keyboard.press('End')
    await expect.poll(async () => (await drawn()).at(-1)?.[2]).toBe('0.00')
    await photograph(page, 'history-rows')
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Home')
    await expect.poll(async () => (await drawn())[0]?.[2]).toBe(((PAST_ROWS - 1) / 1_000).toFixed(2))
  })
})

describe('busy hours and dialogs', () => {
  it('can be used without a mouse and read without colours', async () => {
    const page = await openServerHistory('kvm-bravo')
    await page.getByText('Busy hours').click()
    await page.getByText(/^Busiest: /).waitFor()
    await photograph(page, 'history-busy')
    expect(await violations(page)).toEqual([])
    await page.getByText('Table', { exact: true }).click()
    await page.getByRole('grid', { name: 'Busy hours' }).waitFor()
    for (const [button, title] of [
      ['Choose series', 'What the history shows'],
      ['Compare', 'Compare with other servers']
    ] as const) {
      await page.getByRole('button', { name: button }).focus()
      await page.keyboard.press('Enter')
      await page.getByRole('dialog', { name: title }).waitFor()
      await photograph(page, `history-${button.toLowerCase().replace(' ', '-')}`)
      expect(await violations(page)).toEqual([])
      await page.keyboard.press('Escape')
      await expect.poll(() => page.getByRole('dialog').count()).toBe(0)
    }
  })
})

describe('collecting', () => {
  it('of a server is stopped after saying what it means, is told everywhere, and starts again', async () => {
    const page = await openServerHistory('edge-seoul')
    await page.getByRole('button', { name: 'Actions for edge-seoul' }).last().click()
    await page.getByRole('menuitem', { name: 'Stop collecting' }).click()
    const dialog = page.getByRole('dialog').or(page.getByRole('alertdialog'))
    await dialog.getByText('Its history stays; the time in between is a gap.').waitFor()
    await dialog.getByRole('button', { name: 'Stop collecting' }).click()
    await page.getByText('Collecting is stopped: nothing new is read from this server.').waitFor()
    await photograph(page, 'history-stopped')
    // By keyboard, from anywhere.
    await page.keyboard.press('Control+k')
    await page.keyboard.type('start collecting edge')
    await page.keyboard.press('Enter')
    await expect
      .poll(() => page.getByText('Collecting is stopped: nothing new is read from this server.').count())
      .toBe(0)
  })

  it('of one machine is stopped after saying what it means, is marked, and starts again', async () => {
    watched = await openPage(browser, demo.address)
    const { page } = watched
    await page.getByRole('navigation', { name: 'Pages' }).waitFor()
    await page.evaluate(() => (location.hash = '#/machines'))
    await page.getByRole('grid').getByText('staging').click()
    await page.getByRole('heading', { name: 'staging' }).waitFor()
    const act = async (name: string): Promise<void> => {
      await page.getByRole('button', { name: 'Actions for staging' }).click()
      await page.getByRole('menuitem', { name }).click()
    }
    await act('Stop collecting')
    await page.getByText('They are shown as before, but not kept').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Stop collecting' }).click()
    await page.getByText('not collected').first().waitFor()
    await page.getByRole('tab', { name: 'History' }).click()
    await page.getByRole('list', { name: 'Series shown' }).waitFor()
    await photograph(page, 'machine-not-collected')
    expect(await violations(page)).toEqual([])
    await act('Start collecting')
    await expect.poll(() => page.getByText('not collected').count()).toBe(0)
  })
})

describe('comparing the fleet', () => {
  it('ranks all servers by a metric, and leads to the history of each', async () => {
    watched = await openPage(browser, demo.address)
    const { page } = watched
    await page.getByRole('button', { name: 'Compare' }).click()
    await page.getByText('Highest: CPU used').waitFor()
    const names = page.locator('ol li a bdi')
    await expect.poll(() => names.count(), { timeout: 20_000 }).toBe(6)
    await photograph(page, 'compare')
    expect(await violations(page)).toEqual([])
    const first = await names.first().innerText()
    await names.first().click()
    await page.getByRole('heading', { name: first }).waitFor()
    await expect.poll(() => chips(page)).toEqual(['CPU used'])
    expect(page.url()).toContain('range=day')
  })
})
