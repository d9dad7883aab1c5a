/** Reads both definitions of a VM and sends changes of them; by UUID, with the name read back in the same request. */
import { randomBytes } from 'node:crypto'
import type { ChangeResult, MachineConfiguration } from '#contract/configuration.ts'
import { AppError } from '#contract/errors.ts'
import { VmUuid } from '#contract/ids.ts'
import type {
  ConfiguratorRequest,
  MachineConfigurator,
  PreparedChange
} from '../../../application/configuration/machine-configurator.ts'
import type { ActionJournal } from '../../../application/machines/hypervisor.ts'
import type { Log } from '../../../application/platform/platform.ts'
import { parseDomcontrol } from '../../../domain/libvirt/domcontrol.ts'
import { parseUuidLines } from '../../../domain/libvirt/listing.ts'
import { isDeadline } from '../stats-poller.ts'
import type { LaneHolder } from '../lane-holder.ts'
import { LISTING, listingOf } from '../machine-catalogue.ts'
import { shownCommand, type Virsh } from '../virsh.ts'
import type { VirshAnswer } from '../virsh-lane.ts'
import { comparableLines, differ } from './comparable.ts'
import { hardwareOf } from './hardware-xml.ts'
import { type Definition, type Plan, planChange, type Situation, type Step } from './plan.ts'
import { volumeOf } from './plan-sizes.ts'
import { parseXml, XmlProblem } from './xml-tree.ts'

export interface ConfiguratorDeps {
  readonly lane: LaneHolder
  readonly virsh: Virsh
  readonly uri: string
  readonly log: Log
  readonly isHung: (uuid: string) => boolean
  /** Name of a running VM other than this one that has the file or device as a disk it writes to. */
  readonly otherUserOf: (uuid: string, path: string) => string | null
  /** Something was changed: what was known of the VM is old. */
  readonly changed: () => void
}

const READ_DEADLINE_MS = 5_000
const WRITE_DEADLINE_MS = 30_000
const OCCUPIED_MS = 800

interface Target {
  readonly name: string
  readonly live: Definition | null
  readonly nextBoot: (Definition & { readonly xml: string }) | null
  readonly liveXml: string | null
  readonly isResponding: boolean
}

export function createConfigurator(deps: ConfiguratorDeps): MachineConfigurator {
  return {
    async read(uuid, signal): Promise<MachineConfiguration> {
      const { live, nextBoot } = await readTarget(deps, uuid, signal)
      return {
        live: live?.hardware ?? null,
        nextBoot: nextBoot?.hardware ?? null,
        needsShutdown: differ(comparableLines(live?.tree ?? null, nextBoot?.tree ?? null))
      }
    },
    async xml(uuid, signal) {
      const { live, nextBoot, liveXml } = await readTarget(deps, uuid, signal)
      const lines = comparableLines(live?.tree ?? null, nextBoot?.tree ?? null)
      return {
        live: liveXml,
        nextBoot: nextBoot?.xml ?? null,
        liveLines: lines.live === null ? null : [...lines.live],
        nextBootLines: lines.nextBoot === null ? null : [...lines.nextBoot]
      }
    },
    linesOf(xml) {
      const definition = definitionOf(xml)
      return definition === null ? null : comparableLines(null, definition.tree).nextBoot
    },
    prepare: (request, signal) => prepare(deps, request, signal)
  }
}

async function prepare(
  deps: ConfiguratorDeps,
  { uuid, seenName, change, scopes }: ConfiguratorRequest,
  signal: AbortSignal
): Promise<PreparedChange> {
  const target = await readTarget(deps, uuid, signal)
  if (target.name !== seenName)
    throw new AppError('vmChanged', { params: { seenName, name: target.name.slice(0, 4096) } })
  const situation: Situation = {
    uuid,
    name: target.name,
    live: target.live,
    nextBoot: target.nextBoot,
    isResponding: target.isResponding,
    newMac: newMac(),
    otherUser: null,
    capacityBytes: null,
    isVolume: false,
    ...(target.isResponding ? await storageFacts(deps, uuid, target, change, signal) : {})
  }
  const plan = planChange(change, scopes, situation)
  return {
    plan: {
      steps: plan.steps.map(({ scope, write }) => ({ scope, command: shownCommand(deps.uri, write) })),
      refusals: [...plan.refusals],
      filesLeft: [...plan.filesLeft],
      mayLosePassword: plan.mayLosePassword
    },
    nextBootXml: target.nextBoot?.xml ?? null,
    send: (journal, sendSignal) => send(deps, plan, journal, sendSignal)
  }
}

/** What a plan has to know of the file behind a disk. */
async function storageFacts(
  { virsh, otherUserOf }: ConfiguratorDeps,
  uuid: string,
  { live, nextBoot }: Target,
  change: ConfiguratorRequest['change'],
  signal: AbortSignal
): Promise<Partial<Situation>> {
  if (change.kind === 'diskAttach') return { otherUser: otherUserOf(uuid, change.path) }
  if (change.kind !== 'diskGrow') return {}
  const disk = (live ?? nextBoot)?.hardware.disks.find(({ target }) => target === change.target)
  if (disk === undefined || disk.source === null) return {}
  const options = { signal, deadlineMs: READ_DEADLINE_MS }
  const info = await virsh.read(['domblkinfo', uuid, change.target], options).catch(asUnknown)
  const capacity = /^Capacity:\s+(\d{1,15})$/m.exec(info)?.[1]
  const volume =
    live === null ? await virsh.read(['vol-info', ...volumeOf(disk)], options).catch(asUnknown) : ''
  return {
    otherUser: otherUserOf(uuid, disk.source),
    capacityBytes: capacity === undefined ? null : Number(capacity),
    isVolume: volume !== ''
  }
}

