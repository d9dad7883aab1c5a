/** The window as a whole, over the engine in memory: what an operator sees and does. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import type { PromptId } from '#contract/ids.ts'
import { openWindow, type TestWindow } from '../../test/fakes/window.ts'

// A whole window in a test DOM takes its time on a busy machine.
vi.setConfig({ testTimeout: 30_000 })

let view: TestWindow | undefined
afterEach(() => {
  view?.close()
  view = undefined
})

const cards = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>('[data-card]')]
const card = (name: string) => () => cards().find((element) => element.textContent.includes(name))

describe('the fleet', () => {
  it('says what is wrong with a server that is off, and offers what helps', async () => {
    view = await openWindow()
    const off = await view.until(card('build-host'))
    expect(off.textContent).toContain('No answer since')
    expect(off.textContent).toContain('Connection timed out at 10.4.0.21.')
    expect(off.textContent).toMatch(/Trying again in \d+\ss\./)
    const empty = await view.until(card('new-rack-12'))
    expect(empty.textContent).toContain('Login refused for admin at 10.4.0.77.')
    expect(empty.textContent).toContain('Fix login')
    const tryNow = [...off.querySelectorAll('button')].find((button) =>
      button.textContent.includes('Try now')
    )
    tryNow?.click()
    await view.until(() => card('build-host')()?.textContent.includes('Connecting again'))
  })

  it('shows hostile names as text only', async () => {
    view = await openWindow()
    await view.until(card('<b>nas</b> $(id)'))
    expect(document.querySelectorAll('b, script, img[onerror]')).toHaveLength(0)
  })

  it('shows a missing value as a dash with its reason', async () => {
    view = await openWindow()
    const storage = await view.until(card('存储-节点-07'))
    expect(storage.textContent).toContain(
      'no value: A tool that is needed for it is not installed on the server.'
    )
  })

  it('filters while typing, says how many are left, and clears with Esc', async () => {
    view = await openWindow()
    const field = await view.role('searchbox', 'Filter servers')
    await view.until(() => cards().length === 9)
    view.type(field, 'tag:web state:on')
    await view.until(() => cards().length === 2)
    expect(document.body.textContent).toContain('2 of 9')
    view.type(field, 'nothing-like-this')
    await view.role('heading', 'No server fits the filter')
    view.press('Escape', field)
    await view.until(() => cards().length === 9)
  })

  it('keeps the choice of cards or table in the settings of the console', async () => {
    view = await openWindow()
    ;(await view.role('button', 'Table')).click()
    const grid = await view.role('grid', 'Servers')
    expect(grid.getAttribute('aria-rowcount')).toBe('10')
    const watched = await view.engine.handlers['settings.change'](
      {},
      { signal: new AbortController().signal }
    )
    expect(watched.fleetView).toBe('table')
  })

  it('draws a card again when its server changes, and only then', async () => {
    view = await openWindow({ fleet: 4 })
    await view.until(() => cards().length === 4)
    view.engine.change(1, (server) => ({ ...server, record: { ...server.record, name: 'renamed' } }))
    await view.until(card('renamed'))
  })

  it('begins with adding a server or looking at the demo', async () => {
    view = await openWindow({ fleet: 'empty' })
    await view.role('heading', 'Add your first server')
    await view.role('button', 'Look at the demo fleet')
  })

  it('is labelled in a demo, and offers no second one', async () => {
    view = await openWindow({ fleet: 'empty', demo: true })
    await view.until(() => document.querySelector('header')?.textContent.includes('DEMO'))
    await view.role('heading', 'Add your first server')
    expect(document.body.textContent).not.toContain('Look at the demo fleet')
    expect(document.title).toContain('DEMO')
  })

  it('carries the trouble in the title', async () => {
    view = await openWindow()
    await view.until(() => document.title === '(1 off) Virthelm')
  })
})

describe('questions', () => {
  it('a changed host key: both fingerprints, Cancel has the focus, trusting needs a tick', async () => {
    view = await openWindow({ fleet: 'trouble' })
    const trusted = vi.spyOn(view.engine.handlers, 'hostKeys.trust')
    const changed = await view.until(card('changed-key'))
    ;[...changed.querySelectorAll('button')]
      .find((button) => button.textContent.includes('Check the key'))
      ?.click()
    const dialog = await view.role('dialog', /./)
    await view.until(
      () => dialog.textContent.includes('SHA256:AAAA') && dialog.textContent.includes('SHA256:BBBB')
    )
    await view.until(() => document.activeElement?.textContent.trim() === 'Cancel')
    const trust = (await view.role('button', 'Trust the new key instead')) as HTMLButtonElement
    expect(trust.disabled).toBe(true)
    ;(await view.role('checkbox', 'I have compared the new fingerprint with the server’s own')).click()
    await view.until(() => !trust.disabled)
    trust.click()
    await view.until(() => document.querySelector('[role="dialog"]') === null)
    expect(trusted.mock.calls[0]?.[0]).toMatchObject({ replace: true })
  })

  it('a password that is refused stays open and says so', async () => {
    view = await openWindow({ fleet: 'trouble' })
    const asking = await view.until(card('asks-password'))
    ;[...asking.querySelectorAll('button')]
      .find((button) => button.textContent.includes('Enter password'))
      ?.click()
    const field = await view.role('textbox', 'Password')
    view.type(field, 'wrong')
    await nextTick()
    field.closest('form')?.dispatchEvent(new Event('submit', { cancelable: true }))
    const alert = await view.until(() => document.querySelector('[role="dialog"] [role="alert"]'))
    expect(alert.textContent).toContain('Login refused for admin')
  })

  it('a login that asks is answered once, and its words are text', async () => {
    view = await openWindow()
    await view.until(() => cards().length === 9)
    const answered = vi.spyOn(view.engine.handlers, 'prompts.answer')
    view.engine.ask({
      id: 'a2f7a1de-61ee-4e6b-9d53-2f8b7f9a3c10' as PromptId,
      serverName: 'kvm-alpha',
      host: '10.4.0.5',
      title: '',
      instructions: 'Enter <i>code</i>\u202e',
      questions: [{ text: 'One-time code:', echo: false }]
    })
    const field = await view.role('textbox', 'One-time code:')
    expect(field.getAttribute('type')).toBe('password')
    expect(document.querySelector('[role="dialog"]')?.textContent).toContain('<i>code</i>‹U+202E›')
    view.type(field, '123456')
    await nextTick()
    field.closest('form')?.dispatchEvent(new Event('submit', { cancelable: true }))
    await view.until(() => document.querySelector('[role="dialog"]') === null)
    expect(answered.mock.calls.map(([input]) => input.answers)).toEqual([['123456']])
  })

  it('removing a server keeps its history unless asked otherwise, and Cancel has the focus', async () => {
    view = await openWindow()
    const removed = vi.spyOn(view.engine.handlers, 'servers.remove')
    await view.until(() => cards().length === 9)
    const menu = await view.role('button', 'Actions for edge-seoul')
    view.press('Enter', menu)
    const item = await view.role('menuitem', 'Remove…')
    item.click()
    await view.until(() => document.activeElement?.textContent.trim() === 'Cancel')
    view.type(await view.role('textbox', /edge-seoul/), 'edge-seoul')
    await nextTick()
    document.querySelector('[role="dialog"] form')?.dispatchEvent(new Event('submit', { cancelable: true }))
    await view.until(() => cards().length === 8)
    expect(removed.mock.calls[0]?.[0]).toMatchObject({ deleteHistory: false })
  })
})

describe('the palette', () => {
  it('opens by key, finds VMs of all servers, and goes there', async () => {
    view = await openWindow()
    await view.until(() => cards().length === 9)
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true, bubbles: true }))
    const field = await view.role('combobox', 'Search servers, machines, actions and pages')
    view.type(field, 'train-b')
    const first = await view.until(() =>
      [...document.querySelectorAll('[role="option"][aria-selected="true"]')].find((option) =>
        option.textContent.includes('train-b')
      )
    )
    expect(first.textContent).toContain('on gpu-01')
    view.press('Enter', field)
    await view.until(() => /#\/servers\/.*\/vm\//.test(window.location.hash))
  })
})

describe('a lost console', () => {
  it('is said over everything, and gone when it is back', async () => {
    view = await openWindow()
    await view.until(() => cards().length === 9)
    let refuse = true
    const { connect } = view.engine
    view.engine.connect = () => (refuse ? Promise.reject(new Error('away')) : connect())
    view.engine.disconnect()
    await view.role('alertdialog', 'The console does not answer')
    refuse = false
    await view.until(() => document.querySelector('[role="alertdialog"]') === null)
    expect(cards()).toHaveLength(9)
  })
})

describe('the journal', () => {
  it('shows what happens while one looks, and makes control characters visible', async () => {
    view = await openWindow({ journal: 3 }, '#/activity')
    const grid = await view.role('grid', 'Journal')
    await view.until(() => grid.getAttribute('aria-rowcount') === '4')
    const server = view.engine.servers[0]
    const machine = server?.machines[0]
    if (server === undefined || machine === undefined) throw new Error('no machine')
    await view.engine.handlers['machines.act'](
      { ...machine.ref, action: 'pause', seenName: machine.name },
      { signal: new AbortController().signal }
    )
    await view.until(() => grid.getAttribute('aria-rowcount') === '5')
    await view.until(() => grid.textContent.includes(`virsh suspend ${machine.ref.vmUuid}`))
  })
})
