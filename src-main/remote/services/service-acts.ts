/** Commands on units and containers: what an operator would type, each word quoted, the write journalled before it is sent. */
import { AppError } from '#contract/errors.ts'
import { isActedUnit, type ServiceAction, type ServiceTarget } from '#contract/services.ts'
import type { Clock } from '../../application/clock.ts'
import type { ActionJournal } from '../../application/machines/hypervisor.ts'
import type { Connection } from '../../application/servers/connection.ts'
import type { ActResult, LogResult, ServiceHost, Sudo } from '../../application/services/service-host.ts'
import { isPartialJournal, isRefusal, logLines } from '../../domain/services/service-words.ts'
import { quote } from '../ssh/quote.ts'

/** A unit may take its own TimeoutStopSec of 90 s to stop. */
export const ACT_DEADLINE_MS = 110_000
const READ_DEADLINE_MS = 15_000
const MAX_LOG_BYTES = 512 * 1024
const MAX_MESSAGE_CHARS = 2_000
const LOG_LINES = 50
/** The name leads to another container than the one that was seen. */
const CHANGED_EXIT = 65

type Container = Extract<ServiceTarget, { kind: 'container' }>

/** Not quoted where that changes nothing, so that a journal reads as one would type it. */
const shown = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : quote(word))

const engineOf = ({ engine, viaSudo }: Container, sudo: Sudo): string => {
  if (viaSudo && sudo === '') throw new AppError('refused', { params: { what: 'sudo' } })
  return `${viaSudo ? sudo : ''}${engine}`
}

export function commandOf(target: ServiceTarget, action: ServiceAction, sudo: Sudo): string {
  if (target.kind === 'container') {
    if (action === 'reload') throw new AppError('invalidInput', { params: { field: 'action' } })
    return `${engineOf(target, sudo)} ${action} ${shown(target.name)}`
  }
  if (!isActedUnit(target.name)) throw new AppError('invalidInput', { params: { field: 'target' } })
  return `${sudo}systemctl --no-ask-password ${action} -- ${shown(target.name)}`
}

/** Right before the write, so that a container that was replaced meanwhile is left alone. */
const guardOf = (target: ServiceTarget, sudo: Sudo): string =>
  target.kind === 'unit'
    ? ''
    : `i=$(${engineOf(target, sudo)} inspect --format '{{.Id}}' ${quote(target.name)}) || exit
case $i in ${quote(target.id)}*) ;; *) exit ${CHANGED_EXIT};; esac
`

export function createServiceActs(clock: Clock): Pick<ServiceHost, 'commandOf' | 'act' | 'stateOf' | 'log'> {
  return { commandOf, act: actWith(clock), stateOf, log }
}

const actWith =
  (clock: Clock) =>
  async (
    connection: Connection,
    {
      target,
      action,
      sudo
    }: { readonly target: ServiceTarget; readonly action: ServiceAction; readonly sudo: Sudo },
    journal: ActionJournal,
    signal: AbortSignal
  ): Promise<ActResult> => {
    const command = commandOf(target, action, sudo)
    const script = `${guardOf(target, sudo)}${command}\n`
    await journal.beforeSend(command)
    const startedMs = clock.monotonicMs()
    const answer = await connection
      .run(script, { signal, deadlineMs: ACT_DEADLINE_MS })
      .catch((error: unknown) => ({ lost: error }))
    const durationMs = Math.round(clock.monotonicMs() - startedMs)
    if ('lost' in answer) {
      await journal.afterSend({ exitCode: null, stderr: '', durationMs })
      throw answer.lost
    }
    const { exitCode, stderr, stdout } = answer
    const message = `${stderr}\n${stdout}`.trim().slice(0, MAX_MESSAGE_CHARS)
    await journal.afterSend({ exitCode, stderr: stderr.trim().slice(0, MAX_MESSAGE_CHARS), durationMs })
    if (exitCode === CHANGED_EXIT && target.kind === 'container')
      throw new AppError('conflict', { params: { what: 'otherName', seenName: target.name } })
    if (exitCode === null) throw new AppError('commandFailed', { params: { stderr: message } })
    return { exitCode, message, denied: exitCode !== 0 && isRefusal(message) }
  }

async function stateOf(
  connection: Connection,
  target: ServiceTarget,
  sudo: Sudo,
  signal: AbortSignal
): Promise<string | null> {
  const script =
    target.kind === 'unit'
      ? `systemctl is-active -- ${quote(target.name)}`
      : `${engineOf(target, sudo)} inspect --format '{{.State.Status}}' ${quote(target.id)}`
  const { stdout } = await connection.run(script, { signal, deadlineMs: READ_DEADLINE_MS })
  const state = stdout.trim()
  return /^[a-z-]{1,40}$/.test(state) ? state : null
}

async function log(
  connection: Connection,
  target: ServiceTarget,
  sudo: Sudo,
  signal: AbortSignal
): Promise<LogResult> {
  const script = target.kind === 'unit' ? journalScript(target.name, sudo) : containerLogScript(target, sudo)
  const { exitCode, stdout, stderr } = await connection.run(script, {
    signal,
    deadlineMs: READ_DEADLINE_MS,
    maxBytes: MAX_LOG_BYTES
  })
  const said = stderr.trim().slice(0, MAX_MESSAGE_CHARS)
  if (exitCode !== 0 && said === '')
    throw new AppError('commandFailed', { params: { exitCode: exitCode ?? '' } })
  const denied = isPartialJournal(said) || (exitCode !== 0 && isRefusal(said))
  return { lines: logLines(stdout), denied, message: exitCode === 0 || said === '' ? null : said }
}

function journalScript(unit: string, sudo: Sudo): string {
  const read = `journalctl -u ${quote(unit)} -n ${LOG_LINES} --no-pager -o short-iso`
  // Where sudo does not allow it, what the login user may see is better than nothing.
  return sudo === '' ? read : `${sudo}${read} 2>/dev/null || ${read}`
}

/** What the container wrote to both of its outputs, in one. */
const containerLogScript = (target: Container, sudo: Sudo): string =>
  `o=$(${engineOf(target, sudo)} logs --tail ${LOG_LINES} --timestamps ${quote(target.id)} 2>&1)
x=$?
if [ $x = 0 ]; then printf '%s\\n' "$o"; else printf '%s\\n' "$o" >&2; fi
exit $x`
