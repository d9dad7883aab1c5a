/**
 * Who is logged in, out of what a server keeps about it: systemd-logind, else utmp as `who` prints it, else the titles that
 * sshd gives its processes. docs/services.md says which and why.
 */
import type { SessionKind, SessionSource } from '#contract/vocabulary.ts'
import { words } from '../metrics/numbers.ts'
import { blocksOf, epochSeconds, plausibleAt, systemdTime, wholeNumber, word, yearlessTime } from './text.ts'

/** As the contract's UserSession says it. */
export interface Session {
  /** The same for the same login in the next reading. */
  readonly key: string
  readonly user: string
  readonly kind: SessionKind
  readonly terminal: string | null
  readonly origin: string | null
  readonly service: string | null
  readonly sinceAtMs: number | null
  readonly idleMs: number | null
  readonly pid: number | null
  readonly isConsole: boolean
}

export interface Sessions {
  readonly source: SessionSource
  readonly sessions: readonly Session[]
  /** The login user may not see processes of others (hidepid): what comes from processes is not all there is. */
  readonly isPartial: boolean
}

/** A login with a terminal or a screen, other than the console's own connection. */
export const isLogin = ({ kind, isConsole }: Session): boolean => kind !== 'noTerminal' && !isConsole

/** One process of sshd that serves a login: `sshd: op@pts/0`, `sshd-session: op@notty`. */
export interface SshProcess {
  readonly pid: number
  readonly parentPid: number
  readonly sinceAtMs: number | null
  readonly user: string
  /** pts/0; null = without a terminal. */
  readonly terminal: string | null
  readonly origin: string | null
}

interface Known {
  readonly nowMs: number
  readonly own: ReadonlySet<string>
  readonly ownPids: ReadonlySet<number>
  readonly touched: ReadonlyMap<string, number>
  readonly ssh: readonly SshProcess[]
  readonly who: readonly Session[]
}

/** Sections as the script prints them: now, own, logind, who, sshd, tty. null: not even the time could be read. */
export function parseSessions(sections: ReadonlyMap<string, string>): Sessions | null {
  const nowMs = epochSeconds(sections.get('now'))
  if (nowMs === null) return null
  const own = words((sections.get('own') ?? '').replaceAll('\n', ' '))
  const known = {
    nowMs,
    own: new Set(own),
    ownPids: new Set(own.map(Number)),
    touched: parseTouched(sections.get('tty') ?? ''),
    ssh: parseSshProcesses(sections.get('sshd') ?? '')
  }
  const who = parseWho(sections.get('who') ?? '', nowMs).map((session) => withIdle(session, known))
  const logind = parseLogind(sections.get('logind') ?? '', { ...known, who })
  const isHidden = known.own.has('hidden')
  if (logind.length > 0) return { source: 'logind', sessions: logind, isPartial: false }
  const bySsh = known.ssh.map((process) => sessionOfProcess(process, known))
  // utmp has terminals only: the logins without one are added from sshd's processes.
  if (who.length > 0)
    return {
      source: 'utmp',
      sessions: [...who, ...bySsh.filter(({ kind }) => kind === 'noTerminal')],
      isPartial: false
    }
  return { source: 'processes', sessions: bySsh, isPartial: isHidden }
}

/** `ATIME /dev/pts/0` → pts/0 → when it was last typed into. */
function parseTouched(text: string): Map<string, number> {
  const touched = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [seconds, path] = words(line)
    const atMs = epochSeconds(seconds)
    if (atMs !== null && path?.startsWith('/dev/') === true) touched.set(path.slice(5), atMs)
  }
  return touched
}

function idleOf(
  terminal: string | null,
  { touched, nowMs }: Pick<Known, 'touched' | 'nowMs'>
): number | null {
  const atMs = terminal === null ? undefined : touched.get(terminal)
  return atMs === undefined ? null : Math.max(0, nowMs - atMs)
}

const withIdle = (session: Session, known: Pick<Known, 'touched' | 'nowMs'>): Session => ({
  ...session,
  idleMs: idleOf(session.terminal, known) ?? session.idleMs
})

/** `PID PPID SINCE ORIGIN|- TITLE`, the title as far as sshd wrote it. */
export function parseSshProcesses(text: string): SshProcess[] {
  const found: SshProcess[] = []
  for (const line of text.split('\n')) {
    const [, pid, parent, since, from, user = '', terminal = ''] =
      /^(\d{1,10}) (\d{1,10}) (\d{1,12}|-) (\S{1,255}) sshd(?:-session)?: (\S{1,64})@([^\s@]{1,64})\s*$/.exec(
        line
      ) ?? []
    if (pid === undefined) continue
    found.push({
      pid: Number(pid),
      parentPid: Number(parent),
      sinceAtMs: epochSeconds(since),
      user: word(user) ?? '',
      terminal: terminal === 'notty' ? null : word(terminal),
      origin: from === '-' ? null : word(from)
    })
  }
  return found
}

function sessionOfProcess(process: SshProcess, { ownPids, ...known }: Omit<Known, 'who'>): Session {
  const { pid, user, terminal, origin, sinceAtMs } = process
  return {
    key: `ssh/${pid}/${sinceAtMs ?? ''}`,
    user,
    kind: terminal === null ? 'noTerminal' : 'terminal',
    terminal,
    origin,
    service: 'sshd',
    sinceAtMs,
    idleMs: idleOf(firstOf(terminal), known),
    pid,
    isConsole: terminal === null && ownPids.has(pid)
  }
}

