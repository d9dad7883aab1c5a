import { afterEach, describe, expect, it } from 'vitest'
import { fieldNamed } from '../../../test/fakes/page.ts'
import { openWindow, type TestWindow } from '../../../test/fakes/window.ts'

let opened: TestWindow | null = null
afterEach(() => {
  opened?.close()
  opened = null
})

async function settingsPage(troubledEngines: boolean): Promise<TestWindow> {
  opened = await openWindow({ fleet: 'empty', troubledEngines }, '#/settings')
  return opened
}
const rows = (): string[] =>
  [...document.querySelectorAll('ul[aria-label="Outside engines"] > li')].map((row) =>
    row.textContent.replace(/\s+/g, ' ').trim()
  )

describe('outside engines in the settings', () => {
  it('says that there is none, and that the history is drawn from here', async () => {
    const window = await settingsPage(false)
    await window.until(() =>
      document.body.textContent.includes('None. Samples are kept on this computer only.')
    )
    expect(document.body.textContent).toContain('Drawn from the history on this computer.')
  })

  it('says in words how it stands with each engine', async () => {
    const window = await settingsPage(true)
    await window.until(() => rows().length === 4)
    const [sending = '', waiting = '', dropping = '', refused = ''] = rows()
    expect(sending).toMatch(/sending.*$/)
    expect(sending).toContain('1,284,220 samples sent')
    expect(waiting).toContain('12.4 MiB wait (2,411,000 samples)')
    expect(waiting).toContain('Connection refused by metrics.lan:8428.')
    expect(waiting).toMatch(/next try in \d+ s/)
    expect(dropping).toContain('48,200 samples dropped: the queue is full')
    expect(refused).toContain('There is no “virthelm” at 127.0.0.1:8086.')
    expect(document.body.textContent).toContain('the history on this computer is shown instead')
    const add = await window.role('button', 'Add engine')
    expect(add.hasAttribute('disabled')).toBe(true)
  })

  it('adds an engine after a test, and never shows its token again', { timeout: 20_000 }, async () => {
    const window = await settingsPage(false)
    ;(await window.role('button', 'Add engine')).click()
    await window.until(() => document.querySelector('[role="dialog"]'))
    ;(await window.role('button', 'Add')).click()
    await window.until(() => document.body.textContent.includes('Give it a name.'))
    window.type(fieldNamed('Name'), 'cellar')
    window.type(fieldNamed('Address'), 'http://down.lan:8428/api/v1/write')
    ;(await window.role('button', 'Token')).click()
    await window.until(() => document.querySelector('input[type="password"]'))
    window.type(fieldNamed('Token'), 'canary-token')
    ;(await window.role('button', 'Test')).click()
    await window.until(() => document.body.textContent.includes('Connection refused by'))
    window.type(fieldNamed('Address'), 'http://metrics.lan:8428/api/v1/write')
    await window.until(() => !document.body.textContent.includes('Connection refused by'))
    ;(await window.role('button', 'Test')).click()
    await window.until(() => document.body.textContent.includes('It would take the samples.'))
    ;(await window.role('button', 'Add')).click()
    await window.until(() => rows().length === 1)
    expect(rows()[0]).toContain('cellar')

    ;(await window.role('button', 'Actions for cellar')).dispatchEvent(
      new KeyboardEvent('keydown', { key: 'Enter', bubbles: true })
    )
    ;(await window.role('menuitem', 'Edit')).click()
    await window.until(() => document.querySelector('input[type="password"]'))
    expect(fieldNamed('Token').value).toBe('')
    expect(document.body.innerHTML).not.toContain('canary-token')
    expect(document.body.textContent).toContain('Kept. Leave it empty to keep it.')
    window.type(fieldNamed('Address'), 'http://elsewhere.lan/api/v1/write')
    await window.until(() =>
      document.body.textContent.includes('Enter it again: the one that is held is for another')
    )
  })
})
