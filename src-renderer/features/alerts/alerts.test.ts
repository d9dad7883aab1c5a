/** The page Alerts over the engine in memory: what an operator sees and does. */
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { alertsOf } from '../../../test/fakes/engine-alert-list.ts'
import { openWindow, type TestWindow } from '../../../test/fakes/window.ts'

// A whole window in a test DOM takes its time on a busy machine.
vi.setConfig({ testTimeout: 30_000 })

/** The page comes in a file of its own; the first reading of it is none of a test's. */
beforeAll(() => import('./AlertsView.vue'), 60_000)

let view: TestWindow | undefined
afterEach(() => {
  view?.close()
  view = undefined
})

const rows = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>('[id^="alert-"][role="row"]')]
const row = (part: string) => () => rows().find((element) => element.textContent.includes(part))
const text = (element: Element | null | undefined): string =>
  (element?.textContent ?? '').replace(/\s+/g, ' ').replaceAll('\u00a0', ' ')
const asked = (name: string): unknown => view?.engine.asked.find((entry) => entry.name === name)?.input
const open = async (hash = '#/alerts'): Promise<TestWindow> => {
  view = await openWindow({ alerts: 'some' }, hash)
  return view
}

describe('alerts that are raised now', () => {
  it('say what, how much, by which rule, and what is forecast, RED first and quiet ones apart', async () => {
    const page = await open()
    await page.until(() => rows().length === 6)
    expect(rows().map((element) => /RED|AMBER/.exec(element.textContent)?.[0])).toEqual([
      'RED',
      'RED',
      'RED',
      'AMBER',
      'AMBER',
      'RED'
    ])
    expect(text(row('kvm-bravo')())).toContain('bravo')
    expect(text(rows()[0])).toContain(
      'Process ffmpeg‹U+202E›<b> (pid 48213, user media) uses 94 % of a CPU thread. Rule: Process CPU above 80 % for 1 min.'
    )
    expect(text(rows()[3])).toContain(
      'Memory used 83 % now, reaches 90 % in about 2 h (range 1 h 20 min to 3 h 10 min). Rising by 3.4 percentage points an hour.'
    )
    expect(text(rows()[4])).toContain(
      '(19 h at the earliest, or not at all). As it goes at this time of day.'
    )
    expect(text(rows()[2])).toContain('No answer. Connection timed out at 10.4.0.21.')
    expect(text(rows()[5])).toContain('Maintenance until')
    expect(document.querySelectorAll('b, script')).toHaveLength(0)
  })

  it('are moved through, acknowledged and silenced by keys alone', async () => {
    const page = await open()
    await page.until(() => rows().length === 6)
    page.press('j')
    await page.until(() => rows()[1]?.getAttribute('aria-selected') === 'true')
    page.press('k')
    await page.until(() => rows()[0]?.getAttribute('aria-selected') === 'true')
    page.press('a')
    const note = await page.role('textbox', 'Note')
    page.type(note, 'I look at it')
    note.closest('form')?.dispatchEvent(new Event('submit', { cancelable: true }))
    await page.until(() => text(rows()[0]).includes('I look at it'))
    expect(asked('alerts.acknowledge')).toMatchObject({ note: 'I look at it' })

    page.press('s')
    const why = await page.role('textbox', 'Note')
    why.closest('form')?.dispatchEvent(new Event('submit', { cancelable: true }))
    await page.until(() => asked('alerts.silence'))
    expect(asked('alerts.silence')).toMatchObject({ scope: { kind: 'server' }, note: '' })
    const { untilAtMs } = asked('alerts.silence') as { untilAtMs: number }
    expect(untilAtMs - Date.now()).toBeGreaterThan(3.9 * 3_600_000)
  })

  it('are filtered by server, level, and whether there is a process', async () => {
    const page = await open()
    const field = await page.role('searchbox', 'Filter alerts')
    await page.until(() => rows().length === 6)
    page.type(field, 'process:*')
    await page.until(() => rows().length === 1)
    page.type(field, 'level:amber location:beijing')
    await page.until(() => rows().length === 2)
    page.type(field, 'nothing-like-it')
    await page.role('heading', 'No alert fits the filter')
  })

  it('say all clear with what is watched', async () => {
    view = await openWindow({}, '#/alerts')
    await view.role('heading', 'All clear')
    await view.until(() =>
      text(document.querySelector('[data-all-clear]')).includes('6 rules watch on 9 servers.')
    )
  })
})