/** sshd names all terminals of one connection: `pts/0,pts/1`. */
const firstOf = (terminals: string | null): string | null => terminals?.split(',')[0] ?? null

const GRAPHICAL = new Set(['x11', 'wayland', 'mir', 'web'])

/** `loginctl show-session` or the files of /run/systemd/sessions; their keys differ in case only. */
function parseLogind(text: string, known: Known): Session[] {
  return blocksOf(text).flatMap((block): Session[] => {
    const get = (...names: string[]): string | null =>
      names.map((name) => word(block.get(name))).find((value) => value !== null) ?? null
    const id = get('Id')
    const user = get('Name', 'USER')
    const sessionClass = get('Class', 'CLASS') ?? 'user'
    // Greeters, managers of a user's services and cron are nobody; a session that closes has left already.
    if (id === null || user === null || !sessionClass.startsWith('user')) return []
    if (get('State', 'STATE') === 'closing') return []
    const pid = wholeNumber(get('Leader', 'LEADER'))
    const service = get('Service', 'SERVICE')
    const remoteHost = get('RemoteHost', 'REMOTE_HOST')
    const process = known.ssh.find(({ parentPid, pid: own }) => parentPid === pid || own === pid)
    const isConsole = known.own.has(`session:${id}`) || (pid !== null && known.ownPids.has(pid))
    const terminal = terminalOf(get('TTY'), { process, user, remoteHost, service }, known)
    const type = get('Type', 'TYPE') ?? ''
    const kind: SessionKind = GRAPHICAL.has(type)
      ? 'graphical'
      : terminal === null
        ? 'noTerminal'
        : 'terminal'
    return [
      {
        key: `logind/${id}`,
        user,
        kind,
        terminal: terminal ?? get('Display', 'DISPLAY'),
        origin: remoteHost ?? process?.origin ?? null,
        service,
        sinceAtMs: systemdTime(get('Timestamp', 'REALTIME')),
        idleMs: idleOf(firstOf(terminal), known) ?? hintedIdle(block, known.nowMs),
        pid,
        isConsole: isConsole && kind === 'noTerminal'
      }
    ]
  })
}

/**
 * logind is told of an ssh login before its terminal is made, and some versions never learn of it: then sshd's own process
 * names it, or the line of utmp for the same user and host.
 */
function terminalOf(
  told: string | null,
  of: {
    readonly process: SshProcess | undefined
    readonly user: string
    readonly remoteHost: string | null
    readonly service: string | null
  },
  { who }: Known
): string | null {
  if (told !== null && told !== 'ssh') return told
  if (of.process !== undefined) return of.process.terminal
  if (of.service !== 'sshd') return null
  return who.find(({ user, origin }) => user === of.user && origin === of.remoteHost)?.terminal ?? null
}

function hintedIdle(block: ReadonlyMap<string, string>, nowMs: number): number | null {
  if (block.get('IdleHint') !== 'yes') return null
  const sinceMs = systemdTime(block.get('IdleSinceHint'))
  return sinceMs === null ? null : Math.max(0, nowMs - sinceMs)
}

const WHO_TIME =
  /(?:^|\s)(?:(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2})(?::\d{2})?|([A-Z][a-z]{2}) +(\d{1,2}) +(\d{1,2}:\d{2}(?::\d{2})?))(?=\s|$)/

/**
 * `who -u` of coreutils (C locale or ISO times) and `who` of busybox, asked with TZ=UTC0. Lines that are no login (a header,
 * words of an old tool) are left out.
 */
export function parseWho(text: string, nowMs: number): Session[] {
  const sessions: Session[] = []
  for (const line of text.split('\n', 2_000)) {
    const [, user = '', terminal = '', rest = ''] =
      /^(\S{1,64}) +(?:[+?-] +)?(\S{1,64})(.*)$/.exec(line) ?? []
    const time = WHO_TIME.exec(rest)
    if (time === null) continue
    const after = rest.slice(time.index + time[0].length)
    const [, pid, inBrackets] = /^\s+\S+\s+(\d{1,10})(?:\s+\((.{1,256})\))?\s*$/.exec(after) ?? []
    const host = word(inBrackets ?? (pid === undefined ? after.trim().replace(/^\((.*)\)$/, '$1') : null))
    const sinceAtMs = whoTime(time, nowMs)
    sessions.push({
      key: `utmp/${word(user) ?? ''}/${word(terminal) ?? ''}/${sinceAtMs ?? ''}`,
      user: word(user) ?? '',
      kind: terminal.startsWith(':') || host?.startsWith(':') === true ? 'graphical' : 'terminal',
      terminal: word(terminal),
      // A display is no place that somebody came from.
      origin: host === null || host.startsWith(':') ? null : host,
      service: null,
      sinceAtMs,
      idleMs: null,
      pid: pid === undefined ? null : Number(pid),
      isConsole: false
    })
  }
  return sessions
}

function whoTime(found: RegExpExecArray, nowMs: number): number | null {
  const [, year, month, day, hour, minute, monthName, dayOfMonth, time] = found
  if (monthName !== undefined && dayOfMonth !== undefined && time !== undefined)
    return yearlessTime(monthName, dayOfMonth, time, nowMs)
  return plausibleAt(Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute)))
}
