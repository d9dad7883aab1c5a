export const AlertsView = () => import('./AlertsView.vue')
/** tally: a number in a pill */
export { default as AlertCount } from './AlertCount.vue'
/** tally, compact: a link to the gravest alert */
export { default as AlertChip } from './AlertChip.vue'
export { default as OwnNetworkBanner } from './OwnNetworkBanner.vue'
export { useAlerts, useAlertStore, type AlertStore } from './alert-store.ts'
export { NO_TALLY, tallyFigure, type Tally } from './alert-tally.ts'