describe('badges', () => {
  it('stand in the title, on the rail, in the tree, on cards and in the strip', async () => {
    view = await openWindow({ alerts: 'some' })
    await view.until(() => document.title === '(3) Virthelm')
    const alertsLink = [...document.querySelectorAll('nav a')].find((link) =>
      link.getAttribute('aria-label')?.startsWith('Alerts')
    )
    expect(text(alertsLink)).toContain('3 RED alerts, 2 AMBER alerts')
    const inTree = [...document.querySelectorAll('[role="treeitem"]')].find((item) =>
      item.textContent.includes('kvm-bravo')
    )
    expect(text(inTree)).toContain('1 RED alert, 1 AMBER alert')
    const chip = await view.until(() => document.querySelector('[data-card] [data-alert-chip]'))
    expect(chip.getAttribute('href')).toContain('#/alerts?alert=')
    await view.until(() => /Alerts\s*3\s*RED\s*2 AMBER/.test(text(document.querySelector('dl'))))
  })

  it('are gone with the alerts', async () => {
    const page = await open('#/')
    await page.until(() => document.querySelector('[data-alert-chip]'))
    page.engine.alerts.set([])
    await page.until(() => document.querySelector('[data-alert-chip], [data-alert-count]') === null)
    expect(document.title).toBe('(1 off) Virthelm')
  })

  it('give way to one banner when this computer has lost its own network', async () => {
    const page = await open('#/machines')
    page.engine.alerts.set([], { sinceAtMs: Date.now() - 60_000 })
    await page.until(() =>
      text(document.querySelector('[data-own-network]')).includes('has lost its own network')
    )
    expect(document.querySelectorAll('[data-own-network]')).toHaveLength(1)
  })
})

describe('a hundred alerts', () => {
  it('exist only where they are seen', async () => {
    view = await openWindow({ alerts: 100 }, '#/alerts')
    await view.until(() => rows().length > 3)
    expect(rows().length).toBeLessThan(30)
    expect(alertsOf(view.engine.servers, 0).length).toBe(6)
  })
})

describe('rules', () => {
  it('are listed in words, with the names of the console’s own', async () => {
    const page = await open('#/alerts/rules')
    await page.until(() => document.body.textContent.includes('Memory is running out'))
    const line = [...document.querySelectorAll('[role="row"]')].find((each) =>
      each.textContent.includes('Memory is running out')
    )
    expect(text(line)).toContain('above 90 % for 10 min, or forecast within 4 h')
    expect(text(line)).toContain('2 exceptions')
  })

  it('are edited with a preview of what they would have told, and saved in the unit of the metric', async () => {
    const page = await open('#/alerts/rules')
    ;(await page.role('button', 'New rule')).click()
    const name = await page.role('textbox', 'Name')
    await page.until(() =>
      document.body.textContent.includes(
        'On your history of the last 7 days this rule would have raised 4 alerts.'
      )
    )
    page.type(name, 'Memory of the web servers')
    const threshold = await page.role('spinbutton', 'Threshold')
    page.type(threshold, '80')
    // It would recover while it is still beyond.
    await page.until(() => document.body.textContent.includes('Must not be above the threshold'))
    page.type(await page.role('spinbutton', 'Recovered at'), '70')
    await page.until(() => !document.body.textContent.includes('Must not be above the threshold'))
    name.closest('form')?.dispatchEvent(new Event('submit', { cancelable: true }))
    await page.until(() => asked('alertRules.save'))
    expect(asked('alertRules.save')).toMatchObject({
      ruleId: null,
      draft: { name: 'Memory of the web servers', condition: { threshold: 0.8, recoverAt: 0.7 } }
    })
  })
})

describe('channels', () => {
  it('tell their state and failure in words, and are tested', async () => {
    const page = await open('#/alerts/channels')
    await page.until(() => document.querySelectorAll('[data-channel]').length === 4)
    const mail = [...document.querySelectorAll('[data-channel]')][2]
    expect(text(mail)).toContain('3 wait')
    expect(text(mail)).toContain('Connection timed out at mail.example.net:587.')
    const [desktop] = document.querySelectorAll('[data-channel]')
    ;[...(desktop?.querySelectorAll('button') ?? [])]
      .find((button) => text(button).trim() === 'Test')
      ?.click()
    await page.until(() => text(desktop).includes('Sent in 184 ms'))
  })

  it('keep their secret when nothing is typed', async () => {
    const page = await open('#/alerts/channels')
    ;(await page.role('button', 'Actions of the channel ntfy 值班')).dispatchEvent(
      new KeyboardEvent('keydown', { key: 'Enter', bubbles: true })
    )
    ;(await page.role('menuitem', 'Edit…')).click()
    const secret = (await page.role('textbox', 'Access token')) as HTMLInputElement
    expect(secret.value).toBe('')
    secret.closest('form')?.dispatchEvent(new Event('submit', { cancelable: true }))
    await page.until(() => asked('alertChannels.save'))
    expect(asked('alertChannels.save')).not.toHaveProperty('secret')
  })
})
