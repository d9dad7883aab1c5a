/**
 * A hundred servers at 5 s: what the engine costs, and how smooth the window stays while it is scrolled.
 * `npm run bench -- fleet [--json] [--servers N] [--seconds N]`. The servers play in a process of their own; the console
 * runs from the sources in another, the window in Chromium over the built renderer.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import { launchBrowser, openPage } from '../test/e2e/harness.ts'
import { frameWorkMs, percentile } from './support/frames.ts'
import { startLineProcess, type LineProcess } from './support/line-process.ts'

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    servers: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '60' }
  }
})
const root = resolve(import.meta.dirname, '..')
const servers = Number(options.servers)
const seconds = Number(options.seconds)
const ALL_ON_DEADLINE_MS = 120_000
/** After the last login: facts, first lists and compilation are over. */
const WARM_UP_MS = 20_000

interface Usage {
  readonly cpuMs: number
  readonly rssBytes: number
  readonly online: number
}

async function untilAllOnline(console_: LineProcess): Promise<void> {
  const deadlineMs = performance.now() + ALL_ON_DEADLINE_MS
  for (;;) {
    const { online } = await console_.ask<Usage>('usage')
    if (online === servers) return
    if (performance.now() > deadlineMs) throw new Error(`only ${online} of ${servers} servers are online`)
    await sleep(500)
  }
}

async function cpuRatioOver(
  console_: LineProcess,
  durationMs: number
): Promise<{ ratio: number; rssMiB: number }> {
  const before = await console_.ask<Usage>('usage')
  const startMs = performance.now()
  await sleep(durationMs)
  const after = await console_.ask<Usage>('usage')
  const ratio = (after.cpuMs - before.cpuMs) / (performance.now() - startMs)
  return { ratio, rssMiB: after.rssBytes / 2 ** 20 }
}

/** Scrolls the fleet up and down by the wheel, as an operator looking for something does. */
async function scrollFleet(page: Page): Promise<void> {
  await page.mouse.move(800, 600)
  for (let turn = 0; turn < 6; turn++) {
    for (let step = 0; step < 40; step++) {
      await page.mouse.wheel(0, turn % 2 === 0 ? 120 : -120)
      await page.waitForTimeout(25)
    }
  }
}

const FILTERS = ['1', '12', 'tag:prod', 'state:on', 'cpu>50', '-tag:web', 'kvm -state:off', '']

/** From a filter that is typed to the frame that shows what is left, for each filter three times. */
async function filterMs(page: Page): Promise<number[]> {
  const field = page.getByRole('searchbox', { name: 'Filter servers' })
  return field.evaluate(async (input: HTMLInputElement, filters) => {
    const painted = () => new Promise<void>((done) => requestAnimationFrame(() => setTimeout(done)))
    const times: number[] = []
    for (const filter of [...filters, ...filters, ...filters]) {
      await painted()
      const startMs = performance.now()
      input.value = filter
      input.dispatchEvent(new Event('input', { bubbles: true }))
      await painted()
      times.push(performance.now() - startMs)
    }
    return times
  }, FILTERS)
}

/** Live charts under a moving crosshair. */
async function useCharts(page: Page): Promise<void> {
  const box = await page.locator('canvas').first().boundingBox()
  if (!box) throw new Error('no chart is shown')
  for (let step = 0; step < 300; step++) {
    await page.mouse.move(box.x + 80 + ((step * 3) % (box.width - 100)), box.y + box.height / 2)
    await page.waitForTimeout(25)
  }
}

const dataFolder = mkdtempSync(join(tmpdir(), 'virthelm-bench-'))
const fleet = startLineProcess(join(root, 'src-main/demo/main.ts'), ['--servers', String(servers)])
const console_ = startLineProcess(join(root, 'bench/support/fleet-console.ts'), ['--data-dir', dataFolder])
try {
  const played = await fleet.next<{ servers: unknown[] }>()
  const { address } = await console_.ask<{ address: string }>(JSON.stringify(played))
  await untilAllOnline(console_)
  await sleep(WARM_UP_MS)
  const alone = await cpuRatioOver(console_, seconds * 1000)

  const browser = await launchBrowser()
  const { page } = await openPage(browser, address)
  await page.locator('article').first().waitFor()
  await sleep(5_000)
  const watchedStart = cpuRatioOver(console_, 20_000)
  const scrolling = await frameWorkMs(browser, page, () => scrollFleet(page))
  const filteringCards = await filterMs(page)
  await page.getByText('Table', { exact: true }).click()
  await page.getByRole('grid', { name: 'Servers' }).waitFor()
  const filteringTable = await filterMs(page)
  await page.getByText('Cards', { exact: true }).click()
  await page.locator('article a').first().click()
  await page.locator('canvas').first().waitFor()
  await sleep(2_000)
  const charting = await frameWorkMs(browser, page, () => useCharts(page))
  const watched = await watchedStart
  await browser.close()

  const metrics = {
    servers,
    consoleCpuRatio: alone.ratio,
    consoleCpuRatioWatched: watched.ratio,
    frameP95Ms: percentile([...scrolling, ...charting], 0.95),
    scrollFrameP95Ms: percentile(scrolling, 0.95),
    chartFrameP95Ms: percentile(charting, 0.95),
    filterCardsP95Ms: percentile(filteringCards, 0.95),
    filterTableP95Ms: percentile(filteringTable, 0.95),
    frames: scrolling.length + charting.length,
    rssMiB: alone.rssMiB
  }
  console.table(
    Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, Number(value.toPrecision(4))]))
  )
  if (options.json) console.log(JSON.stringify({ name: 'fleet', metrics }))
} finally {
  await Promise.all([console_.end(), fleet.end()])
  rmSync(dataFolder, { recursive: true, force: true })
}
