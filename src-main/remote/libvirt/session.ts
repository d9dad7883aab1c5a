/** One connection's libvirt: list, stats, detail, acts and events over one virsh lane and one event lane. */
import { AppError } from '#contract/errors.ts'
import { VmUuid } from '#contract/ids.ts'
import type { MachineDetail } from '#contract/machines.ts'
import { numberOf, parseDomstats } from '../../domain/libvirt/domstats.ts'
import { stateAndReasonOf, type StateAndReason } from '../../domain/libvirt/domain-state.ts'
import { type ListedDomain, parseUuidLines, stableNames } from '../../domain/libvirt/listing.ts'
import type { Clock } from '../../application/clock.ts'
import type { HypervisorSession, MachineListing } from '../../application/machines/hypervisor.ts'
import type { Log } from '../../application/platform/platform.ts'
import type { Connection } from '../../application/servers/connection.ts'
import { createDeletionHost } from './deletion/deletion-host.ts'
import { createConsoles } from './consoles.ts'
import { createConfigurator } from './configuration/configurator.ts'
import { createCloneHost } from './clones.ts'
import { createCreationSession } from './creation.ts'
import { watchEvents } from './event-watch.ts'
import { createGuestAsker } from './guest-asker.ts'
import { createLaneHolder } from './lane-holder.ts'
import { act } from './machine-actions.ts'
import { LISTING, listingOf, MachineCatalogue } from './machine-catalogue.ts'
import { createMachineSettings } from './machine-settings.ts'
import { capabilitiesOfProbe, type Probe } from './probe.ts'
import { createSnapshotHost } from './snapshots.ts'
import { MigrationSide } from './migration/migration-side.ts'
import { Virsh } from './virsh.ts'
import { isDeadline, StatsPoller } from './stats-poller.ts'
import { createNetworks, createStorage } from './stores/index.ts'

const LIST_DEADLINE_MS = 5_000
/** A name that changes hands just while it is read is rare; more than twice in a row is somebody's experiment. */
const LIST_TRIES = 3
const MAX_NAME_CHARS = 4096

const LIST_COMMANDS = [
  LISTING,
  'list --all --uuid --autostart',
  'list --all --uuid --transient',
  'list --all --uuid --with-snapshot',
  'list --all --uuid --with-managed-save',
  'domstats --raw --state',
  LISTING
] as const

export interface SessionDeps {
  readonly connection: Connection
  readonly uri: string
  readonly probe: Probe
  readonly clock: Clock
  readonly log: Log
}

