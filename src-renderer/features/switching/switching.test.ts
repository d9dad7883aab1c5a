import { afterEach, describe, expect, it } from 'vitest'
import { createFakeEngine } from '../../../test/fakes/engine.ts'
import { openWindow, type TestWindow } from '../../../test/fakes/window.ts'

let window_: TestWindow | null = null
afterEach(() => {
  window_?.close()
  window_ = null
})

async function openServer(fleet: 'nine' | 'trouble', name: string): Promise<TestWindow> {
  const server = createFakeEngine({ fleet }).servers.find(({ view }) => view.record.name === name)
  if (server === undefined) throw new Error('no such server')
  window_ = await openWindow({ fleet }, `#/servers/${server.view.record.id}`)
  await window_.role('heading', name)
  return window_
}
/**
 * Resolves when the window shows this text, however shortly: a toast goes by itself, and on a busy machine a look now and then
 * would miss it.
 */
const appears = (text: RegExp): Promise<void> =>
  new Promise((resolve) => {
    const look = new MutationObserver(() => {
      if (!text.test(document.body.textContent)) return
      look.disconnect()
      resolve()
    })
    look.observe(document.body, { childList: true, subtree: true, characterData: true })
  })
const buttonOf = (opened: TestWindow, name: string): Promise<HTMLButtonElement> =>
  opened.role('button', name) as Promise<HTMLButtonElement>

async function choose(opened: TestWindow, server: string, item: string): Promise<void> {
  const trigger = await opened.until(() =>
    [...opened.root.querySelectorAll<HTMLElement>('header button')].find(
      (button) => button.getAttribute('aria-label') === `Actions for ${server}`
    )
  )
  trigger.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true, button: 0 }))
  trigger.click()
  const found = await opened.role('menuitem', item)
  found.dispatchEvent(new PointerEvent('pointerup', { bubbles: true }))
  found.click()
}

describe('switching a server off', () => {
  it('asks for the typed name, shows what runs and the command, and sends that', async () => {
    const name = 'kvm-alpha'
    const opened = await openServer('nine', name)
    await choose(opened, name, 'Shut down…')
    await opened.until(() => document.body.textContent.includes('systemctl poweroff'))
    expect(document.body.textContent).toContain('3 logins: anna, ben')
    const confirm = await buttonOf(opened, 'Shut down')
    expect(confirm.disabled).toBe(true)
    expect(document.activeElement?.textContent).toContain('Cancel')
    opened.type(await opened.role('textbox', `Type ${name} to confirm`), name)
    await opened.until(() => !confirm.disabled)
    confirm.click()
    await opened.until(() => opened.engine.asked.some(({ name: asked }) => asked === 'switching.act'))
    expect(opened.engine.asked.at(-1)?.input).toMatchObject({
      action: 'shutDown',
      typedName: name,
      seenCommand: 'systemctl poweroff'
    })
  }, 90_000)
})

describe('waking a server', () => {
  it('takes no wrong address, keeps what was typed, and sends', async () => {
    const opened = await openServer('trouble', 'timed-out')
    ;(await buttonOf(opened, 'Wake…')).click()
    const mac = await opened.role('textbox', 'Ethernet address')
    await opened.until(() => (mac as HTMLInputElement).value === '52:54:00:aa:00:01')
    const send = await buttonOf(opened, 'Keep and wake')
    opened.type(mac, '52:54:00:aa:00')
    await opened.until(() => send.disabled)
    expect(document.body.textContent).toContain('Six pairs of hexadecimal digits, of one machine')
    opened.type(mac, '01:00:5e:00:00:01')
    await opened.until(() => send.disabled)
    opened.type(mac, '52-54-00-AA-00-02')
    await opened.until(() => !send.disabled)
    const told = appears(/is on after 41\s+s/)
    send.click()
    await opened.until(() => opened.engine.asked.some(({ name }) => name === 'switching.wake'))
    expect(opened.engine.asked.find(({ name }) => name === 'switching.setWake')?.input).toMatchObject({
      settings: { mac: '52:54:00:aa:00:02', via: null }
    })
    await told
  }, 90_000)
})
