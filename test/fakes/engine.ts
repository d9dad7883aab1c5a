/**
 * The engine in memory: every handler of the contract over made-up servers, behind the real rpc server and the real
 * client. For component tests and for looking at the window without a server (test/harness).
 */
import { contract, type VirthelmContract } from '#contract/index.ts'
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type { JournalEntry } from '#contract/activity.ts'
import type { ConsoleHealth, ConsoleInfo, ConsoleNotification } from '#contract/console.ts'
import type { ClientFrame, RpcPort, ServerFrame } from '#contract/frames.ts'
import type { EditId, ServerId, VmRef } from '#contract/ids.ts'
import type { HistoryMark } from '#contract/history.ts'
import type { MachinesEvent, MachineView } from '#contract/machines.ts'
import { TestStepId } from '#contract/servers.ts'
import type { Prompt, ServersEvent, ServerView, TestStep } from '#contract/servers.ts'
import { Settings } from '#contract/settings.ts'
import type { LogStatus } from '#contract/traffic.ts'
import type { DomainState, MachineAction } from '#contract/vocabulary.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import type { Log } from '../../src-main/application/platform/platform.ts'
import { editsOf, EditLog, takenBack } from '../../src-main/application/servers/many-edits.ts'
import { createTopic } from '../../src-main/application/streams.ts'
import { createTaskRegistry } from '../../src-main/application/tasks/task-registry.ts'
import { createRpcServer } from '../../src-main/rpc/server.ts'
import { createClient } from '../../src-renderer/rpc/client.ts'
import type { VirthelmClient } from '../../src-renderer/rpc/index.ts'
import { bentToAlerts } from './engine-alert-list.ts'
import { fakeChannelHandlers } from './engine-alert-rules.ts'
import { fakeAlerts, type FakeAlertFleet, type FakeAlerts } from './engine-alerts.ts'
import { fakeMigration } from './migration.ts'
import { fakeBackup } from './engine-backup.ts'
import { fakeConfigurationFile, type FakeConfigurationFile } from './engine-configuration-file.ts'
import { fakeDeletion } from './engine-deletion.ts'
import { fakeConsoles } from './engine-consoles.ts'
import { fakeConfiguration } from './engine-configuration.ts'
import { fakeEngineHandlers, troubledEngines } from './engine-engines.ts'
import {
  busyHours,
  entitiesOf,
  liveTick,
  marksOf,
  readHistory,
  rowsPage,
  statisticsOf,
  topOf,
  usage
} from './engine-history.ts'
import { fakeCreate } from './engine-create.ts'
import { fakeFleetFigures } from './engine-fleet-figures.ts'
import { fakeGpuPower } from './engine-gpu-power.ts'
import { fakeServices } from './engine-services.ts'
import { fakeProcesses } from './engine-processes.ts'
import { fakeHardwareHandlers } from './engine-hardware.ts'
import { fakePorts } from './engine-ports.ts'
import { fakeReports } from './engine-reports.ts'
import { fakeStores } from './engine-stores.ts'
import { fakeTraffic } from './engine-traffic.ts'
import {
  EMPTY_PLAN,
  makeServer,
  manyServers,
  NINE_SERVERS,
  randomFrom,
  stepServer,
  TROUBLED_SERVERS,
  type FakeServer
} from './engine-model.ts'

export interface FakeEngineOptions {
  /** `nine` varied ones, `trouble` one of each kind, `empty` none, or N ordinary ones. */
  readonly fleet?: 'nine' | 'trouble' | 'empty' | number
  readonly demo?: boolean
  /** Access logs that every server reads. */
  readonly logs?: readonly Partial<LogStatus>[]
  /** Outside engines in every state; none otherwise. */
  readonly troubledEngines?: boolean
  /** Alerts to begin with; none otherwise. */
  readonly alerts?: FakeAlertFleet
  readonly settings?: Partial<Settings>
  readonly health?: Partial<ConsoleHealth>
  /** Off for measuring: the engine shares the window's thread here. */
  readonly validateOutputs?: boolean
  /** Where imports and exports of configuration files are told. */
  readonly configurationFile?: FakeConfigurationFile
  /** Journal rows to begin with. */
  readonly journal?: number
}