export function createSession({ connection, uri, probe, clock, log }: SessionDeps): HypervisorSession {
  const lane = createLaneHolder(connection, uri, clock)
  const catalogue = new MachineCatalogue(lane, clock, log)
  const poller = new StatsPoller(lane, catalogue, clock, log)
  const virsh = new Virsh({ connection, uri, clock })
  const listeners = new Set<() => void>()
  const ended = Promise.withResolvers<void>()
  const lifetime = new AbortController()
  let statsRunning = false
  const changed = (): void => {
    for (const listener of listeners) listener()
  }
  const watch = watchEvents({
    connection,
    uri,
    clock,
    log,
    onEvent: (hint) => catalogue.invalidate(hint),
    onChange: changed
  })
  void connection.closed.then(() => close())
  const isHung = (uuid: string): boolean => poller.isHung(uuid)
  const configuration = createConfigurator({
    lane,
    virsh,
    uri,
    log,
    isHung,
    otherUserOf: (uuid, path) => catalogue.otherUserOf(uuid, path),
    changed() {
      catalogue.invalidateAll()
      changed()
    }
  })

  function close(): void {
    if (lifetime.signal.aborted) return
    lifetime.abort(new AppError('disconnected'))
    watch.close()
    lane.close()
    ended.resolve()
  }

  async function whileOpen<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (lifetime.signal.aborted) throw new AppError('disconnected')
    return work(AbortSignal.any([signal, lifetime.signal]))
  }

  /** Ends the session on the failures that a new one has to be opened after. */
  async function guarded<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await whileOpen(signal, work)
    } catch (error) {
      if (endsSession(error)) {
        log.info('libvirt.sessionEnded', { code: error.code })
        close()
      }
      throw error
    }
  }

  async function list(signal: AbortSignal): Promise<readonly MachineListing[]> {
    for (let attempt = 1; ; attempt++) {
      const answers = await lane
        .call(LIST_COMMANDS, { signal, deadlineMs: LIST_DEADLINE_MS })
        .catch(asDaemonDown)
      const [before, autostart, transient, snapshot, saved, stats, after] = answers
      const domains = listingOf(after)
      const names = stableNames(listingOf(before), domains)
      if (names.size < domains.length && attempt < LIST_TRIES) continue
      await catalogue.refresh(domains, signal).catch(asDaemonDown)
      const states = statesOf(stats?.output ?? '', names)
      const autostarted = parseUuidLines(autostart?.output ?? '')
      const transients = parseUuidLines(transient?.output ?? '')
      const withSnapshot = parseUuidLines(snapshot?.output ?? '')
      const withSavedState = parseUuidLines(saved?.output ?? '')
      return domains.map((domain) => ({
        ...listingEntry(domain, states.get(domain.uuid), catalogue),
        autostart: autostarted.has(domain.uuid),
        persistent: !transients.has(domain.uuid),
        hasSnapshot: withSnapshot.has(domain.uuid),
        hasSavedState: withSavedState.has(domain.uuid),
        needsShutdown: catalogue.needsShutdown(domain.uuid) && !transients.has(domain.uuid)
      }))
    }
  }

  return {
    libvirtVersion: probe.libvirtVersion,
    hypervisorVersion: probe.hypervisorVersion,
    capabilities: capabilitiesOfProbe(probe),
    clones: createCloneHost(virsh),
    snapshots: createSnapshotHost({
      virsh,
      libvirtVersion: probe.libvirtVersion,
      isHung: (uuid) => poller.isHung(uuid)
    }),
    storage: createStorage({ connection, uri, clock, log }),
    networks: createNetworks({ connection, uri, clock, log }),
    migration: new MigrationSide({
      connection,
      uri,
      clock,
      log,
      versions: { libvirt: probe.libvirtVersion, hypervisor: probe.hypervisorVersion }
    }),
    creation: createCreationSession(virsh, uri),
    closed: ended.promise,
    close,
    settings: createMachineSettings({
      connection,
      uri,
      clock,
      isHung: (uuid) => poller.isHung(uuid),
      changed() {
        catalogue.invalidateAll()
        changed()
      }
    }),
    deletion: createDeletionHost({ connection, uri, clock }),
    configuration,
    guests: createGuestAsker({ lane, connection, virsh, uri, mayAskAgents: probe.canWrite, isHung }),
    onChange: (listener) => void listeners.add(listener),
    consoles: createConsoles({ connection, uri, clock, lane, isHung: (uuid) => poller.isHung(uuid) }),
    list: (signal) => guarded(signal, list),
    async stats(tier, signal) {
      if (statsRunning) throw new AppError('conflict')
      statsRunning = true
      try {
        return await guarded(signal, (both) => poller.round(tier, both))
      } finally {
        statsRunning = false
      }
    },
    detail: (uuid, signal) => guarded(signal, (both) => readDetail(VmUuid.parse(uuid), both)),
    // A refused write says nothing about reading: it does not end the session.
    act: (request, journal, signal) =>
      whileOpen(signal, async (both) => {
        const deps = { lane, connection, uri, clock, isHung: (uuid: string) => poller.isHung(uuid) }
        const outcome = await act(deps, request, journal, both)
        if (outcome === 'done') changed()
        return outcome
      })
  }

  async function readDetail(uuid: VmUuid, signal: AbortSignal): Promise<MachineDetail> {
    const answers = await lane.call([LISTING], { signal, deadlineMs: LIST_DEADLINE_MS }).catch(asDaemonDown)
    const domains = listingOf(answers[0])
    if (!domains.some((domain) => domain.uuid === uuid))
      throw new AppError('vmNotFound', { params: { vmUuid: uuid } })
    await catalogue.refresh(domains, signal).catch(asDaemonDown)
    const xml = catalogue.xmlOf(uuid)
    if (xml === null) throw new AppError('protocolViolation', { params: { subject: 'dumpxml' } })
    const spaces = poller.spacesOf(uuid)
    const disks = xml.detail.disks.map((disk) => ({ ...disk, ...spaces.get(disk.target) }))
    return { ...xml.detail, disks }
  }
}

function listingEntry(
  domain: ListedDomain,
  state: StateAndReason | undefined,
  catalogue: MachineCatalogue
): Omit<MachineListing, 'autostart' | 'persistent' | 'hasSnapshot' | 'hasSavedState' | 'needsShutdown'> {
  const xml = catalogue.xmlOf(domain.uuid)
  return {
    uuid: VmUuid.parse(domain.uuid),
    name: domain.name.slice(0, MAX_NAME_CHARS),
    state: state?.state ?? 'unknown',
    stateReason: state?.stateReason ?? null,
    vcpus: xml?.vcpus ?? null,
    memoryMaxBytes: xml?.memoryMaxBytes ?? null,
    isProtected: xml?.isProtected ?? false,
    template: xml?.template ?? false,
    tags: xml?.tags ?? []
  }
}

function statesOf(
  domstats: string,
  names: ReadonlyMap<string, ListedDomain>
): ReadonlyMap<string, StateAndReason> {
  const states = new Map<string, StateAndReason>()
  for (const record of parseDomstats(domstats)) {
    const domain = names.get(record.name)
    if (domain === undefined) continue
    const state = stateAndReasonOf(numberOf(record, 'state.state'), numberOf(record, 'state.reason'))
    states.set(domain.uuid, state)
  }
  return states
}

/** list and dumpxml never wait for a QEMU: when they do not answer, libvirtd does not. */
function asDaemonDown(error: unknown): never {
  if (!isDeadline(error)) throw error
  throw new AppError('libvirtDaemonDown', { params: { stderr: '' }, retryable: true, cause: error })
}

function endsSession(error: unknown): error is AppError {
  return (
    error instanceof AppError &&
    (error.code === 'libvirtDaemonDown' || error.code === 'libvirtDenied' || error.code === 'libvirtMissing')
  )
}
