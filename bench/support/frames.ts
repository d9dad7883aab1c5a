/** Main-thread work per frame of a page, from Chromium's own trace. */
import type { Browser, Page } from 'playwright-core'

interface TraceEvent {
  readonly name: string
  readonly ph: string
  readonly pid: number
  readonly tid: number
  readonly ts: number
  readonly dur?: number
  readonly args?: { name?: string; data?: { isMainFrame?: boolean } }
}

/** Traces while `use` runs; gives the milliseconds of work between one frame's start and the next, for each frame. */
export async function frameWorkMs(browser: Browser, page: Page, use: () => Promise<void>): Promise<number[]> {
  await browser.startTracing(page, {
    categories: [
      'devtools.timeline',
      'disabled-by-default-devtools.timeline',
      'disabled-by-default-devtools.timeline.frame'
    ]
  })
  await use()
  const trace = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] }
  return workBetweenFrames(trace.traceEvents)
}

function workBetweenFrames(events: readonly TraceEvent[]): number[] {
  // The page's renderer is the one that made its frames; other renderers are Chromium's spare ones.
  const frames = events.filter((event) => event.name === 'BeginMainThreadFrame')
  const main = mostCommon(frames.map((event) => `${event.pid}/${event.tid}`))
  const onMain = (event: TraceEvent): boolean => `${event.pid}/${event.tid}` === main
  const starts = [...new Set(frames.filter(onMain).map((event) => event.ts))].sort((a, b) => a - b)
  const tasks = events
    .filter((event) => onMain(event) && event.ph === 'X' && event.name === 'RunTask')
    .sort((a, b) => a.ts - b.ts)
  const work: number[] = starts.map(() => 0)
  let frame = 0
  for (const task of tasks) {
    const end = task.ts + (task.dur ?? 0)
    // A task belongs to the frame that it ends in: it is what that frame waited for.
    while (frame < starts.length && (starts[frame] ?? Infinity) < end - (task.dur ?? 0)) frame++
    if (frame < work.length) work[frame] = (work[frame] ?? 0) + (task.dur ?? 0) / 1000
  }
  return work
}

function mostCommon(values: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? ''
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}