export interface FakeEngine {
  readonly handlers: Handlers<VirthelmContract>
  readonly servers: readonly FakeServer[]
  readonly alerts: FakeAlerts
  /** What was asked of ports, power, alerts and reports, oldest first. */
  readonly asked: readonly { readonly name: string; readonly input: unknown }[]
  /** A client of its own, as a window has. */
  connect(): Promise<VirthelmClient>
  /** All connected windows lose the engine. */
  disconnect(): void
  /** New values of every server that is on. */
  tick(): void
  /** New values of one server that is on. */
  tickOne(index: number): void
  /** Changes one server and tells the windows. */
  change(index: number, change: (view: ServerView) => ServerView): void
  ask(prompt: Prompt): void
  close(): void
}

const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (event, cause) => {
    console.error(event, cause)
    return 'test-incident'
  }
}

const AFTER: Record<MachineAction, DomainState> = {
  start: 'running',
  shutDown: 'shutOff',
  forceOff: 'shutOff',
  reboot: 'running',
  pause: 'paused',
  resume: 'running',
  reset: 'running',
  save: 'shutOff',
  discardSaved: 'shutOff',
  autostartOn: 'running',
  autostartOff: 'running'
}

const notPlayed = (): Promise<never> => Promise.reject(new AppError('notFound'))
const notPlayedHere = {
  'clones.plan': notPlayed,
  'clones.make': notPlayed,
  'clones.setTemplate': notPlayed,
  'snapshots.read': notPlayed,
  'snapshots.create': notPlayed,
  'snapshots.revert': notPlayed,
  'snapshots.delete': notPlayed,
  'snapshots.mergeBack': notPlayed
} satisfies Partial<Handlers<VirthelmContract>>

