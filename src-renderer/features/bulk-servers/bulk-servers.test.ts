import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AppError } from '#contract/errors.ts'
import { ServerDraft } from '#contract/servers.ts'
import { nameOf, openWindow, type TestWindow } from '../../../test/fakes/window.ts'
import { nextTick } from 'vue'
import { useServerSelection } from './selection.ts'

// A whole window in each test.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

let window_: TestWindow

beforeEach(async () => {
  window_ = await openWindow({ fleet: 12 })
  await window_.until(() => document.querySelectorAll('article').length === 12)
})
afterEach(() => window_.close())

const records = () => window_.engine.servers.map(({ view }) => view.record)
const named = (index: number): string => records()[index]?.name ?? ''
const find = <E extends HTMLElement = HTMLElement>(selector: string, name: string | RegExp): E | undefined =>
  [...document.querySelectorAll<E>(selector)].find((element) =>
    typeof name === 'string' ? nameOf(element) === name : name.test(nameOf(element))
  )
const bar = () => document.querySelector('[role="toolbar"]')
const inBar = (name: string | RegExp): HTMLElement => {
  const found = [...(bar()?.querySelectorAll<HTMLElement>('button') ?? [])].find((button) =>
    name instanceof RegExp ? name.test(nameOf(button)) : nameOf(button) === name
  )
  if (found === undefined) throw new Error(`no ${String(name)} in the bar`)
  return found
}
async function tick(name: string): Promise<void> {
  find<HTMLInputElement>('input[type="checkbox"]', `Tick ${name}`)?.click()
  await nextTick()
}
const saysBar = (text: string) => window_.until(() => bar()?.textContent.includes(text))
const saysToast = (text: string) =>
  window_.until(() =>
    [...document.querySelectorAll('[role="status"]')].some((element) => element.textContent.includes(text))
  )
const pressed = (key: string, init: KeyboardEventInit = {}): void => {
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init }))
}
const segment = (group: string, choice: string): void =>
  [...(find('[role="group"]', group)?.querySelectorAll<HTMLElement>('button') ?? [])]
    .find((button) => button.textContent.trim() === choice)
    ?.click()

describe('ticked servers', () => {
  it('stay ticked while data comes, are told of when a filter hides them, and go when they are removed', async () => {
    expect(bar()).toBeNull()
    for (const index of [0, 1, 2]) await tick(named(index))
    await saysBar('3 servers ticked')
    window_.engine.tick()
    await saysBar('3 servers ticked')

    const filter = find<HTMLInputElement>('input', 'Filter servers') as HTMLInputElement
    window_.type(filter, named(0))
    await saysBar('2 not shown')
    expect(nameOf(inBar(/Ticked, but hidden/))).toContain(named(2))
    // All that the filter shows, beside what is ticked.
    window_.type(filter, '')
    await window_.until(() => !bar()?.textContent.includes('not shown'))

    const [first] = records()
    await window_.rpc.call('servers.remove', { serverId: first?.id as never, deleteHistory: false })
    await saysBar('2 servers ticked')
    expect(useServerSelection().ticked.has(first?.id ?? '')).toBe(false)

    window_.type(filter, named(5))
    await saysBar('2 not shown')
    inBar(/^Tick the one server shown/).click()
    await saysBar('3 servers ticked')
    inBar(/Ticked, but hidden/).click()
    await saysBar('1 server ticked')
  })

  it('go by Ctrl+A and Esc from anywhere on the page, but not from a field', async () => {
    const filter = find<HTMLInputElement>('input', 'Filter servers') as HTMLInputElement
    filter.dispatchEvent(
      new KeyboardEvent('keydown', { key: 'a', ctrlKey: true, bubbles: true, cancelable: true })
    )
    expect(useServerSelection().ticked.size).toBe(0)
    pressed('a', { ctrlKey: true })
    await saysBar('12 servers ticked')
    pressed('Escape')
    await window_.until(() => bar() === null)
  })

  it('are ticked from one to the other by Shift, and open no server', async () => {
    const cards = [...document.querySelectorAll<HTMLElement>('article')]
    const modified = (init: MouseEventInit) =>
      new MouseEvent('click', { bubbles: true, cancelable: true, ...init })
    cards[3]?.querySelector('a')?.dispatchEvent(modified({ ctrlKey: true }))
    await nextTick()
    cards[6]?.dispatchEvent(modified({ shiftKey: true }))
    await saysBar('4 servers ticked')
    expect(location.hash).toBe('#/')
  })
})

