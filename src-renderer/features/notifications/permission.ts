/** Whether this browser lets the console show notifications. On the desktop they are the system's, and nobody is asked. */
import { readonly, ref, type Ref } from 'vue'

export type NotificationPermissionState = 'notSupported' | 'ask' | 'granted' | 'denied'

const read = (): NotificationPermissionState => {
  if (typeof Notification === 'undefined') return 'notSupported'
  return Notification.permission === 'default' ? 'ask' : Notification.permission
}

/** `ask` must be called by a click: browsers refuse it otherwise. */
export function useNotificationPermission(): {
  readonly state: Readonly<Ref<NotificationPermissionState>>
  readonly ask: () => Promise<void>
} {
  const state = ref(read())
  return {
    state: readonly(state),
    async ask() {
      if (state.value !== 'ask') return
      await Notification.requestPermission()
      state.value = read()
    }
  }
}
