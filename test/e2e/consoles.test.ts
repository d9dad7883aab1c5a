/** Displays, serial lines and terminals of the demo fleet, used in a real browser. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  launchBrowser,
  openPage,
  photograph,
  removeFolder,
  startConsole,
  type ConsoleProcess,
  type Watched
} from './harness.ts'
import { lookAt } from './display.ts'

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

async function open(): Promise<Page> {
  watched = await openPage(browser, demo.address)
  const { page } = watched
  await page.getByRole('navigation', { name: 'Pages' }).waitFor()
  await page.locator('article', { hasText: 'kvm-alpha' }).first().waitFor()
  return page
}

/** The page of a VM by its name, through the palette. */
async function openMachine(page: Page, name: string, tab: 'Console' | 'Serial' | 'Overview'): Promise<void> {
  await page.keyboard.press('Control+k')
  await page.keyboard.type(name)
  await page
    .getByRole('option', { name: new RegExp(name) })
    .first()
    .click()
  await page.getByRole('tab', { name: tab }).click()
}

const terminalText = (page: Page, kind: 'serial' | 'terminal'): Promise<string> =>
  page.locator(`[data-testid=${kind}-screen] .xterm-rows`).innerText()

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

describe('a display', () => {
  it('is drawn, goes on, and takes what is typed', async () => {
    const page = await open()
    await openMachine(page, 'web-01', 'Console')
    await expect.poll(async () => (await lookAt(page)).lit, { timeout: 15_000 }).toBeGreaterThan(500)
    const first = await lookAt(page)
    expect(first).toMatchObject({ width: 640, height: 400 })
    // Its clock goes on.
    await expect.poll(async () => (await lookAt(page)).sum, { timeout: 5_000 }).not.toBe(first.sum)
    const before = (await lookAt(page)).lit
    await page.locator('[data-testid=display-screen] canvas').click()
    await page.keyboard.type('WWWWWWWWWWWWWWWWWWWW')
    await expect.poll(async () => (await lookAt(page)).lit - before, { timeout: 5_000 }).toBeGreaterThan(200)
    await photograph(page, 'console-vnc')
    expect(await violations(page)).toEqual([])
  })
})

describe('a display that is not there', () => {
  it('offers to start a machine that is off, and shows it then', async () => {
    const page = await open()
    await openMachine(page, 'old-wiki', 'Console')
    await page.getByRole('heading', { name: 'The machine is off' }).waitFor()
    await photograph(page, 'console-off')
    await page.getByTestId('display-screen').getByRole('button', { name: 'Start' }).click()
    await expect.poll(async () => (await lookAt(page)).lit, { timeout: 15_000 }).toBeGreaterThan(500)
  })

  it('gives the keyboard back by Ctrl and Alt, and sends what the workstation keeps to itself', async () => {
    const page = await open()
    await openMachine(page, 'web-02', 'Console')
    await expect.poll(async () => (await lookAt(page)).lit, { timeout: 15_000 }).toBeGreaterThan(500)
    await page.locator('[data-testid=display-screen] canvas').click()
    // The palette's key is the guest's now, and so is Tab.
    await page.keyboard.press('Control+k')
    await page.keyboard.press('Tab')
    expect(await page.getByRole('dialog').count()).toBe(0)
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('CANVAS')
    await page.keyboard.down('Control')
    await page.keyboard.down('Alt')
    await page.keyboard.up('Alt')
    await page.keyboard.up('Control')
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.textContent?.trim()))
      .toBe('Send keys')
    await page.keyboard.press('Enter')
    await page.getByRole('menuitem', { name: 'Ctrl + Alt + Del' }).waitFor()
    await photograph(page, 'console-keys')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Paste text' }).click()
    await page.getByLabel('Text', { exact: true }).fill('typed: WWWWWWWWWWWWWWWWWWWW')
    await photograph(page, 'console-paste')
    const before = (await lookAt(page)).lit
    await page.getByRole('button', { name: 'Paste', exact: true }).click()
    await expect.poll(async () => (await lookAt(page)).lit - before, { timeout: 8_000 }).toBeGreaterThan(200)
  })
})

