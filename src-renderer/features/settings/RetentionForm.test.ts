import type { Settings } from '#contract/settings.ts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openWindow, type TestWindow } from '../../../test/fakes/window.ts'

const MIB = 1024 ** 2
let page: TestWindow

beforeEach(async () => {
  page = await openWindow({}, '#/settings')
  await page.role('button', 'Apply')
  await page.until(() => text().includes('The history takes'))
})
afterEach(() => page.close())

/** What the engine has now. */
async function saved(): Promise<Settings['retention']> {
  for await (const settings of page.rpc.stream('settings.watch', {})) return settings.retention
  throw new Error('no settings came')
}
const apply = async (): Promise<HTMLButtonElement> =>
  (await page.role('button', 'Apply')) as HTMLButtonElement
async function press(): Promise<void> {
  await expect.poll(async () => (await apply()).disabled).toBe(false)
  ;(await apply()).click()
}
const limit = async (gib: string): Promise<void> => {
  ;(await page.role('button', 'At most')).click()
  page.type(await page.role('spinbutton', 'Size of the budget'), gib)
}
const text = (): string => page.root.textContent

describe('the history’s settings', () => {
  it('say what the file takes, since when each level has values, and what a year takes', async () => {
    await page.until(() => text().includes('The history takes 412'))
    expect(text()).toContain('Every sample 280\u00a0MiB')
    expect(text()).toContain('since 1 Nov 2025')
    expect(text()).toContain('for ever')
    expect(text()).toMatch(/In a year, .*about [\d.]+\u00a0MiB/)
  })

  it('keep a budget, and say before what it will take away', async () => {
    await limit('0.5')
    await page.until(() => text().includes('The budget holds all of it.'))
    await limit('0.25')
    await page.until(() => /The budget will leave about [\d.]+ of 7 days of samples/.exec(text()))
    await press()
    // 256 MiB is less than what is there now: that deletes, and is asked for.
    ;(await page.role('button', 'Keep less')).click()
    await page.until(() => document.body.textContent.includes('Saved.'))
    expect((await saved()).budgetBytes).toBe(256 * MIB)
  })

  it('take a budget above what is there without a question, and take it back', async () => {
    await limit('2')
    await press()
    await page.until(() => document.body.textContent.includes('Saved.'))
    expect((await saved()).budgetBytes).toBe(2_048 * MIB)
    ;(await page.role('button', 'No limit')).click()
    await press()
    await expect.poll(async () => (await saved()).budgetBytes).toBeNull()
  })

  it('refuse a budget that is none', async () => {
    await limit('0')
    await page.until(() => text().includes('From 0.1 to 100000.'))
    expect((await apply()).disabled).toBe(true)
  })
})
