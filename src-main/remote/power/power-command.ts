/** Shut down, reboot, suspend a server: what it has for that, and sending it so that its end is understood. */
import { randomBytes } from 'node:crypto'
import type { ServerPowerAction } from '#contract/vocabulary.ts'
import type { PlannedPower, PowerSent } from '../../application/ports/port-access.ts'
import type { Connection } from '../../application/servers/connection.ts'

const PATH = 'PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin'
const PLAN_DEADLINE_MS = 15_000
const MAX_USERS = 64
const MAX_STDERR = 2_000
const MAX_NOISE = 64 * 1024

/** In the order they are tried. Constant: nothing else is ever run. */
const COMMANDS: Readonly<Record<ServerPowerAction, readonly string[]>> = {
  shutDown: ['systemctl poweroff', 'shutdown -h now', 'poweroff'],
  reboot: ['systemctl reboot', 'shutdown -r now', 'reboot'],
  suspend: ['systemctl suspend']
}

const planScript = (action: ServerPowerAction, sudo: string): string =>
  [
    PATH,
    `echo "uid $(id -u)"`,
    // What a server that cannot sleep has here: an empty file, or no word for it.
    `[ -r /sys/power/state ] && { s=; read -r s < /sys/power/state; echo "sleep $s"; }`,
    ...COMMANDS[action].map((command) => {
      const [tool = ''] = command.split(' ')
      const allowed = sudo === '' ? '' : `; ${sudo}-l ${command} >/dev/null 2>&1 && echo "sudo ${command}"`
      return `if command -v ${tool} >/dev/null; then echo "has ${command}"${allowed}; fi`
    }),
    `command -v who >/dev/null && { echo users; who 2>/dev/null | head -n ${MAX_USERS} | while read -r u rest; do echo "user $u"; done; }`,
    ':'
  ].join('\n')

export async function planPower(
  connection: Connection,
  options: { action: ServerPowerAction; sudo: '' | 'sudo -n '; signal: AbortSignal }
): Promise<PlannedPower> {
  const { action, sudo, signal } = options
  const { stdout } = await connection.run(planScript(action, sudo), {
    signal,
    deadlineMs: PLAN_DEADLINE_MS,
    maxBytes: 64 * 1024
  })
  return planOf(stdout, action, sudo)
}

/** Pure; for tests too. */
export function planOf(text: string, action: ServerPowerAction, sudo: '' | 'sudo -n '): PlannedPower {
  const lines = text.split('\n', 1_000)
  const isRoot = lines.includes('uid 0')
  const sleep = lines.find((line) => line.startsWith('sleep'))
  const users = lines.includes('users')
    ? lines.filter((line) => line.startsWith('user ')).map((line) => line.slice(5, 261))
    : null
  const seen = { users: users === null ? null : users.slice(0, MAX_USERS) }
  const has = COMMANDS[action].find((command) => lines.includes(`has ${command}`))
  if (action === 'suspend' && sleep !== undefined && !/\b(?:mem|standby|freeze)\b/.test(sleep))
    return { command: null, cause: 'notPresent', ...seen }
  if (has === undefined) return { command: null, cause: 'toolMissing', ...seen }
  if (isRoot) return { command: has, cause: null, ...seen }
  const bySudo = COMMANDS[action].find((command) => lines.includes(`sudo ${command}`))
  if (sudo !== '' && bySudo !== undefined) return { command: `${sudo}${bySudo}`, cause: null, ...seen }
  // systemd asks polkit, which lets some users; the older programs take root only.
  return { command: has.startsWith('systemctl ') ? has : null, cause: 'permissionDenied', ...seen }
}

const isKnown = (command: string): boolean =>
  Object.values(COMMANDS)
    .flat()
    .includes(command.replace(/^sudo -n /, ''))

/**
 * Says "taken" before it runs the command, and how it ended: so a link that goes in between went because of it. On a channel of
 * its own, whose output is read as it comes.
 */
export async function sendPower(
  connection: Connection,
  { command, deadlineMs }: { command: string; deadlineMs: number }
): Promise<PowerSent> {
  if (!isKnown(command)) throw new RangeError('no power command')
  const marker = randomBytes(16).toString('hex')
  const never = new AbortController().signal
  const channel = await connection.openShell({ signal: never, deadlineMs, isJob: false })
  let text = ''
  let taken = false
  const { promise, resolve } = Promise.withResolvers<PowerSent>()
  const decoder = new TextDecoder()
  channel.onData((chunk) => {
    text += decoder.decode(chunk, { stream: true })
    if (text.includes(`\n${marker} taken\n`)) taken = true
    const [, code, said] =
      new RegExp(`\\n${marker} ended (\\d{1,3})\\n([\\s\\S]*)\\n${marker} end\\n`).exec(text) ?? []
    if (code !== undefined)
      resolve({ kind: 'ended', exitCode: Number(code), stderr: (said ?? '').trim().slice(0, MAX_STDERR) })
    // What rc files print, or a command that cannot stop: its beginning is enough.
    if (text.length > MAX_NOISE) text = text.slice(-MAX_NOISE / 2)
  })
  channel.onErrorData(() => undefined)
  const gone = (): void => resolve({ kind: taken ? 'linkGone' : 'lost' })
  void channel.closed.then(gone)
  void connection.closed.then(gone)
  const timer = setTimeout(() => resolve({ kind: taken ? 'running' : 'lost' }), deadlineMs)
  try {
    await channel.write(powerScript(command, marker))
    return await promise
  } catch (error) {
    if (taken || connectionEnded(error)) return { kind: taken ? 'linkGone' : 'lost' }
    throw error
  } finally {
    clearTimeout(timer)
    channel.close()
  }
}

/** A write to a channel that has just gone: nobody knows whether it arrived. */
const connectionEnded = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'disconnected'

export const powerScript = (command: string, marker: string): string =>
  [
    `: virthelm power ${marker}`,
    `LC_ALL=C; export LC_ALL; ${PATH}`,
    `printf '\\n%s taken\\n' ${marker}`,
    `e=$(${command} 2>&1 </dev/null); x=$?`,
    `printf '\\n%s ended %s\\n%.2000s\\n%s end\\n' ${marker} "$x" "$e" ${marker}`,
    `: virthelm end`,
    ''
  ].join('\n')