describe('a small picture of the screen', () => {
  it('stands on the machine’s overview and leads to its console', async () => {
    const page = await open()
    await openMachine(page, 'web-01', 'Overview')
    const picture = page.getByRole('img', { name: 'What the screen of web-01 shows' })
    await expect.poll(() => picture.evaluate((canvas) => (canvas as HTMLCanvasElement).width)).toBe(480)
    await photograph(page, 'machine-picture')
    await picture.click()
    await page.locator('[data-testid=display-screen] canvas').waitFor()
  })

  it('is shown in the list of machines when it is asked for', async () => {
    const page = await open()
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Machines' }).click()
    await page.getByRole('button', { name: 'Show pictures of the screens' }).click()
    const picture = page.getByRole('img', { name: 'What the screen of web-01 shows' })
    await expect
      .poll(() => picture.evaluate((canvas) => (canvas as HTMLCanvasElement).width), { timeout: 15_000 })
      .toBe(480)
    await photograph(page, 'machines-pictures')
    expect(await violations(page)).toEqual([])
  })
})

describe('a serial line', () => {
  it('lets one log in and answers', async () => {
    const page = await open()
    await openMachine(page, 'web-01', 'Serial')
    await expect.poll(() => terminalText(page, 'serial'), { timeout: 15_000 }).toContain('login:')
    await page.locator('[data-testid=serial-screen] .xterm').click()
    await page.keyboard.type('root\nsecret\nuname\n')
    await expect.poll(() => terminalText(page, 'serial')).toContain('x86_64 GNU/Linux')
    expect(await terminalText(page, 'serial')).not.toContain('secret')
    await photograph(page, 'console-serial')
    expect(await violations(page)).toEqual([])
  })
})

describe('a serial line that somebody holds', () => {
  it('says so, and is taken over when it is told to', async () => {
    const first = await open()
    await openMachine(first, 'queue', 'Serial')
    await expect.poll(() => terminalText(first, 'serial'), { timeout: 15_000 }).toContain('login:')
    const second = await first.context().newPage()
    await second.goto(`${first.url().split('#')[0] ?? ''}#${first.url().split('#')[1] ?? ''}`)
    await second.getByText('Somebody else holds the serial line of queue.').waitFor({ timeout: 15_000 })
    await second.getByRole('button', { name: 'Take it over' }).click()
    await second.getByRole('dialog').getByRole('button', { name: 'Take it over' }).click()
    await expect.poll(() => terminalText(second, 'serial')).toContain('login:')
    await first.getByText('Somebody else holds the serial line of queue.').waitFor({ timeout: 15_000 })
    await photograph(first, 'console-in-use')
    await second.close()
  })
})

