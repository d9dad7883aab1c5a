/** Pending updates out of what each package manager prints without touching the network. */
import { PackageManager } from '#contract/vocabulary.ts'
import { words } from '../metrics/numbers.ts'
import { epochSeconds, word } from './text.ts'

export interface PendingUpdate {
  readonly name: string
  readonly current: string | null
  readonly next: string
  /** null = this package manager does not tell. */
  readonly security: boolean | null
}

export interface Updates {
  readonly manager: PackageManager
  readonly updates: readonly PendingUpdate[]
  readonly listsAtMs: number | null
  readonly rebootRequired: boolean | null
  readonly rebootFor: readonly string[]
}

/** `notListed`: the server has never fetched a package list, so that no update is no news; `failed`: the tool refused. */
export type UpdatesAnswer =
  | { readonly kind: 'updates'; readonly updates: Updates }
  | { readonly kind: 'noManager' }
  | {
      readonly kind: 'notListed' | 'failed' | 'denied'
      readonly manager: PackageManager
      readonly words: string | null
    }

const MAX_LINES = 20_000

/** Sections as the script prints them: manager, exit, list, security, lists, reboot. */
export function parseUpdates(sections: ReadonlyMap<string, string>): UpdatesAnswer {
  const manager = PackageManager.safeParse((sections.get('manager') ?? '').trim())
  if (!manager.success) return { kind: 'noManager' }
  const list = sections.get('list') ?? ''
  const said = word(sections.get('errors'), 400)
  if (!hasWorked(manager.data, (sections.get('exit') ?? '').trim()))
    return { kind: isDenial(said ?? '') ? 'denied' : 'failed', manager: manager.data, words: said }
  const listsAtMs = epochSeconds(sections.get('lists'))
  if (listsAtMs === null) return { kind: 'notListed', manager: manager.data, words: said }
  const reboot = (sections.get('reboot') ?? '').split('\n', 200)
  return {
    kind: 'updates',
    updates: {
      manager: manager.data,
      updates: PARSERS[manager.data](list, sections.get('security') ?? null),
      listsAtMs,
      rebootRequired: reboot[0] === 'yes' ? true : reboot[0] === 'no' ? false : null,
      rebootFor: reboot
        .slice(1)
        .flatMap((line) => word(line, 100) ?? [])
        .slice(0, 100)
    }
  }
}

/** dnf and yum end with 100 when there are updates, pacman with 1 when there are none. */
function hasWorked(manager: PackageManager, exit: string): boolean {
  if (exit === '0') return true
  if (manager === 'dnf' || manager === 'yum') return exit === '100'
  return manager === 'pacman' && exit === '1'
}

const isDenial = (said: string): boolean =>
  /permission denied|must be root|superuser|root privileges|are you root|a password is required|cache-only enabled but no cache/i.test(
    said
  )

type Parse = (list: string, security: string | null) => PendingUpdate[]

const PARSERS: Readonly<Record<PackageManager, Parse>> = {
  apt: parseApt,
  dnf: parseDnf,
  yum: parseDnf,
  zypper: parseZypper,
  pacman: parsePacman,
  apk: parseApk
}

/**
 * `apt-get -s upgrade`: `Inst libssl3 [3.0.11-1] (3.0.14-1 Debian-Security:12/stable-security [amd64])`. A line without a
 * version in the first brackets is a package that would come along, and no update.
 */
export function parseApt(list: string): PendingUpdate[] {
  return eachLine(list, (line) => {
    const [, name, current, next, origin = ''] =
      /^Inst (\S{1,200}) \[([^\]]{1,200})\] \((\S{1,200})([^)]{0,500})\)/.exec(line) ?? []
    if (name === undefined) return null
    return update(name, current, next, /security|UbuntuESM/i.test(origin))
  })
}

/** `name.arch  version  repository`; obsoletes are listed below a heading of their own. */
export function parseDnf(list: string, security: string | null): PendingUpdate[] {
  const urgent = security === null ? null : new Set(dnfRows(security).map(({ name }) => name))
  return dnfRows(list).map(({ name, next }) => ({
    name,
    current: null,
    next,
    security: urgent === null ? null : urgent.has(name)
  }))
}

function dnfRows(text: string): { name: string; next: string }[] {
  const rows: { name: string; next: string }[] = []
  // yum breaks a row whose name is long: the rest stands on the next line, indented.
  for (const line of text.replaceAll(/\n {10,}(?=\S)/g, ' ').split('\n', MAX_LINES)) {
    if (/^(?:Obsoleting|Security:)/i.test(line)) break
    const [first = '', next = '', repository, ...more] = words(line)
    if (!/^[^\s:]+\.[a-z0-9_]+$/.test(first) || repository === undefined || more.length > 0) continue
    if (!/^\d/.test(next)) continue
    rows.push({ name: word(first.slice(0, first.lastIndexOf('.'))) ?? '', next: word(next) ?? '' })
  }
  return rows
}

/** `S | Repository | Name | Current Version | Available Version | Arch`; security: names of patches' packages are not told. */
export function parseZypper(list: string): PendingUpdate[] {
  return eachLine(list, (line) => {
    const cells = line.split('|').map((cell) => cell.trim())
    const [status, , name, current, next] = cells
    if (status !== 'v' || cells.length < 6) return null
    return update(name, current, next, null)
  })
}

/** `linux 6.9.1.arch1-1 -> 6.9.2.arch1-1`; `[ignored]` ones are not pending. */
export function parsePacman(list: string): PendingUpdate[] {
  return eachLine(list, (line) => {
    const [, name, current, next] = /^(\S{1,200}) (\S{1,200}) -> (\S{1,200})\s*$/.exec(line) ?? []
    return update(name, current, next, null)
  })
}

/** `busybox-1.36.1-r28      < 1.36.1-r29`. */
export function parseApk(list: string): PendingUpdate[] {
  return eachLine(list, (line) => {
    const [, name, current, next] = /^(\S{1,200}?)-(\d\S{0,100}-r\d{1,6}) +< +(\S{1,200})/.exec(line) ?? []
    return update(name, current, next, null)
  })
}

function update(
  name: string | undefined,
  current: string | undefined,
  next: string | undefined,
  security: boolean | null
): PendingUpdate | null {
  const [named, to] = [word(name), word(next)]
  return named === null || to === null ? null : { name: named, current: word(current), next: to, security }
}

function eachLine(text: string, parse: (line: string) => PendingUpdate | null): PendingUpdate[] {
  const found = new Map<string, PendingUpdate>()
  for (const line of text.split('\n', MAX_LINES)) {
    const one = parse(line)
    if (one !== null) found.set(one.name, one)
  }
  return [...found.values()]
}
