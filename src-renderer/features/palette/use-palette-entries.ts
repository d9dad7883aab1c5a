/** Everything the palette can find. */
import {
  Bell,
  ChartNoAxesCombined,
  FileChartColumn,
  CirclePause,
  CirclePlay,
  Cpu,
  Download,
  FlaskConical,
  History,
  Keyboard,
  LayoutGrid,
  ListChecks,
  ListX,
  Monitor,
  PanelLeft,
  PlugZap,
  Plus,
  Server,
  Settings,
  SquarePen,
  SquareTerminal,
  SunMoon,
  Trash2,
  Undo2
} from '@lucide/vue'
import { computed, type Component, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { ROUTE, toMachine, toServer } from '../../app/routes.ts'
import { useErrorWords } from '../../locales/error-words.ts'
import { useToasts } from '../../ui/index.ts'
import { openServerDialog } from '../add-server/index.ts'
import { toConnect, useLastEdit, useManyServers, useServerSelection } from '../bulk-servers/index.ts'
import { openCreateDialog } from '../create-machine/index.ts'
import { useConsole } from '../console/index.ts'
import { useExportDialog } from '../export/index.ts'
import { useDemo } from '../fleet/index.ts'
import { useMachineActions } from '../machine/index.ts'
import { useMachinesStore } from '../machines/index.ts'
import { useServerActions } from '../server-actions/index.ts'
import { useServersStore } from '../servers/index.ts'
import { useTasks } from '../tasks/index.ts'

export interface PaletteEntry {
  readonly id: string
  readonly group: 'servers' | 'machines' | 'actions' | 'pages'
  readonly label: string
  /** Quieter, behind the label; searched too. */
  readonly note: string
  readonly icon: Component
  run(): void
}

/** What only the shell can do. */
export interface WindowActions {
  toggleTheme(): void
  toggleTree(): void
  openKeys(): void
}

export function usePaletteEntries(shell: WindowActions): ComputedRef<readonly PaletteEntry[]> {
  const { t } = useI18n()
  const router = useRouter()
  const servers = useServersStore()
  const machines = useMachinesStore()
  const tasks = useTasks()
  const about = useConsole()
  const demo = useDemo()
  const exports = useExportDialog()
  const actions = useServerActions()
  const many = useManyServers()
  const selection = useServerSelection()
  const lastEdit = useLastEdit()
  const machineActions = useMachineActions()
  const toasts = useToasts()
  const errorWords = useErrorWords()

  const attempt = (work: () => Promise<unknown>): void => {
    work().catch((error: unknown) => {
      const words = errorWords(error)
      toasts.show({ tone: 'red', title: words.title, text: words.next })
    })
  }

  const pages = computed<PaletteEntry[]>(() =>
    [
      { name: ROUTE.fleet, icon: LayoutGrid },
      { name: ROUTE.machines, icon: Monitor },
      { name: ROUTE.alerts, icon: Bell },
      { name: ROUTE.compare, icon: ChartNoAxesCombined },
      { name: ROUTE.reports, icon: FileChartColumn },
      { name: ROUTE.activity, icon: History },
      { name: ROUTE.settings, icon: Settings }
    ].map(({ name, icon }) => ({
      id: `page ${name}`,
      group: 'pages',
      label: t(`shell.pages.${name}`),
      note: '',
      icon,
      run: () => void router.push({ name })
    }))
  )

  const windowActions = computed<PaletteEntry[]>(() => {
    const action = (id: string, icon: Component, run: () => void): PaletteEntry => ({
      id: `action ${id}`,
      group: 'actions',
      label: t(`shell.actions.${id}`),
      note: '',
      icon,
      run
    })
    return [
      action('addServer', Plus, () => attempt(() => openServerDialog())),
      ...(servers.all.length === 0
        ? []
        : [action('createMachine', Plus, () => attempt(() => openCreateDialog()))]),
      action('toggleTheme', SunMoon, () => shell.toggleTheme()),
      action('toggleTree', PanelLeft, () => shell.toggleTree()),
      action('showTasks', ListChecks, () => (tasks.drawerOpen = true)),
      action('showKeys', Keyboard, () => shell.openKeys()),
      ...(servers.all.length === 0
        ? []
        : [action('exportHistory', Download, () => attempt(() => exports.open({ servers: [] })))]),
      ...(about.demo ? [] : [action('openDemo', FlaskConical, () => attempt(() => demo.open()))])
    ]
  })

  /** Of the servers that are ticked on the fleet's page, and of the newest edit of many. */
  const manyServers = computed<PaletteEntry[]>(() => {
    const entry = (id: string, icon: Component, count: number, run: () => void): PaletteEntry[] =>
      count === 0
        ? []
        : [
            {
              id: `many ${id}`,
              group: 'actions',
              label: t(`shell.actions.many.${id}`, { count }, count),
              note: '',
              icon,
              run
            }
          ]
    const { chosen } = selection
    const stopped = chosen.filter(({ record }) => !record.collecting)
    const collected = chosen.filter(({ record }) => record.collecting)
    const waiting = toConnect(chosen)
    return [
      ...entry('edit', SquarePen, chosen.length, () => many.edit(chosen)),
      ...entry('start', CirclePlay, stopped.length, () => many.setCollecting(stopped, true)),
      ...entry('stop', CirclePause, collected.length, () => many.setCollecting(collected, false)),
      ...entry('connect', PlugZap, waiting.length, () => many.connectNow(waiting)),
      ...entry('remove', Trash2, chosen.length, () => many.remove(chosen)),
      ...entry('untick', ListX, chosen.length, () => selection.clear()),
      ...entry('undo', Undo2, lastEdit.last?.count ?? 0, () => many.undo())
    ]
  })

  const serverEntries = computed<PaletteEntry[]>(() =>
    servers.all.map((view) => ({
      id: `server ${view.record.id}`,
      group: 'servers',
      label: view.record.name,
      note: [view.record.connection.host, view.record.location, ...view.record.tags]
        .filter(Boolean)
        .join(' · '),
      icon: Server,
      run: () => void router.push(toServer(view.record.id))
    }))
  )

  const machineEntries = computed<PaletteEntry[]>(() =>
    machines.all.map((view) => ({
      id: `machine ${view.ref.serverId} ${view.ref.vmUuid}`,
      group: 'machines',
      label: view.name,
      note: t('shell.palette.onServer', { server: servers.byId.get(view.ref.serverId)?.record.name ?? '' }),
      icon: Cpu,
      run: () => void router.push(toMachine(view.ref.serverId, view.ref.vmUuid))
    }))
  )

  const serverActions = computed<PaletteEntry[]>(() =>
    servers.all.flatMap((view): PaletteEntry[] => {
      const server = view.record.name
      const edit: PaletteEntry = {
        id: `edit ${view.record.id}`,
        group: 'actions',
        label: t('shell.actions.editServer', { server }),
        note: '',
        icon: SquarePen,
        run: () => actions.edit(view)
      }
      const { collecting } = view.record
      const collect: PaletteEntry = {
        id: `collecting ${view.record.id}`,
        group: 'actions',
        label: t(collecting ? 'shell.actions.stopCollecting' : 'shell.actions.startCollecting', {
          name: server
        }),
        note: '',
        icon: collecting ? CirclePause : CirclePlay,
        run: () => actions.setCollecting(view, !collecting)
      }
      const terminal: PaletteEntry = {
        id: `terminal ${view.record.id}`,
        group: 'actions',
        label: t('consoles.terminalLabel', { server }),
        note: '',
        icon: SquareTerminal,
        run: () => actions.terminal(view)
      }
      if (view.connection.kind === 'online')
        return view.record.lookOnly ? [edit, collect] : [terminal, edit, collect]
      return [
        {
          id: `connect ${view.record.id}`,
          group: 'actions',
          label: t('shell.actions.connectNow', { server }),
          note: '',
          icon: PlugZap,
          run: () => actions.connectNow(view)
        },
        edit,
        collect
      ]
    })
  )

  const machineCollecting = computed<PaletteEntry[]>(() =>
    machines.all.map((view) => ({
      id: `collecting ${view.ref.serverId} ${view.ref.vmUuid}`,
      group: 'actions',
      label: t(view.collecting ? 'shell.actions.stopCollecting' : 'shell.actions.startCollecting', {
        name: view.name
      }),
      note: t('shell.palette.onServer', { server: servers.byId.get(view.ref.serverId)?.record.name ?? '' }),
      icon: view.collecting ? CirclePause : CirclePlay,
      run: () => void machineActions.setCollecting(view, !view.collecting)
    }))
  )

  return computed(() => [
    ...pages.value,
    ...manyServers.value,
    ...windowActions.value,
    ...serverEntries.value,
    ...machineEntries.value,
    ...serverActions.value,
    ...machineCollecting.value
  ])
}