describe('a terminal', () => {
  it('opens from the palette, answers, and goes on while other pages are looked at', async () => {
    const page = await open()
    await page.keyboard.press('Control+k')
    await page.keyboard.type('Terminal on kvm-alpha')
    await page.getByRole('option', { name: 'Terminal on kvm-alpha' }).first().click()
    await expect.poll(() => terminalText(page, 'terminal'), { timeout: 15_000 }).toContain('try "help"')
    await page.locator('[data-testid=terminal-screen] .xterm').click()
    await page.keyboard.type('echo still-here\n')
    await expect.poll(() => terminalText(page, 'terminal')).toMatch(/still-here[\s\S]*still-here/)
    await page.getByRole('tab', { name: 'Facts' }).click()
    await page.getByRole('tab', { name: 'Terminal' }).click()
    await expect.poll(() => terminalText(page, 'terminal')).toMatch(/still-here[\s\S]*still-here/)
    await photograph(page, 'console-terminal')
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Close the terminal' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Close the terminal' }).click()
    await page.getByRole('heading', { name: 'No terminal is open' }).waitFor()
    await photograph(page, 'console-terminal-none')
  })

  it('draws what a server prints, and lets it do nothing else', async () => {
    const page = await open()
    await page.evaluate(() => {
      const seen: string[] = []
      Object.assign(window, { touched: seen })
      document.addEventListener('copy', () => seen.push('copy'))
      window.open = (url) => {
        seen.push(`open ${String(url)}`)
        return null
      }
      navigator.clipboard.writeText = (text) => {
        seen.push(`clipboard ${text}`)
        return Promise.resolve()
      }
      window.confirm = () => {
        seen.push('confirm')
        return true
      }
    })
    const title = await page.title()
    const address = page.url().split('#')[0]
    await page.keyboard.press('Control+k')
    await page.keyboard.type('Terminal on kvm-bravo')
    await page.getByRole('option', { name: 'Terminal on kvm-bravo' }).first().click()
    await expect.poll(() => terminalText(page, 'terminal'), { timeout: 15_000 }).toContain('$')
    await page.locator('[data-testid=terminal-screen] .xterm').click()
    await page.keyboard.type("printf '\\e]52;c;aGFja2Vk\\a'\n")
    await page.keyboard.type("printf '\\e]0;hacked\\a\\e]2;hacked\\a\\e]9;hacked\\a\\e]777;notify;a;b\\a'\n")
    await page.keyboard.type("printf '\\e]8;;https://evil.example/\\aclick-here\\e]8;;\\a'\n")
    await page.keyboard.type('echo all-printed\n')
    await expect.poll(() => terminalText(page, 'terminal')).toMatch(/all-printed[\s\S]*all-printed/)
    const link = page
      .locator('[data-testid=terminal-screen] .xterm-rows > div', { hasText: /^click-here/ })
      .first()
    const at = await link.boundingBox()
    if (at === null) throw new Error('the link is not drawn')
    await page.mouse.click(at.x + 20, at.y + 8)
    await page.keyboard.down('Control')
    await page.mouse.click(at.x + 20, at.y + 8)
    await page.keyboard.up('Control')
    expect(await page.evaluate(() => (window as unknown as { touched: string[] }).touched)).toEqual([])
    expect(await page.title()).toBe(title)
    expect(page.url().split('#')[0]).toBe(address)
    expect(page.context().pages()).toHaveLength(1)
  })
})

// The last one: the server stays look-only.
describe('a server that is only looked at', () => {
  it('shows displays without input, and no serial line, terminal or picture', async () => {
    const page = await open()
    await page
      .getByRole('article')
      .filter({ hasText: 'edge-seoul' })
      .first()
      .getByRole('link', { name: 'edge-seoul' })
      .first()
      .click()
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    await page.getByRole('checkbox', { name: /^Look only/ }).click()
    await page.getByRole('dialog').getByRole('button', { name: /save/i }).click()
    await page.getByRole('tab', { name: 'Terminal' }).click()
    await page.getByText('so none is opened here').waitFor()
    await openMachine(page, 'gateway', 'Serial')
    await page.getByText('so it is not opened here').waitFor()
    await page.getByRole('tab', { name: 'Console' }).click()
    await expect.poll(async () => (await lookAt(page)).lit, { timeout: 15_000 }).toBeGreaterThan(500)
    expect(await page.getByRole('button', { name: 'Send keys' }).count()).toBe(0)
    await photograph(page, 'console-look-only')
    const before = (await lookAt(page)).lit
    await page.locator('[data-testid=display-screen] canvas').click()
    await page.keyboard.type('WWWWWWWWWWWWWWWWWWWW')
    // Two turns of the clock later it would have been drawn.
    const clock = (await lookAt(page)).sum
    await expect.poll(async () => (await lookAt(page)).sum, { timeout: 5_000 }).not.toBe(clock)
    expect((await lookAt(page)).lit - before).toBeLessThan(100)
    expect(await violations(page)).toEqual([])
  })
})
