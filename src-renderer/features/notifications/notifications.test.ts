import type { ConsoleNotification } from '#contract/console.ts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, type EffectScope } from 'vue'
import { pushStream, stubRpc } from '../../../test/fakes/stub-rpc.ts'
import { installRpc } from '../../app/rpc-provider.ts'
import { showNotifications } from './index.ts'
import { useNotificationPermission } from './permission.ts'

class NotificationDouble extends EventTarget {
  static permission: NotificationPermission = 'granted'
  static readonly shown: NotificationDouble[] = []
  static readonly requestPermission = vi.fn(async () => {
    NotificationDouble.permission = 'granted'
    return NotificationDouble.permission
  })
  readonly title: string
  readonly options: NotificationOptions
  closed = false
  constructor(title: string, options: NotificationOptions) {
    super()
    this.title = title
    this.options = options
    NotificationDouble.shown.push(this)
  }
  close(): void {
    this.closed = true
  }
}
const EVENT: ConsoleNotification = { kind: 'show', id: 'n1', title: 'RED: web-1', body: 'CPU', urgent: true }
const goToAlerts = vi.fn<() => void>()
let scope: EffectScope
let push: (event: ConsoleNotification) => void

beforeEach(() => {
  vi.stubGlobal('Notification', NotificationDouble)
  NotificationDouble.permission = 'granted'
  NotificationDouble.shown.length = 0
  goToAlerts.mockReset()
  const events = pushStream<ConsoleNotification>()
  push = (event) => events.push(event)
  installRpc(stubRpc({ 'console.notifications': events.stream }).rpc)
  scope = effectScope()
  scope.run(() => showNotifications(goToAlerts))
})
afterEach(() => {
  scope.stop()
  vi.unstubAllGlobals()
  Object.defineProperty(document, 'hidden', { value: false, configurable: true })
})

describe('notifications of the browser', () => {
  it('show what the engine tells, once over all windows, and lead to the alerts', async () => {
    push(EVENT)
    await vi.waitFor(() => expect(NotificationDouble.shown).toHaveLength(1))
    const [shown] = NotificationDouble.shown
    expect(shown).toMatchObject({
      title: 'RED: web-1',
      options: { body: 'CPU', tag: 'n1', requireInteraction: true }
    })
    shown?.dispatchEvent(new Event('click'))
    expect(goToAlerts).toHaveBeenCalledOnce()
    expect(shown?.closed).toBe(true)
  })

  it('are not shown where the browser was not allowed to, and then asked for by a click only', async () => {
    NotificationDouble.permission = 'default'
    push(EVENT)
    push({ kind: 'opened' })
    await vi.waitFor(() => expect(goToAlerts).toHaveBeenCalledOnce())
    expect(NotificationDouble.shown).toEqual([])
    expect(NotificationDouble.requestPermission).not.toHaveBeenCalled()
    const permission = useNotificationPermission()
    expect(permission.state.value).toBe('ask')
    await permission.ask()
    expect(permission.state.value).toBe('granted')
  })
})
