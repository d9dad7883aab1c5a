/** Browser mode: shows what the engine wants told on the desktop. Everywhere: a clicked one leads to the alerts. */
import type { ConsoleNotification } from '#contract/console.ts'
import { onScopeDispose } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { createWatch } from '../../app/watch.ts'

/** Called once by the shell. */
export function showNotifications(goToAlerts: () => void): void {
  const watch = createWatch<ConsoleNotification>(useRpc(), {
    open: (rpc, signal) => rpc.stream('console.notifications', {}, { signal }),
    apply(event) {
      if (event.kind === 'opened') goToAlerts()
      else show(event, goToAlerts)
    },
    // That is when they are needed most.
    whileHidden: true
  })
  onScopeDispose(watch.acquire())
}

function show(
  { id, title, body, urgent }: Extract<ConsoleNotification, { kind: 'show' }>,
  onClick: () => void
): void {
  if (typeof Notification === 'undefined' || Notification.permission !== 'granted') return
  // Several windows show the same one: the tag makes it one.
  const notification = new Notification(title, { body, tag: id, requireInteraction: urgent })
  notification.addEventListener('click', () => {
    window.focus()
    onClick()
    notification.close()
  })
}
