/** Start, shut down, reset, save, autostart and their like: by UUID, idempotent, each a journal row before it is sent. */
import { AppError } from '#contract/errors.ts'
import { VmUuid } from '#contract/ids.ts'
import { DomainState, type MachineAction } from '#contract/vocabulary.ts'
import { parseDomcontrol } from '../../domain/libvirt/domcontrol.ts'
import { failureKindOf } from '../../domain/libvirt/failure-words.ts'
import { parseDomstate } from '../../domain/libvirt/domain-state.ts'
import type { Clock } from '../../application/clock.ts'
import type { ActionJournal } from '../../application/machines/hypervisor.ts'
import type { Connection } from '../../application/servers/connection.ts'
import { connectionFailureOf, type LaneHolder } from './lane-holder.ts'
import { LISTING, listingOf } from './machine-catalogue.ts'
import { GUARD_EXIT, writeCommand, writeScript } from './virsh-scripts.ts'

export interface ActionRequest {
  readonly uuid: VmUuid
  readonly action: MachineAction
  readonly seenName: string
}

export interface ActionDeps {
  readonly lane: LaneHolder
  readonly connection: Connection
  readonly uri: string
  readonly clock: Clock
  /** Whether the VM's monitor was found to be stuck. */
  isHung(uuid: string): boolean
}

interface Rule {
  /** virsh's word. */
  readonly command: string
  /** The action has nothing to do in these states. */
  readonly already: readonly DomainState[]
  /** States it can be asked in. */
  readonly from: readonly DomainState[]
  /** It asks QEMU's monitor, and so would wait for a hung VM for ever. */
  readonly needsMonitor: boolean
  /** States that show it done when the answer was lost; `already` where it is absent. */
  readonly doneIn?: readonly DomainState[]
  /** Longer than the others: memory is written or read. */
  readonly deadlineMs?: number
  /** It lasts: it must not hold the place that is kept for the others (session-places.ts). */
  readonly isJob?: boolean
}

const OFF: readonly DomainState[] = ['shutOff', 'crashed']
const RUNNING: readonly DomainState[] = ['running', 'blocked']
const ANY: readonly DomainState[] = DomainState.options
/** A VM whose state libvirt cannot name is left to libvirt to judge. */
const RULES: Readonly<Record<MachineAction, Rule>> = {
  // Going on from a saved state reads all of its memory.
  start: {
    command: 'start',
    already: RUNNING,
    from: [...OFF, 'unknown'],
    needsMonitor: false,
    deadlineMs: 180_000
  },
  shutDown: {
    command: 'shutdown',
    already: OFF,
    from: [...RUNNING, 'shuttingDown', 'paused', 'suspended', 'unknown'],
    needsMonitor: true
  },
  reboot: { command: 'reboot', already: [], from: [...RUNNING, 'unknown'], needsMonitor: true },
  forceOff: {
    command: 'destroy',
    already: OFF,
    from: [...RUNNING, 'paused', 'shuttingDown', 'suspended', 'unknown'],
    needsMonitor: false
  },
  pause: { command: 'suspend', already: ['paused'], from: [...RUNNING, 'unknown'], needsMonitor: true },
  resume: { command: 'resume', already: RUNNING, from: ['paused', 'unknown'], needsMonitor: true },
  reset: { command: 'reset', already: [], from: [...RUNNING, 'paused', 'unknown'], needsMonitor: true },
  save: {
    command: 'managedsave',
    already: [],
    from: [...RUNNING, 'paused'],
    needsMonitor: true,
    doneIn: OFF,
    deadlineMs: 900_000,
    isJob: true
  },
  discardSaved: {
    command: 'managedsave-remove',
    already: [],
    from: [...OFF, 'unknown'],
    needsMonitor: false
  },
  autostartOn: { command: 'autostart', already: [], from: ANY, needsMonitor: false },
  autostartOff: { command: 'autostart --disable', already: [], from: ANY, needsMonitor: false }
}

const READ_DEADLINE_MS = 4_000
const ACT_DEADLINE_MS = 30_000
const OCCUPIED_MS = 800
const MAX_MESSAGE_CHARS = 2_000

/**
 * @throws AppError vmNotFound, vmChanged, vmActionNotPossible {state}, vmNotResponding, libvirtDenied,
 * libvirtDaemonDown, libvirtFailed {stderr}, deadlineExceeded or disconnected (the answer was lost and the state does
 * not show it done)
 */
