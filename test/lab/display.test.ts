/** A guest's display in a real browser: the built console, noVNC, ssh, QEMU's own VNC server. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { lookAt } from '../e2e/display.ts'
import {
  launchBrowser,
  openPage,
  photograph,
  removeFolder,
  startConsole,
  type ConsoleProcess
} from '../e2e/harness.ts'
import * as lab from './lab.ts'
import { makeProbe, type Probe } from './probe-guest.ts'
import { fillServerDialog } from './window.ts'

const missing = lab.whyNoLab()
const SERVER = 'lab2'
const NAME = 'display-probe'
/** Reads its first terminal, whose keyboard is the display's, and says each line on the serial line. */
const LISTEN = `run (stty -echo; while read -r line; do echo "typed: $line"; done) </dev/tty1 &`

describe.skipIf(missing !== null)(`a display in a browser${missing === null ? '' : ` (${missing})`}`, () => {
  let browser: Browser
  let console_: ConsoleProcess
  let page: Page
  const complaints: string[] = []

  beforeAll(async () => {
    browser = await launchBrowser()
    console_ = await startConsole([])
    const watched = await openPage(browser, console_.address)
    page = watched.page
    page.on('close', () => complaints.push(...watched.complaints))
    await fillServerDialog(page, SERVER)
    await page.getByRole('dialog').getByRole('button', { name: 'Add server' }).click()
    await page.getByText('1 on').first().waitFor()
  })

  afterAll(async () => {
    await page.context().close()
    await browser.close()
    expect(await console_.stop()).toBe(0)
    await removeFolder(console_.dataFolder)
    // noVNC's own words about the wrong password.
    expect(complaints.filter((text) => !/security|authentication/i.test(text))).toEqual([])
  })

  afterEach(() => lab.restoreLab())

  async function openDisplay(): Promise<void> {
    await page.keyboard.press('Control+k')
    await page.keyboard.type(NAME)
    await page.getByRole('option', { name: NAME }).first().click()
    await page.getByRole('tab', { name: 'Console' }).click()
  }

  const lit = async (): Promise<number> => (await lookAt(page)).lit
  const print = (probe: Probe, text: string): Promise<void> => probe.tell(`run echo '${text}' >/dev/tty1`)

  it("shows the guest's text, and brings the keys that are typed to the guest", async () => {
    const probe = await makeProbe(SERVER, NAME)
    await probe.start()
    await openDisplay()
    await expect.poll(lit, { timeout: 30_000 }).toBeGreaterThan(100)
    const before = await lit()
    await print(probe, 'WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW')
    await expect.poll(lit, { timeout: 15_000 }).toBeGreaterThan(before + 500)

    await probe.tell(LISTEN)
    await page.locator('[data-testid=display-screen] canvas').click()
    await page.keyboard.type('hello, qemu-9/', { delay: 30 })
    for (const key of ['Shift+KeyX', 'Shift+Digit1', 'Backspace', 'Shift+Slash', 'Enter'])
      await page.keyboard.press(key, { delay: 30 })
    await expect.poll(() => probe.printed(), { timeout: 20_000 }).toContain('typed: hello, qemu-9/X?')
    await photograph(page, 'lab-display')
  })

  it('asks for the password of a display, says that one is wrong, and shows it with the right one', async () => {
    const probe = await makeProbe(SERVER, NAME)
    await probe.define((xml) =>
      xml.replace(
        /<graphics type='vnc'[^]*?<\/graphics>/,
        `<graphics type='vnc' autoport='yes' listen='127.0.0.1' passwd='geheim'/>`
      )
    )
    await probe.start()
    await openDisplay()
    const screen = page.getByTestId('display-screen')
    await screen.getByText('The display asks for its VNC password').waitFor()
    await screen.getByLabel('VNC password').fill('falsch')
    await screen.getByLabel('VNC password').press('Enter')
    await screen.getByText('The display refused this password.').waitFor()
    await screen.getByLabel('VNC password').fill('geheim')
    await screen.getByLabel('VNC password').press('Enter')
    await expect.poll(lit, { timeout: 30_000 }).toBeGreaterThan(100)
  })
})