export function createFakeEngine(options: FakeEngineOptions = {}): FakeEngine {
  const fleet = options.fleet ?? 'nine'
  const plans =
    fleet === 'nine'
      ? NINE_SERVERS
      : fleet === 'trouble'
        ? TROUBLED_SERVERS
        : fleet === 'empty'
          ? []
          : manyServers(fleet)
  const startedAtMs = Date.now()
  const random = randomFrom(5)
  const servers = plans.map((plan, index) => makeServer(plan, index, startedAtMs))
  const serverChanges = createTopic<{ changed: ServerView[]; removed: ServerId[] }>()
  const machineChanges = createTopic<{ changed: MachineView[]; removed: VmRef[] }>()
  const ticks = createTopic<FakeServer>()
  const journalTopic = createTopic<JournalEntry>()
  const prompts = createTopic<Prompt[]>([])
  let settings: Settings = { ...Settings.parse({}), ...options.settings }
  const settingsTopic = createTopic<Settings>(settings)
  const tasks = createTaskRegistry({
    clock: systemClock,
    log: silent,
    descriptions: {
      'exports.table': { subject: (input: { fileName: string }) => ({ file: input.fileName }) },
      'exports.series': { subject: (input: { fileName: string }) => ({ file: input.fileName }) }
    }
  })

  const find = (serverId: ServerId): FakeServer => {
    const found = servers.find((server) => server.view.record.id === serverId)
    if (found === undefined) throw new AppError('notFound', { params: { what: 'server' } })
    return found
  }
  const machineOf = (serverId: ServerId, vmUuid: string): MachineView => {
    const machine = find(serverId).machines.find(({ ref }) => ref.vmUuid === vmUuid)
    if (machine === undefined) throw new AppError('vmNotFound', { params: { name: vmUuid } })
    return machine
  }
  const editLog = new EditLog()
  const publish = (server: FakeServer): void => serverChanges.publish({ changed: [server.view], removed: [] })
  const patch = (server: FakeServer, change: Partial<ServerView>): void => {
    server.view = { ...server.view, ...change }
    publish(server)
  }
  const takeRecord = (server: FakeServer, record: ServerView['record']): void => {
    const { collecting } = record
    const isSwitched = collecting !== server.view.record.collecting
    patch(server, {
      record,
      ...(isSwitched && {
        presence: collecting ? 'ON' : 'OFF',
        connection: { kind: collecting ? 'online' : 'stopped', sinceAtMs: Date.now() }
      })
    })
  }

  const asked: { name: string; input: unknown }[] = []
  const see = (name: string, input: unknown): unknown => asked.push({ name, input })
  const alerts = fakeAlerts(servers, options.alerts, see)
  const journal: JournalEntry[] = []
  const write = (entry: Omit<JournalEntry, 'id'>): JournalEntry => {
    const row = { ...entry, id: journal.length + 1 }
    journal.push(row)
    journalTopic.publish(row)
    return row
  }
  const info: ConsoleInfo = {
    version: '0.1.0',
    mode: 'browser',
    demo: options.demo ?? false,
    dataFolder: '/home/operator/.local/share/virthelm',
    platform: 'linux',
    secretStore: { canKeep: true, backend: 'gnome_libsecret' }
  }
  const health: ConsoleHealth = {
    historyBytes: 412 * 1024 ** 2,
    diskFreeBytes: 96 * 1024 ** 3,
    storageFull: false,
    databaseRecovered: null,
    ...options.health
  }

  const act: Handlers<VirthelmContract>['machines.act'] = async ({ serverId, vmUuid, action, seenName }) => {
    const server = find(serverId)
    const machine = server.machines.find(({ ref }) => ref.vmUuid === vmUuid)
    if (machine === undefined) throw new AppError('vmNotFound', { params: { name: seenName } })
    if (machine.name !== seenName) throw new AppError('vmChanged', { params: { name: seenName } })
    const verb = {
      start: 'start',
      shutDown: 'shutdown',
      forceOff: 'destroy',
      reboot: 'reboot',
      pause: 'suspend',
      resume: 'resume',
      reset: 'reset',
      save: 'managedsave',
      discardSaved: 'managedsave-remove',
      autostartOn: 'autostart',
      autostartOff: 'autostart --disable'
    }[action]
    write({
      atMs: Date.now(),
      serverId,
      serverName: server.view.record.name,
      vmUuid,
      vmName: machine.name,
      action: `machine.${action}`,
      command: `virsh ${verb} ${vmUuid}`,
      outcome: 'done',
      exitCode: 0,
      stderr: '',
      durationMs: 84
    })
    if (machine.state === AFTER[action] && action !== 'reboot') return { outcome: 'already' }
    replaceMachine({ ...machine, state: AFTER[action], stateSinceAtMs: Date.now() })
    return { outcome: 'done' }
  }
  const replaceMachine = (next: MachineView): void => {
    const server = find(next.ref.serverId)
    server.machines = server.machines.map((other) => (other.ref.vmUuid === next.ref.vmUuid ? next : other))
    machineChanges.publish({ changed: [next], removed: [] })
  }

  for (let row = 0; row < (options.journal ?? 0); row++) {
    const server = servers[row % Math.max(1, servers.length)]
    if (server === undefined) break
    const machine = server.machines[row % Math.max(1, server.machines.length)]
    const outcome = (['done', 'done', 'failed', 'done', 'unknown'] as const)[row % 5] ?? 'done'
    write({
      atMs: startedAtMs - ((options.journal ?? 0) - row) * 1_700_000,
      serverId: server.view.record.id,
      serverName: server.view.record.name,
      vmUuid: machine?.ref.vmUuid ?? null,
      vmName: machine?.name ?? null,
      action:
        (['machine.start', 'machine.shutDown', 'machine.forceOff', 'machine.pause'] as const)[row % 4] ??
        'machine.start',
      command: `virsh start ${machine?.ref.vmUuid ?? '—'}`,
      outcome,
      exitCode: outcome === 'done' ? 0 : outcome === 'failed' ? 1 : null,
      stderr:
        outcome === 'failed'
          ? 'error: Requested operation is not valid: domain is already running\n\u001b[31mred?\u001b[0m'
          : '',
      durationMs: outcome === 'unknown' ? null : 60 + Math.round(random() * 900)
    })
  }

  const handlers: Handlers<VirthelmContract> = {
    ...alerts.handlers,
    ...fakeChannelHandlers(options.alerts !== undefined && options.alerts !== 'none', see),
    ...fakeFleetFigures(() => servers.map(({ view }) => view)),
    ...notPlayedHere,
    'activity.list': async ({ serverId, vmUuid, beforeId, limit }) => ({
      entries: journal
        .filter(
          (row) =>
            (serverId === undefined || row.serverId === serverId) &&
            (vmUuid === undefined || row.vmUuid === vmUuid) &&
            (beforeId === undefined || row.id < beforeId)
        )
        .reverse()
        .slice(0, limit)
    }),
    'activity.watch': (_input, { signal }) => journalTopic.all(signal),
    'console.info': async () => info,
    'console.health': (_input, { signal }) => createTopic<ConsoleHealth>(health).latest(signal),
    'console.notifications': (_input, { signal }) => createTopic<ConsoleNotification>().all(signal),
    'console.openDemo': async () => ({ address: null }),
    ...fakeBackup(),
    ...fakeConfigurationFile(options.configurationFile),
    ...fakeConfiguration(),
    ...fakeServices(),
    ...fakeHardwareHandlers(),
    ...fakeStores(),
    ...fakeGpuPower(),
    ...fakeTraffic(options.logs),
    ...fakeProcesses(),
    ...fakePorts(see),
    ...fakeReports(see),
    ...fakeDeletion(),
    ...fakeConsoles(),
    ...fakeMigration(),
    ...fakeCreate(),
    'exports.history': async ({ fileName }) => ({
      kind: 'file',
      path: `/home/operator/${fileName}`,
      rows: 17_280
    }),
    ...fakeEngineHandlers(options.troubledEngines === true ? troubledEngines(startedAtMs) : null),
    'exports.series': async ({ fileName }, { progress }) => {
      for (let rows = 0; rows <= 900; rows += 300) {
        progress({ kind: 'progress', progress: { rows, bytes: rows * 40, doneRatio: rows / 900 } })
      }
      return { kind: 'file', path: `/home/operator/${fileName}`, rows: 900 }
    },
    'exports.table': async ({ fileName, rows }) => ({
      kind: 'file',
      path: `/home/operator/${fileName}`,
      rows: rows.length
    }),
    'history.read': async (query) => bentToAlerts(readHistory(query), alerts.alerts()),
    'history.statistics': async (query) => ({ statistics: statisticsOf(query) }),
    'history.rowsPage': async (query) => rowsPage(query),
    'history.top': async (query) => ({ entries: topOf(query, servers) }),
    'history.busyHours': async (query) => ({ hours: busyHours(query) }),
    'history.marks': async ({ serverIds, fromAtMs, toAtMs }) => ({
      marks: marksOf(serverIds.map(find), fromAtMs, toAtMs)
    }),
    'history.watchMarks': (_input, { signal }) => createTopic<HistoryMark>().all(signal),
    'history.usage': async () => usage,
    'history.entities': async ({ serverId }) => ({
      entities: entitiesOf(find(serverId)).map(({ kind, key, label }) => ({
        entity: { serverId, kind, key },
        label,
        firstAtMs: startedAtMs - 30 * 86_400_000,
        lastAtMs: Date.now()
      }))
    }),
    async *'history.live'({ serverId }, { signal }) {
      for await (const server of ticks.all(signal)) {
        if (server.view.record.id === serverId) yield liveTick(server, Date.now())
      }
    },
    async *'machines.watch'(_input, { signal }) {
      let revision = 1
      const snapshot: MachinesEvent = {
        kind: 'snapshot',
        revision,
        machines: servers.flatMap((server) => server.machines)
      }
      const changes = machineChanges.all(signal)
      yield snapshot
      for await (const change of changes) yield { kind: 'change', revision: ++revision, ...change }
    },
    'machines.detail': async ({ serverId, vmUuid }) => ({
      osType: 'hvm',
      machineType: 'pc-q35-10.0',
      architecture: 'x86_64',
      firmware: 'uefi',
      cpuMode: 'host-passthrough',
      title: null,
      description: find(serverId).machines.find(({ ref }) => ref.vmUuid === vmUuid)?.name ?? null,
      balloonPeriodSec: 10,
      disks: [
        {
          target: 'vda',
          source: '/var/lib/libvirt/images/train-a.qcow2',
          device: 'disk',
          format: 'qcow2',
          readOnly: false,
          allocationBytes: 118 * 1024 ** 3,
          capacityBytes: 200 * 1024 ** 3
        },
        {
          target: 'sda',
          source: '/srv/iso/debian-13.iso',
          device: 'cdrom',
          format: 'raw',
          readOnly: true,
          allocationBytes: 3.1 * 1024 ** 3,
          capacityBytes: 3.1 * 1024 ** 3
        }
      ],
      interfaces: [{ mac: '52:54:00:12:34:56', source: 'br0', model: 'virtio', target: 'vnet3' }]
    }),
    'machines.act': act,
    'machines.setCollecting': async ({ serverId, vmUuid, collecting }) => {
      replaceMachine({ ...machineOf(serverId, vmUuid), collecting })
      return null
    },
    'machines.rename': async ({ serverId, vmUuid, newName }) => {
      const machine = machineOf(serverId, vmUuid)
      replaceMachine({ ...machine, name: newName })
      return null
    },
    'machines.setProtected': async ({ serverId, vmUuid, on }) => {
      replaceMachine({ ...machineOf(serverId, vmUuid), isProtected: on })
      return null
    },
    'machines.setBalloonPeriod': async () => null,
    'bulk.run': async ({ action, targets }, context) => {
      const items = targets.map((_target, index) => ({ index, state: 'done' as const, error: null }))
      for (const [index, target] of targets.entries()) {
        await act({ ...target, action }, context)
        context.progress({ items: items.slice(index, index + 1), ended: index + 1, total: targets.length })
      }
      return { items }
    },
    async *'servers.watch'(_input, { signal }) {
      let revision = 1
      const changes = serverChanges.all(signal)
      yield {
        kind: 'snapshot',
        revision,
        servers: servers.map((server) => server.view),
        sparklines: Object.fromEntries(servers.map((server) => [server.view.record.id, server.sparkline]))
      } satisfies ServersEvent
      for await (const change of changes) yield { kind: 'change', revision: ++revision, ...change }
    },
    'servers.add': async ({ draft }) => {
      if (servers.some((server) => server.view.record.name === draft.name)) {
        throw new AppError('conflict', { params: { what: 'serverName', name: draft.name } })
      }
      const made = makeServer(
        { ...EMPTY_PLAN, name: draft.name, host: draft.connection.host },
        servers.length,
        Date.now()
      )
      made.view = { ...made.view, record: { ...made.view.record, ...draft } }
      servers.push(made)
      publish(made)
      return { serverId: made.view.record.id }
    },
    'servers.edit': async ({ serverId, draft }) => {
      const server = find(serverId)
      patch(server, { record: { ...server.view.record, ...draft } })
      return null
    },
    'servers.remove': async ({ serverId }) => {
      const index = servers.indexOf(find(serverId))
      servers.splice(index, 1)
      serverChanges.publish({ changed: [], removed: [serverId] })
      return null
    },
    'servers.editMany': async ({ serverIds, change }) => {
      const there = servers.filter(({ view }) => serverIds.includes(view.record.id))
      const edits = editsOf(
        there.map(({ view }) => view.record),
        change
      )
      for (const { after } of edits) takeRecord(find(after.id), after)
      return {
        changed: edits.length,
        unchanged: there.length - edits.length,
        gone: serverIds.length - there.length,
        editId: edits.length === 0 ? null : editLog.note(edits)
      }
    },
    'servers.undoEdit': async ({ editId }: { editId: EditId }) => {
      const edits = [...editLog.get(editId)]
      const there = servers.filter(({ view }) => edits.some(([id]) => id === view.record.id))
      const restored = there.filter((server) => {
        const edit = editLog.get(editId).get(server.view.record.id)
        const record = edit === undefined ? null : takenBack(server.view.record, edit)
        if (record !== null) takeRecord(server, record)
        return record !== null
      })
      editLog.forget(editId)
      return {
        restored: restored.length,
        editedSince: there.length - restored.length,
        gone: edits.length - there.length
      }
    },
    'servers.removeMany': async ({ serverIds }) => {
      const removed = serverIds.filter((id) => servers.some(({ view }) => view.record.id === id))
      for (const id of removed) servers.splice(servers.indexOf(find(id)), 1)
      serverChanges.publish({ changed: [], removed })
      return { removed: removed.length, gone: serverIds.length - removed.length }
    },
    'servers.connectNow': async ({ serverId }) => {
      patch(find(serverId), { connection: { kind: 'connecting', sinceAtMs: Date.now(), attempt: 1 } })
      return null
    },
    'servers.setCollecting': async ({ serverId, collecting }) => {
      const server = find(serverId)
      takeRecord(server, { ...server.view.record, collecting })
      return null
    },
    'servers.giveSecrets': async ({ serverId, secrets }) => {
      if (secrets.password === 'wrong')
        throw new AppError('loginRefused', { params: { host: find(serverId).plan.host, user: 'admin' } })
      patch(find(serverId), { connection: { kind: 'connecting', sinceAtMs: Date.now(), attempt: 1 } })
      return null
    },
    'servers.forgetSecrets': async () => null,
    'capabilities.readNow': async ({ serverId }) => {
      const { capabilities } = find(serverId).view
      const checkedAtMs = Date.now()
      patch(find(serverId), { capabilities: capabilities.map((each) => ({ ...each, checkedAtMs })) })
      return null
    },
    'servers.test': async ({ draft }, { progress }) => {
      const steps: TestStep[] = []
      for (const step of TestStepId.options) {
        const done: TestStep = {
          step,
          state: 'passed',
          durationMs: 12,
          detail: { address: draft.connection.host },
          failure: null
        }
        progress({ ...done, state: 'running', durationMs: null })
        progress(done)
        steps.push(done)
      }
      return { passed: true, steps }
    },
    'hostKeys.trust': async () => null,
    'sshConfig.list': async () => ({
      hosts: [
        {
          alias: 'lab',
          connection: {
            host: '10.9.0.1',
            port: 22,
            user: 'admin',
            useAgent: true,
            keyFiles: [],
            usePassword: false,
            jumps: []
          },
          problems: []
        }
      ]
    }),
    'prompts.watch': (_input, { signal }) => prompts.latest(signal),
    'prompts.answer': async () => {
      prompts.publish([])
      return null
    },
    'settings.watch': (_input, { signal }) => settingsTopic.latest(signal),
    'settings.change': async (change) => {
      settings = Settings.parse({ ...settings, ...change })
      settingsTopic.publish(settings)
      return settings
    },
    'tasks.watch': (_input, { signal }) => tasks.watch(signal),
    'tasks.cancel': async ({ taskId }) => {
      tasks.cancel(taskId)
      return null
    },
    'tasks.dismiss': async ({ taskId }) => {
      tasks.dismiss(taskId)
      return null
    }
  }

  const rpc = createRpcServer({
    contract,
    handlers,
    tasks,
    log: silent,
    validateOutputs: options.validateOutputs ?? true
  })
  const clients = new Set<VirthelmClient>()

  const tickServer = (server: FakeServer): void => {
    if (server.view.presence !== 'ON') return
    stepServer(server, Date.now())
    publish(server)
    if (server.machines.length > 0) machineChanges.publish({ changed: server.machines, removed: [] })
    ticks.publish(server)
  }
  return {
    alerts,
    asked,
    handlers,
    servers,
    connect: async () => {
      const { port1, port2 } = new MessageChannel()
      rpc.attach(domPort<ServerFrame>(port1))
      const client = createClient(contract, domPort<ClientFrame>(port2))
      clients.add(client)
      return client
    },
    disconnect() {
      for (const client of clients) client.close()
      clients.clear()
    },
    tick: () => servers.forEach(tickServer),
    tickOne(index) {
      const server = servers[index]
      if (server !== undefined) tickServer(server)
    },
    change(index, change) {
      const server = servers[index]
      if (server !== undefined) patch(server, change(server.view))
    },
    ask: (prompt) => prompts.publish([prompt]),
    close() {
      this.disconnect()
      rpc.close()
    }
  }
}

/** A web MessagePort as a port of the rpc. Its close is not told to the other end by the platform: a frame says it. */
function domPort<Outgoing>(port: MessagePort): RpcPort<Outgoing> {
  let onClose: () => void = () => undefined
  let closed = false
  const end = (): void => {
    if (closed) return
    closed = true
    port.close()
    onClose()
  }
  return {
    post(frame) {
      if (!closed) port.postMessage(frame)
    },
    onMessage(listener) {
      port.onmessage = (event: MessageEvent<unknown>) => {
        if (event.data === 'closed') end()
        else if (!closed) listener(event.data)
      }
    },
    onClose(listener) {
      onClose = listener
    },
    close() {
      if (closed) return
      port.postMessage('closed')
      end()
    }
  }
}
