/** Names and parameters of the pages. Pure, so that every feature may link without importing the router. */
import type { AlertId, ServerId, VmUuid } from '#contract/ids.ts'
import type { RouteLocationRaw } from 'vue-router'

export const ROUTE = {
  fleet: 'fleet',
  /** params: serverId, tab? (overview | machines | storage | terminal | history | facts) */
  server: 'server',
  /** params: serverId, vmUuid, tab? (overview | console | serial | disks | network | snapshots | configuration | history) */
  machine: 'machine',
  machines: 'machines',
  /** params: tab? (now | history | rules | channels); query: alert? (its id) */
  alerts: 'alerts',
  compare: 'compare',
  /** params: tab? (statistics) */
  reports: 'reports',
  activity: 'activity',
  settings: 'settings'
} as const
export type RouteName = (typeof ROUTE)[keyof typeof ROUTE]

export const toServer = (serverId: ServerId, tab?: string): RouteLocationRaw => ({
  name: ROUTE.server,
  params: tab === undefined ? { serverId } : { serverId, tab }
})

export const toMachine = (serverId: ServerId, vmUuid: VmUuid, tab?: string): RouteLocationRaw => ({
  name: ROUTE.machine,
  params: tab === undefined ? { serverId, vmUuid } : { serverId, vmUuid, tab }
})

/** The page Alerts, with this one chosen. */
export const toAlerts = (alert?: AlertId): RouteLocationRaw =>
  alert === undefined ? { name: ROUTE.alerts } : { name: ROUTE.alerts, query: { alert } }
