/** Pages by name; see routes.ts. Hash addresses: they work under app:// and on loopback alike. */
import { createRouter, createWebHashHistory, type Router } from 'vue-router'
import { ActivityView } from '../features/activity/index.ts'
import { AlertsView } from '../features/alerts/index.ts'
import { CompareView } from '../features/compare/index.ts'
import { FleetView } from '../features/fleet/index.ts'
import { MachineView } from '../features/machine/index.ts'
import { MachinesView } from '../features/machines-page/index.ts'
import { ReportsView } from '../features/reports/index.ts'
import { ServerView } from '../features/server/index.ts'
import { ROUTE } from './routes.ts'

/** Not in the feature's index, which many features read: the view shows cards of such features. */
const SettingsView = () => import('../features/settings/SettingsView.vue')

export function createAppRouter(): Router {
  return createRouter({
    history: createWebHashHistory(),
    routes: [
      { path: '/', name: ROUTE.fleet, component: FleetView },
      {
        path: '/servers/:serverId/vm/:vmUuid/:tab?',
        name: ROUTE.machine,
        component: MachineView,
        props: true
      },
      { path: '/servers/:serverId/:tab?', name: ROUTE.server, component: ServerView, props: true },
      { path: '/machines', name: ROUTE.machines, component: MachinesView },
      { path: '/alerts/:tab?', name: ROUTE.alerts, component: AlertsView },
      { path: '/compare', name: ROUTE.compare, component: CompareView },
      { path: '/reports/:tab?', name: ROUTE.reports, component: ReportsView, props: true },
      { path: '/activity', name: ROUTE.activity, component: ActivityView },
      { path: '/settings', name: ROUTE.settings, component: SettingsView },
      { path: '/:rest(.*)*', redirect: '/' }
    ]
  })
}
