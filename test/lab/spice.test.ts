/** A guest's SPICE display in a real browser: the built console, its own client, ssh, QEMU's own SPICE server. */
import { createHash } from 'node:crypto'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { lookAt, pixelsOf, rgbOf, type Pixels } from '../e2e/display.ts'
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

/**
 * A disk whose boot sector shows mode 13h (320 × 200) in sixty-four colours of its own: moving stripes, reds in the left
 * half and blues in the right one, drawn anew with each tick of the clock.
 */
function filmDisk(): Buffer {
  const code =
    'uBMAzRC4AKCOwLrIA7BA7kKxEIjIBBDusADu7v7BgPkwdfCxELAA7u6IyAQQ7v7BgPkwdfAx2zH/usgAuUABicgA2DDQJB8EQIH5oAB3AgQgquLr' +
    'SnXlQ7QAzRqJ1rQAzRo51nT4688='
  const disk = Buffer.alloc(1024 * 1024)
  Buffer.from(code, 'base64').copy(disk)
  disk.writeUInt16LE(0xaa55, 510)
  return disk
}

describe.skipIf(missing !== null)(
  `a SPICE display in a browser${missing === null ? '' : ` (${missing})`}`,
  () => {
    let browser: Browser
    let console_: ConsoleProcess
    let page: Page
    /** The test of the dialog, and the connection that everything goes over. */
    let logins: number
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
      logins = lab.loginCount(SERVER, 'op')
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
        .poll(
          async () => differingPixels(await rgbOf(page), await pixelsOf(page, await screenshotOf(probe))),
          { timeout: 15_000 }
        )
        .toBe(0)

      await probe.tell(LISTEN)
      await screen().locator('canvas').first().click()
      await page.keyboard.type('hello, qemu-9/', { delay: 30 })
      for (const key of ['Shift+KeyX', 'Shift+Digit1', 'Backspace', 'Shift+Slash', 'Enter'])
        await page.keyboard.press(key, { delay: 30 })
      await expect.poll(() => probe.printed(), { timeout: 20_000 }).toContain('typed: hello, qemu-9/X?')
      // It has no tablet, so the display holds the pointer until it is let go.
      expect(await page.evaluate(() => document.pointerLockElement?.tagName)).toBe('CANVAS')
      await page.keyboard.down('Control')
      await page.keyboard.press('Alt')
      await page.keyboard.up('Control')
      await expect.poll(() => page.evaluate(() => document.pointerLockElement)).toBeNull()
      await page.getByRole('button', { name: 'Paste text' }).click()
      await page.getByLabel('Text', { exact: true }).fill('Pasted (as keys)\n')
      await page.getByRole('button', { name: 'Paste', exact: true }).click()
      await expect.poll(() => probe.printed(), { timeout: 20_000 }).toContain('typed: Pasted (as keys)')
      await photograph(page, 'lab-spice')
      expect(await listeners()).toBe(listening)
      expect(lab.loginCount(SERVER, 'op')).toBe(logins)
    })

    it('stays through a reboot of the guest, and comes back after it was off', async () => {
      const probe = await makeSpiceProbe(ON_LOOPBACK)
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
      await probe.virshRw('start', probe.uuid)
      await isShown()
    }, 300_000)

    it('shows a film in its colours', async () => {
      const probe = await makeProbe(SERVER, NAME)
      const image = await probe.makeImage('film', 1)
      await lab.inServer(SERVER, ['bash', '-c', `base64 -d > ${image}`], {
        input: filmDisk().toString('base64')
      })
      await probe.define((xml) =>
        xml
          .replace(
            /<graphics type='vnc'[^]*?<\/graphics>/,
            `<graphics type='spice' autoport='yes' listen='127.0.0.1'><streaming mode='all'/></graphics>`
          )
          .replace(/<kernel>[^]*<\/cmdline>/, `<boot dev='hd'/>`)
          .replace(
            /<driver name='qemu' type='qcow2'\/>\s*<source file='[^']*'/,
            `<driver name='qemu' type='raw'/><source file='${image}'`
          )
      )
      await probe.virshRw('start', probe.uuid)
      await openDisplay()
      await isShown()
      /** The mean of red, green, blue in the middle of a half. */
      const meanOf = async (half: 0 | 1): Promise<number[]> => {
        const { width, rgb } = await rgbOf(page)
        const sums = [0, 0, 0]
        for (let y = 100; y < 300; y++)
          for (let x = half * 320 + 100; x < half * 320 + 220; x++)
            for (let colour = 0; colour < 3; colour++)
              sums[colour] = (sums[colour] ?? 0) + (rgb[(y * width + x) * 3 + colour] ?? 0)
        return sums.map((sum) => Math.round(sum / (200 * 120)))
      }
      const frames = new Set<string>()
      await lab.eventually(
        'it is a film',
        async () => {
          frames.add(
            createHash('sha256')
              .update((await rgbOf(page)).rgb)
              .digest('hex')
          )
          return frames.size > 20
        },
        60_000
      )
      const [red, blue] = [await meanOf(0), await meanOf(1)]
      expect(red[0]).toBeGreaterThan(100)
      expect(Math.max(red[1] ?? 255, red[2] ?? 255)).toBeLessThan(80)
      expect(blue[2]).toBeGreaterThan(100)
      expect(Math.max(blue[0] ?? 255, blue[1] ?? 255)).toBeLessThan(80)
      // It comes as JPEGs: the pure colours of the guest are nearly met, not exactly.
      expect((red[1] ?? 0) + (red[2] ?? 0) + (blue[0] ?? 0) + (blue[1] ?? 0)).toBeGreaterThan(0)
      expect(await page.getByText('Not all is drawn').count()).toBe(0)
      await photograph(page, 'lab-spice-film')
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
      const kind = (name: string) => page.getByRole('button', { name, exact: true })
      expect(await kind('VNC').getAttribute('aria-pressed')).toBe('true')
      await kind('SPICE').click()
      await page.getByText('Click to give the mouse').waitFor()
      await isShown()
      await photograph(page, 'lab-spice-and-vnc')
    })

    /** As base64. */
    async function screenshotOf(probe: Probe): Promise<string> {
      const command = `virsh -q -c qemu:///system screenshot ${probe.uuid} --file /dev/stdout | base64 -w0`
      return (await lab.inServer(SERVER, ['bash', '-c', command])).stdout
    }
  }
)

/** All of them when the sizes differ. */
function differingPixels(seen: Pixels, expected: Pixels): number {
  const pixels = seen.width * seen.height
  if (expected.width !== seen.width || expected.height !== seen.height) return pixels
  let differing = 0
  for (let at = 0; at < pixels * 3; at += 3)
    if (expected.rgb.compare(seen.rgb, at, at + 3, at, at + 3) !== 0) differing++
  return differing
}