function asUnknown(error: unknown): string {
  if (error instanceof AppError && (error.code === 'libvirtFailed' || error.code === 'vmActionNotPossible'))
    return ''
  throw error
}

async function send(
  { virsh, log, changed }: ConfiguratorDeps,
  plan: Plan,
  journal: ActionJournal,
  signal: AbortSignal
): Promise<ChangeResult> {
  const result: { live: ChangeResult['live']; nextBoot: ChangeResult['nextBoot'] } = {
    live: null,
    nextBoot: null
  }
  if (plan.steps.length === 0)
    throw new AppError('changeRefused', { params: { reason: plan.refusals[0]?.reason ?? 'nothingToChange' } })
  let isAnyDone = false
  const made: (readonly string[])[] = []
  try {
    for (const [index, step] of plan.steps.entries()) {
      try {
        await virsh.write(step.write, journal, { signal, deadlineMs: WRITE_DEADLINE_MS })
      } catch (error) {
        if (!isAnyDone) await takeAway({ virsh, log }, made, journal)
        if (!isAnyDone || !(error instanceof AppError)) throw error
        result[step.scope] = { done: false, error: error.toInfo() }
        return result
      }
      if (step.undo !== undefined) {
        made.push(step.undo)
        continue
      }
      isAnyDone = true
      if (isLastOf(plan.steps, index, step)) result[step.scope] = { done: true, error: null }
    }
    return result
  } finally {
    if (isAnyDone) changed()
  }
}

/** Only what this change has made itself. When that fails too, the journal has both, and the first error is the one told. */
async function takeAway(
  { virsh, log }: Pick<ConfiguratorDeps, 'virsh' | 'log'>,
  made: readonly (readonly string[])[],
  journal: ActionJournal
): Promise<void> {
  for (const args of made.toReversed()) {
    const options = { signal: AbortSignal.timeout(WRITE_DEADLINE_MS), deadlineMs: WRITE_DEADLINE_MS }
    await virsh
      .write({ args }, journal, options)
      .catch((cause: unknown) => log.warn('configuration.notTakenAway', { cause }))
  }
}

const isLastOf = (steps: readonly Step[], index: number, { scope }: Step): boolean =>
  !steps.slice(index + 1).some((later) => later.scope === scope)

/** Everything in one request of commands that never wait for a QEMU. */
async function readTarget(deps: ConfiguratorDeps, uuid: VmUuid, signal: AbortSignal): Promise<Target> {
  const commands = [
    LISTING,
    'list --all --uuid --transient',
    `domcontrol ${uuid}`,
    `dumpxml ${uuid}`,
    `dumpxml --inactive ${uuid}`,
    LISTING
  ]
  const answers = await deps.lane.call(commands, { signal, deadlineMs: READ_DEADLINE_MS }).catch(asDaemonDown)
  const [before, transient, control, live, inactive, after] = answers
  const listed = listingOf(before).find((domain) => domain.uuid === uuid)
  const still = listingOf(after).find((domain) => domain.uuid === uuid)
  if (listed === undefined || still === undefined)
    throw new AppError('vmNotFound', { params: { vmUuid: uuid } })
  // Another VM named like this one's UUID: were this one gone, virsh would take the UUID for that name.
  const isNameOfOther = listingOf(after).some((one) => one.uuid !== uuid && one.name.toLowerCase() === uuid)
  if (isNameOfOther || listed.name !== still.name || listed.id !== still.id)
    throw new AppError('vmChanged', { params: { seenName: listed.name, name: still.name }, retryable: true })
  const isActive = still.id !== null
  const isTransient = parseUuidLines(transient?.output ?? '').has(uuid)
  const nextBootXml = isTransient ? null : xmlOf(inactive)
  const liveXml = isActive ? xmlOf(live) : null
  const nextBoot = nextBootXml === null ? null : definitionOf(nextBootXml)
  const running = liveXml === null ? null : definitionOf(liveXml)
  if ((isActive && running === null) || (!isTransient && nextBoot === null))
    throw new AppError('protocolViolation', { params: { subject: 'dumpxml' } })
  const monitor = parseDomcontrol(control?.output ?? '')
  const isStuck = isActive && monitor.kind === 'occupied' && monitor.forMs >= OCCUPIED_MS
  return {
    name: still.name,
    live: running,
    nextBoot: nextBoot === null || nextBootXml === null ? null : { ...nextBoot, xml: nextBootXml },
    liveXml,
    isResponding: !isStuck && !deps.isHung(uuid)
  }
}

/** list and dumpxml never wait for a QEMU: when they do not answer, libvirtd does not. */
function asDaemonDown(error: unknown): never {
  if (!isDeadline(error)) throw error
  throw new AppError('libvirtDaemonDown', { params: { stderr: '' }, retryable: true, cause: error })
}

function xmlOf(answer: VirshAnswer | undefined): string | null {
  const text = answer?.output.trim() ?? ''
  return text === '' ? null : `${text}\n`
}

function definitionOf(xml: string): Definition | null {
  try {
    const tree = parseXml(xml)
    const hardware = hardwareOf(tree)
    return hardware === null ? null : { tree, hardware }
  } catch (error) {
    if (error instanceof XmlProblem) return null
    throw error
  }
}

/** In the range of QEMU and KVM. */
function newMac(): string {
  const [a = 0, b = 0, c = 0] = randomBytes(3)
  return `52:54:00:${[a, b, c].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`
}
