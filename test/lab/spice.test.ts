/** A guest's SPICE display in a real browser: the built console, its own client, ssh, QEMU's own SPICE server. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { lookAt, rgbOf } from '../e2e/display.ts'
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
const NAME = 'spice-probe'
/** Reads its first terminal, whose keyboard is the display's, and says each line on the serial line. */
const LISTEN = `run (stty -echo; while read -r line; do echo "typed: $line"; done) </dev/tty1 &`
const ON_LOOPBACK = `<graphics type='spice' autoport='yes' listen='127.0.0.1'/>`

describe.skipIf(missing !== null)(
  `a SPICE display in a browser${missing === null ? '' : ` (${missing})`}`,
  () => {
    let browser: Browser
    let console_: ConsoleProcess
    let page: Page
    let loginsBefore: number
    const complaints: string[] = []

    beforeAll(async () => {
      browser = await launchBrowser()
      console_ = await startConsole([])
      const watched = await openPage(browser, console_.address)
      page = watched.page
      page.on('close', () => complaints.push(...watched.complaints))
      loginsBefore = lab.loginCount(SERVER, 'op')
      await fillServerDialog(page, SERVER)
      await page.getByRole('dialog').getByRole('button', { name: 'Add server' }).click()
      await page.getByText('1 on').first().waitFor()
    })

    afterAll(async () => {
      await page.context().close()
      await browser.close()
      expect(await console_.stop()).toBe(0)
      await removeFolder(console_.dataFolder)
      expect(complaints).toEqual([])
    })

    afterEach(() => lab.restoreLab())

    async function makeSpiceProbe(graphics: string): Promise<Probe> {
      const probe = await makeProbe(SERVER, NAME)
      await probe.define((xml) => xml.replace(/<graphics type='vnc'[^]*?<\/graphics>/, graphics))
      await probe.start()
      return probe
    }

    async function openDisplay(): Promise<void> {
      await page.keyboard.press('Control+k')
      await page.keyboard.type(NAME)
      await page.getByRole('option', { name: NAME }).first().click()
      await page.getByRole('tab', { name: 'Console' }).click()
    }

    const screen = () => page.getByTestId('display-screen')
    const lit = async (): Promise<number> => (await lookAt(page)).lit
    const print = (probe: Probe, text: string): Promise<void> => probe.tell(`run echo '${text}' >/dev/tty1`)
    const isShown = () => expect.poll(lit, { timeout: 30_000 }).toBeGreaterThan(100)

    /** What listens in the server's network, without its port numbers that change from one start to the next. */
    async function listeners(): Promise<number> {
      const { stdout } = await lab.inServer(SERVER, ['ss', '-Htlnx'])
      return stdout.trim().split('\n').length
    }

    it("shows the guest's text as libvirt sees it, and brings the keys that are typed to the guest", async () => {
      const probe = await makeSpiceProbe(ON_LOOPBACK)
      const listening = await listeners()
      await openDisplay()
      await isShown()
      // The text cursor blinks: it would be in one picture and not in the other.
      await probe.tell(`run printf '\\033[?25l' >/dev/tty1`)
      const before = await lit()
      await print(probe, 'WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW')
      await expect.poll(lit, { timeout: 15_000 }).toBeGreaterThan(before + 500)
      await expect
        .poll(async () => differingPixels(await rgbOf(page), await screenshotOf(probe)), { timeout: 15_000 })
        .toBe(0)

      await probe.tell(LISTEN)
      await screen().locator('canvas').first().click()
      await page.keyboard.type('hello, qemu-9/', { delay: 30 })
      for (const key of ['Shift+KeyX', 'Shift+Digit1', 'Backspace', 'Shift+Slash', 'Enter'])
        await page.keyboard.press(key, { delay: 30 })
      await expect.poll(() => probe.printed(), { timeout: 20_000 }).toContain('typed: hello, qemu-9/X?')
      await page.getByRole('button', { name: 'Paste text' }).click()
      await page.getByLabel('Text', { exact: true }).fill('Pasted (as keys)\n')
      await page.getByRole('button', { name: 'Paste', exact: true }).click()
      await expect.poll(() => probe.printed(), { timeout: 20_000 }).toContain('typed: Pasted (as keys)')
      await photograph(page, 'lab-spice')
      expect(await listeners()).toBe(listening)
      expect(lab.loginCount(SERVER, 'op')).toBe(loginsBefore + 1)
    })

    it('stays through a reboot of the guest, and comes back after it was off', async () => {
      const probe = await makeSpiceProbe(`<graphics type='spice'><listen type='socket'/></graphics>`)
      await openDisplay()
      await isShown()
      const from = probe.printed().length
      await page.getByRole('button', { name: 'Send keys' }).click()
      await page.getByRole('menuitem', { name: 'Ctrl + Alt + Del' }).click()
      await lab.eventually(
        'the guest boots again',
        () => probe.printed().slice(from).includes('lab guest ready'),
        90_000
      )
      await isShown()
      await print(probe, 'WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW')
      await expect.poll(lit, { timeout: 15_000 }).toBeGreaterThan(500)

      await probe.off()
      await screen().getByRole('heading', { name: 'The machine is off' }).waitFor()
      await probe.start()
      await isShown()
    })

    it('asks for the password of a display, says that one is wrong, and shows it with the right one', async () => {
      await makeSpiceProbe(`<graphics type='spice' autoport='yes' listen='127.0.0.1' passwd='geheim'/>`)
      await openDisplay()
      await screen().getByText('The display asks for its SPICE password').waitFor()
      await screen().getByLabel('SPICE password').fill('falsch')
      await screen().getByLabel('SPICE password').press('Enter')
      await screen().getByText('The display refused this password.').waitFor()
      await photograph(page, 'lab-spice-password')
      await screen().getByLabel('SPICE password').fill('geheim')
      await screen().getByLabel('SPICE password').press('Enter')
      await isShown()
    })

    it('says that another viewer has taken the display, and takes it back only when it is told to', async () => {
      await makeSpiceProbe(ON_LOOPBACK)
      await openDisplay()
      await isShown()
      const second = await page.context().newPage()
      await second.goto(page.url())
      await second.getByRole('tab', { name: 'Console' }).click()
      await expect.poll(async () => (await lookAt(second)).lit, { timeout: 30_000 }).toBeGreaterThan(100)
      await screen().getByText('SPICE lets only one viewer in').waitFor({ timeout: 20_000 })
      await photograph(page, 'lab-spice-taken')
      expect((await lookAt(second)).lit).toBeGreaterThan(100)
      await screen().getByRole('button', { name: 'Try again' }).click()
      await isShown()
      await second.getByText('SPICE lets only one viewer in').waitFor({ timeout: 20_000 })
      await second.close()
    })

    it('shows VNC where there are both, and SPICE when it is chosen', async () => {
      await makeSpiceProbe(`<graphics type='vnc' autoport='yes' listen='127.0.0.1'/>${ON_LOOPBACK}`)
      await openDisplay()
      await isShown()
      const kinds = page.getByRole('radiogroup', { name: 'Display', exact: true })
      expect(await kinds.getByRole('radio', { name: 'VNC' }).isChecked()).toBe(true)
      await kinds.getByRole('radio', { name: 'SPICE' }).click()
      await isShown()
      await photograph(page, 'lab-spice-and-vnc')
    })

    async function screenshotOf(probe: Probe): Promise<Buffer> {
      const command = `virsh -q -c qemu:///system screenshot ${probe.uuid} --file /dev/stdout | base64 -w0`
      const { stdout } = await lab.inServer(SERVER, ['bash', '-c', command])
      return Buffer.from(stdout, 'base64')
    }
  }
)

/** Of a PPM (P6) or PNG picture beside the canvas; all of them when the sizes differ. */
function differingPixels(seen: { width: number; height: number; rgb: Buffer }, screenshot: Buffer): number {
  const head = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(screenshot.subarray(0, 64).toString('latin1'))
  if (head === null) throw new Error(`not a PPM: ${screenshot.subarray(0, 16).toString('latin1')}`)
  const pixels = seen.width * seen.height
  if (Number(head[1]) !== seen.width || Number(head[2]) !== seen.height) return pixels
  const rgb = screenshot.subarray(head[0].length)
  let differing = 0
  for (let at = 0; at < pixels * 3; at += 3)
    if (rgb.compare(seen.rgb, at, at + 3, at, at + 3) !== 0) differing++
  return differing
}
