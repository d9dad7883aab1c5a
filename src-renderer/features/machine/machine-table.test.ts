/** The table of machines in the whole window: found by tag, under headings, with the columns one wants. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openWindow, type TestWindow } from '../../../test/fakes/window.ts'

vi.setConfig({ testTimeout: 30_000 })

let opened: TestWindow
beforeEach(async () => {
  localStorage.clear()
  opened = await openWindow({ fleet: 'nine' }, '#/machines')
  await opened.until(() => rows().length > 5)
})
afterEach(() => {
  opened.close()
  localStorage.clear()
})

const lines = (): string[] =>
  [...document.querySelectorAll('[role="rowgroup"] [role="row"]')].map((row) =>
    row.textContent.replace(/\s+/g, ' ').trim()
  )
const rows = lines
const heads = (): string[] =>
  [...document.querySelectorAll('[role="columnheader"]')].map((head) => head.textContent.trim())
const filter = (): HTMLInputElement => {
  const input = document.querySelector<HTMLInputElement>('main input[type="text"], main input[type="search"]')
  if (input === null) throw new Error('no filter')
  return input
}
async function choose(menu: RegExp, item: string): Promise<void> {
  const button = await opened.role('button', menu)
  button.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }))
  const found = await opened.until(() =>
    [...document.querySelectorAll<HTMLElement>('[role="menuitem"]')].find((one) =>
      one.textContent.includes(item)
    )
  )
  found.click()
}

describe('the table of machines', () => {
  it('finds machines by their own tags', async () => {
    opened.type(filter(), 'tag:db')
    await opened.until(() => rows().every((row) => row.includes('db')))
    expect(rows().length).toBeGreaterThan(0)
  })

  it('closes the menu of a row when the row goes away under it', async () => {
    ;(await opened.role('button', 'Actions for mail')).click()
    await opened.until(() => document.querySelector('[role="menuitem"]'))
    opened.type(filter(), 'tag:db')
    await opened.until(() => rows().every((row) => row.includes('db')))
    expect(document.querySelector('[role="menuitem"]')).toBeNull()
  })

  it('says of each missing figure why, also in a row that another machine had before', async () => {
    const states = (): string[] =>
      [...document.querySelectorAll('[role="rowgroup"] [role="row"]')].map((row) => {
        const cells = [...row.querySelectorAll('[role="gridcell"]')]
        const missing = cells
          .filter((cell) => cell.textContent.trim() === '—')
          .map((cell) => cell.getAttribute('aria-label'))
        const told = cells.filter((cell) => cell.hasAttribute('aria-label')).length
        return told === missing.length && missing.every((label) => label?.startsWith('no value: '))
          ? (missing.find((label) => label?.includes('off')) ?? 'none')
          : `not told: ${row.textContent}`
      })
    opened.type(filter(), 'state:off')
    await opened.until(() => states().every((state) => state === 'no value: The machine is off.'))
    opened.type(filter(), 'state:running')
    await opened.until(() => states().length > 2 && states().every((state) => state === 'none'))
  })

  it('puts them under headings by tag, folds one, and ticks all of one', async () => {
    await choose(/^Group/, 'tag')
    const web = await opened.until(() => lines().find((line) => /^prod, web ?\d+$/.exec(line)))
    const count = Number(/\d+$/.exec(web)?.[0])
    // Those without a tag come last.
    const headings = [...document.querySelectorAll('[aria-colspan] [aria-expanded]')]
    expect(headings.map((one) => one.textContent.replace(/\d+$/, '').trim())).toEqual([
      'db, prod',
      'prod, web',
      'No tag'
    ])
    const box = document.querySelector<HTMLInputElement>('input[aria-label="Tick all of prod, web"]')
    box?.click()
    await opened.until(() => document.body.textContent.includes(`${String(count)} machines`))
    const isThere = (): boolean => lines().some((line) => line.startsWith('web-01'))
    expect(isThere()).toBe(true)
    ;(await opened.role('button', /^prod, web/)).click()
    await opened.until(() => !isThere())
  })

  it('shows the columns that are chosen, and keeps the choice', async () => {
    expect(heads()).not.toContain('Location')
    await choose(/^Columns$/, 'Location')
    await opened.until(() => heads().includes('Location'))
    expect(localStorage.getItem('virthelm.machines.hiddenColumns')).not.toContain('location')
  })
})
