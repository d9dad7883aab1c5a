/**
 * A thousand VMs on twenty servers in one table: how long a filter takes until its rows are drawn, how smooth scrolling is,
 * and how long one action on many VMs of all servers takes.
 * `npm run bench -- machines [--json] [--servers N] [--machines N]`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser, openPage } from '../test/e2e/harness.ts'
import { frameWorkMs, percentile } from './support/frames.ts'
import { startLineProcess } from './support/line-process.ts'

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    servers: { type: 'string', default: '20' },
    machines: { type: 'string', default: '50' }
  }
})
const root = resolve(import.meta.dirname, '..')
const servers = Number(options.servers)
const total = servers * Number(options.machines)
const ALL_SHOWN_DEADLINE_MS = 120_000
const BULK_DEADLINE_MS = 60_000
const FRAME_MS = 1000 / 60
const FILTERS = [
  'vm-0',
  'state:running',
  'state:running cpu>20',
  'server:kvm',
  'vm-4 mem>10',
  'tag:prod',
  'vm-13'
]

async function untilAllShown(page: Page): Promise<void> {
  await page.getByText(`${total} machines`, { exact: true }).waitFor({ timeout: ALL_SHOWN_DEADLINE_MS })
}

/** From the text in the field to the frame that shows the rows it leaves; the slowest of several filters. */
async function filterTimesMs(page: Page): Promise<number[]> {
  const times: number[] = []
  for (const text of FILTERS.flatMap((filter) => [filter, ''])) {
    const ms = await page.evaluate(async (typed) => {
      const input = document.querySelector<HTMLInputElement>('main input')
      if (input === null) throw new Error('no filter')
      const startMs = performance.now()
      input.value = typed
      input.dispatchEvent(new Event('input', { bubbles: true }))
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)))
      return performance.now() - startMs
    }, text)
    if (text !== '') times.push(ms)
    await page.waitForTimeout(300)
  }
  return times
}

/** Frames that the page drew in a second while it was used. */
async function framesPerSecOver(page: Page, use: () => Promise<void>): Promise<number> {
  const startMs = performance.now()
  await page.evaluate(() => {
    const counter = window as unknown as { frames: number; counting: symbol }
    const own = Symbol('counting')
    counter.frames = 0
    counter.counting = own
    const count = (): void => {
      if (counter.counting !== own) return
      counter.frames++
      requestAnimationFrame(count)
    }
    requestAnimationFrame(count)
  })
  await use()
  const frames = await page.evaluate(() => (window as unknown as { frames: number }).frames)
  return frames / ((performance.now() - startMs) / 1000)
}

/** A notch of a wheel moves a page by 100 to 120 px; two of them in each frame are as fast as one can turn it. */
const NOTCH_PX = 120

async function scroll(page: Page, stepPx = 2 * NOTCH_PX): Promise<void> {
  await page.mouse.move(900, 500)
  for (let turn = 0; turn < 4; turn++) {
    for (let step = 0; step < 60; step++) {
      await page.mouse.wheel(0, turn % 2 === 0 ? stepPx : -stepPx)
      await page.waitForTimeout(16)
    }
  }
}

/** What this machine can do at most: the same scrolling over as many lines of plain text, of which all exist. */
async function plainFramesPerSec(browser: Browser): Promise<number> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  await page.setContent(`<pre style="font: 13px/32px sans-serif">${'plain text\n'.repeat(total)}</pre>`)
  const framesPerSec = await framesPerSecOver(page, () => scroll(page))
  await page.close()
  return framesPerSec
}

/** Pauses some VMs of every server from the bulk bar; from the click to the last result. */
async function bulkMs(page: Page): Promise<{ ms: number; machines: number }> {
  await page.locator('main input').first().fill('vm-0')
  await page.getByRole('grid').focus()
  await page.keyboard.press('Control+a')
  const button = page.getByRole('button', { name: /^Pause \(\d+\)/ })
  const machines = Number(/\d+/.exec((await button.textContent()) ?? '')?.[0])
  const startMs = performance.now()
  await button.click()
  await page.getByText(new RegExp(`^${machines} done`)).waitFor({ timeout: BULK_DEADLINE_MS })
  return { ms: performance.now() - startMs, machines }
}

const dataFolder = mkdtempSync(join(tmpdir(), 'virthelm-bench-'))
const fleetArgs = ['--servers', String(servers), '--machines', options.machines]
const fleet = startLineProcess(join(root, 'src-main/demo/main.ts'), fleetArgs)
const console_ = startLineProcess(join(root, 'bench/support/fleet-console.ts'), ['--data-dir', dataFolder])
try {
  const played = await fleet.next<{ servers: unknown[] }>()
  const { address } = await console_.ask<{ address: string }>(JSON.stringify(played))
  const browser = await launchBrowser()
  const { page } = await openPage(browser, address)
  await page.locator('article').first().waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('m')
  await untilAllShown(page)
  await sleep(10_000)
  const filters = await filterTimesMs(page)
  const notchFramesPerSec = await framesPerSecOver(page, () => scroll(page, NOTCH_PX))
  const framesPerSec = await framesPerSecOver(page, () => scroll(page))
  const plain = await plainFramesPerSec(browser)
  const work = await frameWorkMs(browser, page, () => scroll(page))
  const bulk = await bulkMs(page)
  await browser.close()
  const metrics = {
    servers,
    machines: total,
    filterMs: percentile(filters, 0.5),
    filterMaxMs: Math.max(...filters),
    notchFramesPerSec,
    framesPerSec,
    plainFramesPerSec: plain,
    framesOfPlainRatio: framesPerSec / plain,
    scrollFrameP95Ms: percentile(work, 0.95),
    framesInTimeRatio: work.filter((ms) => ms < FRAME_MS).length / work.length,
    bulkMachines: bulk.machines,
    bulkMs: bulk.ms
  }
  console.table(
    Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, Number(value.toPrecision(4))]))
  )
  if (options.json) console.log(JSON.stringify({ name: 'machines', metrics }))
} finally {
  await Promise.all([console_.end(), fleet.end()])
  rmSync(dataFolder, { recursive: true, force: true })
}
