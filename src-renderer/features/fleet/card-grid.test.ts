/** The cards of a fleet that is longer than the window. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { openWindow, type TestWindow } from '../../../test/fakes/window.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

let opened: TestWindow
beforeEach(async () => {
  opened = await openWindow({ fleet: 60 })
  await opened.until(() => cards().length > 0)
})
afterEach(() => opened.close())

const cards = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>('[data-card]')]
const nameIn = (card: Element | null | undefined): string =>
  card?.querySelector('[data-card-link]')?.textContent ?? ''
const focused = (): string => nameIn(document.activeElement?.closest('[data-card]'))
const press = (key: string): void => {
  document.activeElement?.dispatchEvent(
    new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })
  )
}

it('shows only what is in view, and is walked from end to end by the keyboard', async () => {
  expect(cards().length).toBeLessThan(30)
  const first = nameIn(cards()[0])
  cards()[0]?.querySelector<HTMLElement>('[data-card-link]')?.focus()
  press('End')
  const last = await opened.until(() => (focused() === first ? null : focused()))
  press('ArrowLeft')
  const before = await opened.until(() => (focused() === last ? null : focused()))
  press('ArrowRight')
  await opened.until(() => focused() === last)
  press('Home')
  await opened.until(() => focused() === first)
  expect(new Set([first, before, last]).size).toBe(3)
  expect(
    cards().filter((card) => card.querySelector('[data-card-link][tabindex="0"]') !== null)
  ).toHaveLength(1)
})

it.each([
  ['one', (first: string) => `-${first}`],
  ['all', () => 'nothing-is-called-so']
])('makes no card anew when a filter that left out %s is cleared', async (_left, textFor) => {
  const before = new Map(cards().map((card) => [nameIn(card), card]))
  const [first = ''] = before.keys()
  const filter = document.querySelector<HTMLInputElement>('input[aria-label="Filter servers"]')
  if (filter === null) throw new Error('no filter')
  opened.type(filter, textFor(first))
  await opened.until(() => !cards().some((card) => nameIn(card) === first))
  expect(before.get(first)?.getAttribute('aria-hidden')).toBe('true')
  opened.type(filter, '')
  await opened.until(() => cards().some((card) => nameIn(card) === first))
  for (const card of cards()) if (before.has(nameIn(card))) expect(before.get(nameIn(card))).toBe(card)
})
