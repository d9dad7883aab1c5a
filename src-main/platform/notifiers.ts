/** Native notifications on the desktop; the browser mode has none of its own. */
import type { Log, Notifier } from '../application/platform/platform.ts'

export interface NativeNotifications {
  isSupported(): boolean
  create(options: { title: string; body: string; urgency: 'critical' | 'normal' }): {
    on(event: 'click', listener: () => void): unknown
    show(): void
  }
}

/** `onClick`: the operator wants to see the console. */
export function nativeNotifier(native: NativeNotifications, onClick: () => void): Notifier {
  return {
    show({ title, body, urgent }) {
      if (!native.isSupported()) return
      const notification = native.create({ title, body, urgency: urgent ? 'critical' : 'normal' })
      notification.on('click', onClick)
      notification.show()
    }
  }
}

export function loggedNotifier(log: Log): Notifier {
  return { show: ({ title, urgent }) => log.info('notification', { title, urgent }) }
}
