/** Signals and niceness. The process is named by pid and start, and its start is looked at in the same script, right before. */
import { AppError } from '#contract/errors.ts'
import { ProcessRef } from '#contract/processes.ts'
import type { ActOnProcess, ProcessAct } from '../../application/processes/process-tools.ts'

const DEADLINE_MS = 15_000
const MAX_MESSAGE_CHARS = 2_000
/** Nothing was sent: another process has the pid now, or none. */
const GONE_EXIT = 97
/** Of `kill`: the process still runs a moment after. */
const RUNS_EXIT = 96

/** The command as the journal shows it. */
export function commandOf({ pid }: ProcessRef, act: ProcessAct): string {
  if (act.kind === 'renice') return `renice ${act.nice} -p ${pid}`
  return `kill -s ${act.signal === 'kill' ? 'KILL' : 'TERM'} ${pid}`
}

/**
 * POSIX sh. The name of a process may hold anything, so fields are counted from the last bracket. Where the operator allows sudo it
 * is asked for only when the login user itself may not; its words are told then.
 */
export function actScript(process: ProcessRef, act: ProcessAct, sudo: '' | 'sudo -n '): string {
  const { pid, startTicks } = ProcessRef.parse(process)
  const command = commandOf(process, act)
  const run = sudo === '' ? `${command} 2>&1` : `{ ${command} >/dev/null 2>&1 || ${sudo}${command} 2>&1; }`
  const after =
    act.kind === 'renice'
      ? `fields
[ "$nice" = ${act.nice} ] || { echo "niceness is $nice"; exit 1; }
exit 0`
      : `fields
[ "$start" = ${startTicks} ] && sleep 1
fields
[ "$start" = ${startTicks} ] && exit ${RUNS_EXIT}
exit 0`
  return `LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin
set -f
fields() {
  start= nice=
  record=$(cat /proc/${pid}/stat 2>/dev/null) || return 0
  set -- \${record##*)}
  [ "$1" = Z ] && return 0
  nice=\${17} start=\${20}
}
fields
[ "$start" = ${startTicks} ] || exit ${GONE_EXIT}
${run} </dev/null || exit 1
${after}
`
}

export const actOnProcess: ActOnProcess = async (
  { connection, clock, sudo },
  process,
  act,
  journal,
  signal
) => {
  await journal.beforeSend(commandOf(process, act))
  const startedMs = clock.monotonicMs()
  const durationMs = (): number => Math.round(clock.monotonicMs() - startedMs)
  const answer = await connection
    .run(actScript(process, act, sudo), { signal, deadlineMs: DEADLINE_MS })
    .catch(async (error: unknown) => {
      await journal.afterSend({ exitCode: null, stderr: '', durationMs: durationMs() })
      throw error
    })
  const { exitCode, stdout, stderr } = answer
  const message = `${stdout}\n${stderr}`.trim().slice(0, MAX_MESSAGE_CHARS)
  // Both are no failures of the command: 96 was sent, and 97 had nothing to be sent to.
  const journalled = exitCode === RUNS_EXIT ? 0 : exitCode
  await journal.afterSend({ exitCode: journalled, stderr: message, durationMs: durationMs() })
  if (exitCode === GONE_EXIT) return 'gone'
  if (exitCode === RUNS_EXIT) return 'sent'
  if (exitCode === 0) return act.kind === 'renice' ? 'done' : 'ended'
  throw new AppError('commandFailed', { params: { stderr: message, command: commandOf(process, act) } })
}
