/** Channels in a real window, over the demo fleet: a webhook that is added and tried, and notifications of the browser. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
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
let hooks: Server
let answer = 200
const got: { kind: string; title: string }[] = []

beforeAll(async () => {
  hooks = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      got.push(JSON.parse(Buffer.concat(chunks).toString()) as (typeof got)[number])
      response.writeHead(answer).end()
    })
  })
  await new Promise<void>((done) => hooks.listen(0, '127.0.0.1', done))
  demo = await startConsole(['--demo'])
  browser = await launchBrowser()
}, 60_000)

afterAll(async () => {
  await browser.close()
  await demo.stop()
  await removeFolder(demo.dataFolder)
  hooks.closeAllConnections()
  await new Promise((done) => hooks.close(done))
})

it('tries a webhook before it is saved and after, and shows notifications once they are allowed', async () => {
  const { page, complaints } = await openPage(browser, demo.address)
  await page.getByRole('navigation', { name: 'Pages' }).waitFor()
  await page.evaluate(() => (location.hash = '#/alerts/channels'))
  await page.getByText('This browser').waitFor()
  await page.getByRole('button', { name: 'Add channel' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Operations')
  const url = `http://127.0.0.1:${String((hooks.address() as AddressInfo).port)}/hook`
  await dialog.getByRole('textbox', { name: 'Address' }).fill(url)
  await dialog.getByRole('textbox', { name: /sign/ }).fill('a key')
  await dialog.getByRole('button', { name: 'Send a test message' }).click()
  await dialog.getByText(/^Sent in/).waitFor()
  expect(got).toMatchObject([{ kind: 'test', title: 'Test from Virthelm' }])
  answer = 403
  await page.setViewportSize({ width: 1024, height: 700 })
  await dialog.getByRole('button', { name: 'Send a test message' }).click()
  const refusal = dialog.getByText('refused the login')
  await refusal.waitFor()
  // The form is longer than this window; its answer is seen all the same.
  const footer = await dialog.getByRole('button', { name: 'Send a test message' }).boundingBox()
  await expect
    .poll(async () => (await refusal.boundingBox())?.y ?? Infinity)
    .toBeLessThan((footer?.y ?? 0) - 30)
  await photograph(page, 'channel-dialog-refused')
  await dialog
    .getByRole('button', { name: /^(Add|Save)/ })
    .last()
    .click()
  const row = page.locator('[data-channel]', { hasText: 'Operations' })
  await row.waitFor()
  await photograph(page, 'channels')

  await page.context().grantPermissions(['notifications'], { origin: new URL(demo.address).origin })
  await page.evaluate(() => {
    const shown: string[] = []
    Object.assign(window, { shown })
    const Native = window.Notification
    class Recorded extends Native {
      constructor(title: string, options?: NotificationOptions) {
        super(title, options)
        shown.push(title)
      }
    }
    window.Notification = Recorded
  })
  await page.locator('[data-channel]', { hasText: 'Desktop' }).getByRole('button', { name: 'Test' }).click()
  // Alerts of the demo may be told meanwhile.
  await page.waitForFunction(() =>
    (window as unknown as { shown: string[] }).shown.includes('Test from Virthelm')
  )
  const shown = await page.evaluate(() => (window as unknown as { shown: string[] }).shown)
  expect(shown.filter((title) => title === 'Test from Virthelm')).toHaveLength(1)
  expect(complaints).toEqual([])
}, 120_000)
