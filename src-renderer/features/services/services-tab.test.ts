import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { makeServer, manyServers } from '../../../test/fakes/engine-model.ts'
import { openWindow, type TestWindow } from '../../../test/fakes/window.ts'
import { ServerView } from '../server/index.ts'

vi.setConfig({ testTimeout: 30_000 })

let opened: TestWindow | null = null
// Loaded by need in the window; here it would take the time of the first test.
beforeAll(async () => void (await ServerView()), 60_000)
afterEach(() => {
  opened?.close()
  opened = null
})

/** The first server of a made-up fleet, which is made alike each time. */
const [plan] = manyServers(1)
if (plan === undefined) throw new Error('no plan')
const { id } = makeServer(plan, 0, Date.now()).view.record

async function servicesOf(part: 'Users' | 'Units' | 'Updates' | 'Containers'): Promise<TestWindow> {
  opened = await openWindow({ fleet: 1 }, `#/servers/${id}/services`)
  const chosen = await opened.until(() =>
    [...document.querySelectorAll<HTMLElement>('[aria-label="What to show"] button')].find((one) =>
      one.textContent.includes(part)
    )
  )
  chosen.click()
  return opened
}
const rows = (): string[] =>
  [...document.querySelectorAll('[role="rowgroup"] [role="row"]')].map((row) =>
    row.textContent.replace(/\s+/g, ' ').trim()
  )
const text = (): string => document.body.textContent.replace(/\s+/g, ' ')
const dialog = (): Element | null => document.querySelector('[role="dialog"]')

async function choose(window: TestWindow, menu: string, item: string): Promise<void> {
  ;(await window.role('button', menu)).dispatchEvent(
    new KeyboardEvent('keydown', { key: 'Enter', bubbles: true })
  )
  ;(await window.role('menuitem', item)).click()
}

describe('services of a server', () => {
  it('shows people first, the console last and apart', async () => {
    const window = await servicesOf('Users')
    await window.until(() => rows().length === 4)
    expect(rows().map((row) => /^(?:ana|root|backup|admin)/.exec(row)?.[0])).toEqual([
      'ana',
      'root',
      'backup',
      'admin'
    ])
    expect(rows()[1]).toContain('at the server')
    expect(rows()[3]).toContain('this console')
    expect(text()).toContain('2 logins · one more without a terminal · from systemd-logind')
  })

  it('shows what failed first, hides what is no service, and filters', async () => {
    const window = await servicesOf('Units')
    await window.until(() => rows().length === 3)
    expect(rows()[0]).toContain('failed (exit-code)')
    // A description may hold what turns text around.
    expect(rows()[0]).not.toContain('\u202E')
    window.type(
      document.querySelector<HTMLInputElement>('input[type="text"], input[type="search"]') ?? fail(),
      'web server'
    )
    await window.until(() => rows().length === 1)
  })

  it('stops a unit only after the exact command was shown, Cancel in focus, and warns of the way in', async () => {
    const window = await servicesOf('Units')
    await window.until(() => rows().length === 3)
    await choose(window, 'Actions on the unit ssh.service', 'Stop…')
    await window.until(() => dialog()?.textContent.includes('systemctl --no-ask-password stop ssh.service'))
    expect(dialog()?.textContent).toContain('The way to this server hangs on it')
    await window.until(() => document.activeElement?.textContent.trim() === 'Cancel')
    ;(await window.role('button', 'Stop')).click()
    await window.until(() => dialog()?.textContent.includes('Done. State now: active.'))
    expect(dialog()?.textContent).toContain('nginx[1]: ready')
  })

  it('says who may not, and the line that allows it', async () => {
    const window = await servicesOf('Units')
    await window.until(() => rows().length === 3)
    await choose(window, 'Actions on the unit backup.service', 'Start…')
    await window.until(() => dialog()?.textContent.includes('start backup.service'))
    ;(await window.role('button', 'Start')).click()
    await window.until(() => dialog()?.textContent.includes('The login user may not do this.'))
    expect(dialog()?.textContent).toContain('/etc/sudoers.d/virthelm-systemctl')
    expect(dialog()?.textContent).toContain('usermod -aG systemd-journal')
  })

  it('says why there is no log after an act', async () => {
    const window = await servicesOf('Units')
    await window.until(() => rows().length === 3)
    await choose(window, 'Actions on the unit nginx.service', 'Reload…')
    await window.until(() => dialog()?.textContent.includes('reload nginx.service'))
    ;(await window.role('button', 'Reload')).click()
    await window.until(() => dialog()?.textContent.includes('The log could not be read.'))
    expect(dialog()?.textContent).toContain('Done. State now: active.')
    expect(dialog()?.textContent).not.toContain('There is nothing in it.')
  })

  it('offers no act on a look-only server', async () => {
    const window = await servicesOf('Units')
    await window.until(() => rows().length === 3)
    window.engine.change(0, (view) => ({ ...view, record: { ...view.record, lookOnly: true } }))
    ;(await window.role('button', 'Actions on the unit nginx.service')).dispatchEvent(
      new KeyboardEvent('keydown', { key: 'Enter', bubbles: true })
    )
    const stop = await window.role('menuitem', /^Stop…/)
    await window.until(
      () => stop.getAttribute('aria-disabled') === 'true' || stop.hasAttribute('data-disabled')
    )
  })

  it('watches a unit', async () => {
    const window = await servicesOf('Units')
    await window.until(() => rows().length === 3)
    await choose(window, 'Actions on the unit nginx.service', 'Watch')
    await window.until(() => text().includes('Watched · 1'))
  })

  it('says what waits, that the lists are old, and that a reboot is due', async () => {
    const window = await servicesOf('Updates')
    await window.until(() => rows().length === 2)
    expect(text()).toContain('2 updates · one for security · by apt')
    expect(text()).toContain('Reboot required')
    expect(text()).toMatch(/The package lists are .{1,8} old: there may be more updates than these/)
  })

  it('shows containers with what they use, and how one ended', async () => {
    const window = await servicesOf('Containers')
    await window.until(() => rows().length === 2)
    expect(rows()[0]).toMatch(/job.*exited \(137\)/)
    expect(rows()[1]).toMatch(/web.*running.*12\.0.*200/)
  })

  it('keeps old values with their age while the server is off, and says why a part cannot be had', async () => {
    const window = await servicesOf('Containers')
    await window.until(() => rows().length === 2)
    window.engine.change(0, (view) => ({
      ...view,
      capabilities: [
        ...view.capabilities,
        {
          id: 'containers',
          works: false,
          cause: 'permissionDenied',
          fix: 'sudo usermod -aG docker "$(id -un)"'
        }
      ]
    }))
    await window.until(() => text().includes('usermod -aG docker'))
    window.engine.change(0, (view) => ({ ...view, connection: { kind: 'stopped', sinceAtMs: Date.now() } }))
    await window.until(() => /as of .* ago/.test(text()))
    expect(rows()).toHaveLength(2)
  })
})

function fail(): never {
  throw new Error('no filter field')
}
