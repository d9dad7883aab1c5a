/** systemd's units out of `systemctl list-units` and `systemctl show`. */
import { InitSystem, UnitName } from '#contract/vocabulary.ts'
import { words } from '../metrics/numbers.ts'
import { blocksOf, systemdTime, word } from './text.ts'

/** Words of systemd, as it prints them. */
export interface ListedUnit {
  readonly name: UnitName
  readonly load: string
  readonly active: string
  readonly sub: string
  readonly description: string
}

export interface UnitDetail {
  readonly name: UnitName
  readonly sinceAtMs: number | null
  readonly enabled: string | null
  /** Why it failed; null = it did not. */
  readonly result: string | null
}

const MAX_UNITS = 10_000
/** The dot before a unit that failed, in UTF-8 and in the C locale; some versions print it with --plain too. */
const MARKS = new Set(['●', '×', '○', '↻', '*', 'x'])

/** `UNIT LOAD ACTIVE SUB DESCRIPTION`, a unit a line. Names that are none of systemd's are left out. */
export function parseListUnits(text: string): ListedUnit[] {
  const units = new Map<string, ListedUnit>()
  for (const line of text.split('\n', MAX_UNITS)) {
    const fields = words(line)
    if (MARKS.has(fields[0] ?? '')) fields.shift()
    const [first = '', load, active, sub, ...description] = fields
    const name = UnitName.safeParse(first)
    if (!name.success || load === undefined || active === undefined || sub === undefined) continue
    units.set(name.data, {
      name: name.data,
      load: word(load, 60) ?? '',
      active: word(active, 60) ?? '',
      sub: word(sub, 60) ?? '',
      description: word(description.join(' ')) ?? ''
    })
  }
  return [...units.values()]
}

/** Blocks of `systemctl show -p Id,…`, asked with TZ=UTC0. */
export function parseUnitDetails(text: string): Map<string, UnitDetail> {
  const details = new Map<string, UnitDetail>()
  for (const block of blocksOf(text)) {
    const name = UnitName.safeParse(block.get('Id'))
    if (!name.success) continue
    const result = word(block.get('Result'), 60)
    details.set(name.data, {
      name: name.data,
      sinceAtMs: systemdTime(block.get('StateChangeTimestamp')),
      enabled: word(block.get('UnitFileState'), 60),
      result: result === 'success' ? null : result
    })
  }
  return details
}

/** The word of the script for what is process 1. */
export const parseInit = (text: string | undefined): InitSystem =>
  InitSystem.safeParse((text ?? '').trim()).data ?? 'other'

/** 1 = it does what it is there for. A unit on its way counts: it has not failed. */
export const isActive = (active: string): boolean =>
  active === 'active' || active === 'reloading' || active === 'activating' || active === 'refreshing'

/** Units that the console, or the way to the server, hangs on. */
const REMOTE_ACCESS =
  /^(?:ssh|sshd|ssh@.*|sshd@.*|dropbear|systemd-networkd|systemd-logind|NetworkManager|networking|network|wicked|wpa_supplicant(?:@.*)?|dhcpcd(?:@.*)?|dbus|dbus-broker|firewalld|nftables|ufw|wg-quick@.*|openvpn(?:@.*|-.*)?|tailscaled)\.(?:service|socket)$/

export const isRemoteAccess = (name: string): boolean => REMOTE_ACCESS.test(name)
