/** Start, shut down, reboot, force off, pause, resume: by UUID, idempotent, each a journal row before it is sent. */
import { AppError } from '#contract/errors.ts'
import { VmUuid } from '#contract/ids.ts'
import type { DomainState, MachineAction } from '#contract/vocabulary.ts'
import { parseDomcontrol } from '../../domain/libvirt/domcontrol.ts'
import { failureKindOf } from '../../domain/libvirt/failure-words.ts'
import { parseDomstate } from '../../domain/libvirt/domain-state.ts'
import type { Clock } from '../../application/clock.ts'
import type { ActionJournal } from '../../application/machines/hypervisor.ts'
import type { Connection } from '../../application/servers/connection.ts'
import { connectionFailureOf, type LaneHolder } from './lane-holder.ts'
import { LISTING, listingOf } from './machine-catalogue.ts'
import { writeCommand, writeScript } from './virsh-scripts.ts'

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
}

const OFF: readonly DomainState[] = ['shutOff', 'crashed']
const RUNNING: readonly DomainState[] = ['running', 'blocked']
/** A VM whose state libvirt cannot name is left to libvirt to judge. */
const RULES: Readonly<Record<MachineAction, Rule>> = {
  start: { command: 'start', already: RUNNING, from: [...OFF, 'unknown'], needsMonitor: false },
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
  resume: { command: 'resume', already: RUNNING, from: ['paused', 'unknown'], needsMonitor: true }
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
  const state = await readBack(deps, request, rule, signal)
  if (rule.already.includes(state)) return 'already'
  if (!rule.from.includes(state)) throw new AppError('vmActionNotPossible', { params: { state } })

  await journal.beforeSend(writeCommand(deps.uri, rule.command, uuid))
  const startedMs = deps.clock.monotonicMs()
  const durationMs = (): number => Math.round(deps.clock.monotonicMs() - startedMs)
  try {
    const script = writeScript(deps.uri, rule.command, uuid)
    const { exitCode, stdout, stderr } = await deps.connection.run(script, {
      signal,
      deadlineMs: ACT_DEADLINE_MS
    })
    const message = exitCode === 0 ? '' : `${stdout}\n${stderr}`.trim().slice(0, MAX_MESSAGE_CHARS)
    await journal.afterSend({ exitCode, stderr: message, durationMs: durationMs() })
    if (exitCode === 0) return 'done'
    return await judgeFailure(deps, request, rule, message, signal)
  } catch (error) {
    if (!isLostAnswer(error)) throw error
    // Sent, and nobody knows whether it was done: the state tells, and nothing is sent a second time.
    const now = await readBack(deps, request, rule, signal).catch(() => null)
    await journal.afterSend({ exitCode: null, stderr: '', durationMs: durationMs() })
    if (now !== null && rule.already.includes(now)) return 'done'
    throw error
  }
}

/** Name, UUID, state and monitor of the VM, right before (or after) a write. */
async function readBack(
  deps: ActionDeps,
  { uuid, seenName }: ActionRequest,
  rule: Rule,
  signal: AbortSignal
): Promise<DomainState> {
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
  // Were this VM undefined in the next moment, virsh would take its UUID for the other one's name.
  const namesake = domains.find((listed) => listed.uuid !== uuid && listed.name.toLowerCase() === uuid)
  if (namesake !== undefined)
    throw new AppError('vmChanged', {
      params: { seenName, name: namesake.name, namesakeUuid: namesake.uuid }
    })
  const monitor = parseDomcontrol(control?.output ?? '')
  const stuck = monitor.kind === 'occupied' && monitor.forMs >= OCCUPIED_MS
  if (rule.needsMonitor && (stuck || deps.isHung(uuid)))
    throw new AppError('vmNotResponding', { retryable: true })
  return parseDomstate(stateAnswer?.output ?? '')
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
    const state = await readBack(deps, request, rule, signal)
    if (rule.already.includes(state)) return 'already'
    throw new AppError('vmActionNotPossible', { params: { state, stderr: message } })
  }
  if (kind === 'vmNotFound') throw new AppError('vmNotFound', { params: { vmUuid: request.uuid } })
  if (kind === 'vmNotResponding') throw new AppError('vmNotResponding', { retryable: true })
  throw connectionFailureOf(message) ?? new AppError('libvirtFailed', { params: { stderr: message } })
}

const isLostAnswer = (error: unknown): boolean =>
  error instanceof AppError &&
  (error.code === 'deadlineExceeded' || error.code === 'disconnected' || error.code === 'shellUnavailable')
