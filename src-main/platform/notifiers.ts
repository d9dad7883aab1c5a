/** Native notifications on the desktop; in browser mode those of the browser. */
import { randomUUID } from 'node:crypto'
import type { ConsoleNotification } from '#contract/console.ts'
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

/** Browser mode: the windows that are open show it. The log holds no names of things, only that there was one. */
export function windowNotifier(publish: (notification: ConsoleNotification) => void, log: Log): Notifier {
  return {
    show({ title, body, urgent }) {
      log.info('notification', { urgent })
      publish({
        kind: 'show',
        id: randomUUID(),
        title: title.slice(0, 1_000),
        body: body.slice(0, 4_000),
        urgent
      })
    }
  }
}