export async function act(
  deps: ActionDeps,
  request: ActionRequest,
  journal: ActionJournal,
  signal: AbortSignal
): Promise<'done' | 'already'> {
  const rule = RULES[request.action]
  const uuid = VmUuid.parse(request.uuid)
  const { state, hasNamesake } = await readBack(deps, request, rule, signal)
  if (rule.already.includes(state)) return 'already'
  if (!rule.from.includes(state)) throw new AppError('vmActionNotPossible', { params: { state } })

  const guardName = hasNamesake ? request.seenName : null
  const sent = await send(deps, rule, uuid, guardName, journal, signal)
  if ('lost' in sent) {
    // Nobody knows whether it was done: the state tells, and nothing is sent a second time.
    // When the state cannot be read either, the lost answer is what is told.
    const now = signal.aborted ? null : await readBack(deps, request, rule, signal).catch(() => null)
    if (now !== null && (rule.doneIn ?? rule.already).includes(now.state)) return 'done'
    throw sent.lost
  }
  if (sent.exitCode === 0) return 'done'
  if (sent.exitCode === GUARD_EXIT && hasNamesake)
    throw new AppError('vmChanged', { params: { seenName: request.seenName } })
  return judgeFailure(deps, request, rule, sent.message, signal)
}

/** The write between its two journal rows. `lost`: no answer came; `exitCode` of the journal is null then. */
async function send(
  deps: ActionDeps,
  rule: Rule,
  uuid: VmUuid,
  guardName: string | null,
  journal: ActionJournal,
  signal: AbortSignal
): Promise<{ exitCode: number | null; message: string } | { lost: unknown }> {
  await journal.beforeSend(writeCommand(deps.uri, rule.command, uuid))
  const startedMs = deps.clock.monotonicMs()
  const script = writeScript(deps.uri, rule.command, uuid, guardName)
  const answer = await deps.connection
    .run(script, {
      signal,
      deadlineMs: rule.deadlineMs ?? ACT_DEADLINE_MS,
      isJob: rule.isJob ?? false
    })
    .catch((error: unknown) => ({ lost: error }))
  const durationMs = Math.round(deps.clock.monotonicMs() - startedMs)
  if ('lost' in answer) {
    await journal.afterSend({ exitCode: null, stderr: '', durationMs })
    return answer
  }
  const { exitCode, stdout, stderr } = answer
  const message = exitCode === 0 ? '' : `${stdout}\n${stderr}`.trim().slice(0, MAX_MESSAGE_CHARS)
  await journal.afterSend({ exitCode, stderr: message, durationMs })
  return { exitCode, message }
}

interface ReadBack {
  readonly state: DomainState
  /** Another VM is named like this one's UUID: were this one gone, virsh would take the UUID for that name. */
  readonly hasNamesake: boolean
}

/** Name, UUID, state and monitor of the VM, right before (or after) a write. */
async function readBack(
  deps: ActionDeps,
  { uuid, seenName }: ActionRequest,
  rule: Rule,
  signal: AbortSignal
): Promise<ReadBack> {
  const commands = [LISTING, `domstate ${uuid}`, `domcontrol ${uuid}`]
  const [listing, stateAnswer, control] = await deps.lane.call(commands, {
    signal,
    deadlineMs: READ_DEADLINE_MS
  })
  const domains = listingOf(listing)
  const domain = domains.find((listed) => listed.uuid === uuid)
  if (domain === undefined) throw new AppError('vmNotFound', { params: { vmUuid: uuid } })
  if (domain.name !== seenName)
    throw new AppError('vmChanged', { params: { seenName, name: domain.name.slice(0, 4096) } })
  const namesake = domains.some((listed) => listed.uuid !== uuid && listed.name.toLowerCase() === uuid)
  const monitor = parseDomcontrol(control?.output ?? '')
  const stuck = monitor.kind === 'occupied' && monitor.forMs >= OCCUPIED_MS
  if (rule.needsMonitor && (stuck || deps.isHung(uuid)))
    throw new AppError('vmNotResponding', { retryable: true })
  return { state: parseDomstate(stateAnswer?.output ?? ''), hasNamesake: namesake }
}

/** libvirt refused. Perhaps because another was faster: then the VM is where the operator wants it. */
async function judgeFailure(
  deps: ActionDeps,
  request: ActionRequest,
  rule: Rule,
  message: string,
  signal: AbortSignal
): Promise<'already'> {
  const kind = failureKindOf(message)
  if (kind === 'notPossible') {
    const { state } = await readBack(deps, request, rule, signal)
    if (rule.already.includes(state)) return 'already'
    throw new AppError('vmActionNotPossible', { params: { state, stderr: message } })
  }
  if (kind === 'vmNotFound') throw new AppError('vmNotFound', { params: { vmUuid: request.uuid } })
  if (kind === 'vmNotResponding') throw new AppError('vmNotResponding', { retryable: true })
  throw connectionFailureOf(message) ?? new AppError('libvirtFailed', { params: { stderr: message } })
}
