/** Notifications of the browser, in browser mode. */
export const notifications = {
  ask: 'This browser has not been allowed to show notifications.',
  allow: 'Allow',
  denied: 'This browser blocks notifications of the console. Allow them in its settings of this page.',
  notSupported: 'This browser cannot show notifications.'
}
