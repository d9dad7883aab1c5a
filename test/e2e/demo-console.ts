/** The built console over the demo fleet, and a browser, for all tests of a file. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect } from 'vitest'
import {
  launchBrowser,
  openPage,
  removeFolder,
  startConsole,
  type ConsoleProcess,
  type Watched
} from './harness.ts'

export interface DemoConsole {
  /** A new window on it. */
  open(): Promise<Watched>
}

/** At the head of a file: starts both before its tests, and ends them after; the console must end well. */
export function demoConsole(): DemoConsole {
  let running: { readonly demo: ConsoleProcess; readonly browser: Browser } | null = null
  beforeAll(async () => {
    running = { demo: await startConsole(['--demo']), browser: await launchBrowser() }
  })
  afterAll(async () => {
    if (running === null) return
    const { demo, browser } = running
    await browser.close()
    expect(await demo.stop()).toBe(0)
    await removeFolder(demo.dataFolder)
  })
  return {
    async open() {
      if (running === null) throw new Error('opened outside of a test')
      return openPage(running.browser, running.demo.address)
    }
  }
}