describe('an edit of many', () => {
  async function openEdit(...indexes: number[]): Promise<HTMLElement> {
    for (const index of indexes) await tick(named(index))
    await window_.until(() => bar())
    inBar('Edit…').click()
    return window_.until(() => document.querySelector<HTMLElement>('[role="dialog"]'))
  }

  it('shows what it would do, changes that alone, and is taken back except where it was edited since', async () => {
    const before = records()
    const dialog = await openEdit(0, 1, 2)
    expect(dialog.textContent).toContain('What you leave stays as each server has it')
    expect(find<HTMLButtonElement>('button', 'Save')?.disabled).toBe(true)
    segment('Location', 'Set')
    const field = await window_.until(() => find<HTMLInputElement>('input[role="combobox"]', 'Location'))
    window_.type(field, 'Rack <4>')
    find('button', /^Remove prod from/)?.click()
    segment('Look only', 'On')
    const save = await window_.until(() => find('button', 'Change 3 servers'))
    const lines = [...dialog.querySelectorAll('section li')].map(({ textContent }) => textContent.trim())
    const withProd = before.slice(0, 3).filter(({ tags }) => tags.includes('prod')).length
    expect(lines).toEqual([
      'Location: Rack <4>3 of 3',
      `Tag removed: prod${withProd} of 3`,
      'Look only on3 of 3'
    ])
    save.click()
    await saysToast('3 servers were changed.')
    expect(records().slice(0, 3)).toEqual(
      before.slice(0, 3).map((record) => ({
        ...record,
        location: 'Rack <4>',
        tags: record.tags.filter((tag) => tag !== 'prod'),
        lookOnly: true
      }))
    )

    const [, second] = records()
    await window_.rpc.call('servers.edit', {
      serverId: second?.id as never,
      draft: ServerDraft.parse({ ...second, location: 'Attic' })
    })
    pressed('z', { ctrlKey: true })
    await saysToast('2 servers are as they were before.')
    await saysToast('1 was changed again since and stays as it is.')
    expect(records()[0]).toEqual(before[0])
    expect(records()[1]?.location).toBe('Attic')
    // The way back that was taken is offered no more.
    expect(find('button', 'Undo')).toBeUndefined()
  })

  it('refuses before it asks when so many tags do not fit, and names the server', async () => {
    const [first] = records()
    const tags = Array.from({ length: 16 }, (_unused, index) => `t${index}`)
    await window_.rpc.call('servers.edit', {
      serverId: first?.id as never,
      draft: ServerDraft.parse({ ...first, tags })
    })
    const dialog = await openEdit(0, 1)
    window_.type(find('input', 'Add tags to all') as HTMLElement, 'one-more')
    const alert = await window_.until(() => dialog.querySelector('[role="alert"]'))
    expect(alert.textContent).toContain(`No more than 16 tags fit on a server. Too many on: ${named(0)}`)
    expect(find<HTMLButtonElement>('button', 'Change 2 servers')?.disabled).toBe(true)
  })

  it('keeps what was typed when the console cannot save it', async () => {
    const dialog = await openEdit(0, 1)
    window_.type(find('input', 'Add tags to all') as HTMLElement, 'night')
    await window_.until(() => find('button', 'Change 2 servers'))
    window_.engine.handlers['servers.editMany'] = () => Promise.reject(new AppError('diskFull'))
    find('button', 'Change 2 servers')?.click()
    await window_.until(() => dialog.querySelector('[role="alert"]'))
    expect(find<HTMLInputElement>('input', 'Add tags to all')?.value).toBe('night')
  })
})

describe('removing many', () => {
  it('wants the count typed, and takes them off the list', async () => {
    await tick(named(0))
    await tick(named(1))
    await saysBar('2 servers ticked')
    inBar(/^Remove the ticked/).click()
    const dialog = await window_.until(() => document.querySelector<HTMLElement>('[role="dialog"]'))
    expect(dialog.textContent).toContain(named(1))
    expect(document.activeElement?.textContent.trim()).toBe('Cancel')
    const confirm = () => find<HTMLButtonElement>('button', 'Remove 2')
    expect(confirm()?.disabled).toBe(true)
    window_.type(dialog.querySelector('input[type="text"]') as HTMLElement, '2')
    await window_.until(() => confirm()?.disabled === false)
    confirm()?.click()
    await saysToast('2 servers were removed.')
    expect(records()).toHaveLength(10)
    expect(bar()).toBeNull()
  })
})
