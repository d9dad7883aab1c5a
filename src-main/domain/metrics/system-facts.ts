/** How a server is set up: board, firmware, time zone, default routes, name servers, package manager. Pure. */
import { clean, filledIn, firstLine } from './fact-text.ts'
import { parseCounter, words } from './numbers.ts'

export interface SystemFacts {
  /** null also when it says nothing that the machine's model does not. */
  readonly mainBoard: string | null
  readonly biosVersion: string | null
  readonly biosDate: string | null
  readonly timeZone: string | null
  /** null: no route could be read; empty: there is none. */
  readonly defaultGateways: string[] | null
  readonly dnsServers: string[] | null
  readonly packageManager: string | null
  readonly initSystem: string | null
}

/** Programs that the script looks for; the first that is there names the package manager. */
export const PACKAGE_MANAGERS = [
  'apt-get',
  'dnf',
  'yum',
  'zypper',
  'pacman',
  'apk',
  'xbps-install',
  'emerge',
  'opkg',
  'nix-env'
] as const

const NAMES: Readonly<Partial<Record<string, string>>> = {
  'apt-get': 'apt',
  'xbps-install': 'xbps',
  emerge: 'portage',
  'nix-env': 'nix'
}

const MAX_ADDRESSES = 8

export function parseSystemFacts(
  texts: ReadonlyMap<string, string>,
  architecture: string | null
): SystemFacts {
  const line = (name: string): string | null => firstLine(texts.get(name))
  const product = filledIn(line('product-name'))
  const board = filledIn(line('board-name'))
  const routes = texts.get('routes')
  const program = line('package-manager')
  return {
    mainBoard: board === product ? null : joined(filledIn(line('board-vendor')), board),
    biosVersion: joined(filledIn(line('bios-vendor')), filledIn(line('bios-version'))),
    biosDate: filledIn(line('bios-date')),
    timeZone: timeZone(line('time-zone'), line('time-zone-name')),
    defaultGateways: routes === undefined ? null : gateways(routes, isBigEndian(architecture)),
    dnsServers: nameServers(texts.get('name-servers'), texts.get('name-servers-resolved')),
    packageManager: program === null ? null : (NAMES[program] ?? program),
    initSystem: line('init')
  }
}

/** The second alone would not say what it is of. */
function joined(maker: string | null, model: string | null): string | null {
  if (model === null) return null
  return maker === null || model.toLowerCase().startsWith(maker.toLowerCase()) ? model : `${maker} ${model}`
}

/** `link` is where /etc/localtime leads to, or `none`; without that file libc takes UTC. */
function timeZone(link: string | null, name: string | null): string | null {
  const zone = /(?:^|\/)zoneinfo\/(?:posix\/|right\/)?([A-Za-z0-9+_/-]{1,60})$/.exec(link ?? '')?.[1]
  if (zone !== undefined) return zone
  const named = name === null || !/^[A-Za-z0-9+_/<>:.,-]{1,60}$/.test(name) ? null : name
  return named ?? (link === 'none' ? 'UTC' : null)
}

const isBigEndian = (architecture: string | null): boolean =>
  /^(?:s390|ppc(?:64)?$|sparc|parisc|m68k|mips(?:64)?$|armeb)/.test(architecture ?? '')

const RTF_GATEWAY = 0x2
const RTF_REJECT = 0x200

/** Lines `4|6 INTERFACE MASK NEXT-HOP FLAGS METRIC`, all in hex but the IPv4 metric. Best metric first, IPv4 before IPv6. */
function gateways(text: string, bigEndian: boolean): string[] {
  const found: { family: string; metric: number; address: string }[] = []
  for (const line of text.split('\n', 1_200)) {
    const [family, , mask, hop, flagText, metricText] = words(line)
    if (hop === undefined || flagText === undefined) continue
    const flags = parseHex(flagText)
    if (flags === null || (flags & RTF_GATEWAY) === 0 || (flags & RTF_REJECT) !== 0) continue
    if (family === '4' && mask === '00000000') {
      const address = ipv4(hop, bigEndian)
      const metric = parseCounter(metricText)
      if (address !== null) found.push({ family, metric: metric ?? 0, address })
    } else if (family === '6') {
      const address = ipv6(hop)
      if (address !== null) found.push({ family, metric: parseHex(metricText ?? '') ?? 0, address })
    }
  }
  found.sort((one, other) => one.family.localeCompare(other.family) || one.metric - other.metric)
  return [...new Set(found.map(({ address }) => address))].slice(0, MAX_ADDRESSES)
}

const parseHex = (text: string): number | null =>
  /^[0-9A-Fa-f]{1,8}$/.test(text) ? Number.parseInt(text, 16) : null

/** The kernel prints the number as the machine holds it: least byte first nearly everywhere. */
function ipv4(hex: string, bigEndian: boolean): string | null {
  if (!/^[0-9A-Fa-f]{8}$/.test(hex)) return null
  const bytes = [0, 2, 4, 6].map((at) => Number.parseInt(hex.slice(at, at + 2), 16))
  return (bigEndian ? bytes : bytes.reverse()).join('.')
}

/** As RFC 5952 wants it: the longest run of zeros shortened. */
function ipv6(hex: string): string | null {
  if (!/^[0-9a-fA-F]{32}$/.test(hex)) return null
  const groups = Array.from({ length: 8 }, (_unused, at) =>
    Number.parseInt(hex.slice(at * 4, at * 4 + 4), 16).toString(16)
  )
  let best = { from: 0, length: 0 }
  for (let from = 0; from < 8; from++) {
    let length = 0
    while (groups[from + length] === '0') length++
    if (length > best.length) best = { from, length }
  }
  if (best.length < 2) return groups.join(':')
  return `${groups.slice(0, best.from).join(':')}::${groups.slice(best.from + best.length).join(':')}`
}

/** systemd's own stub on this address passes questions on: then those behind it are named. */
const STUBS: ReadonlySet<string> = new Set(['127.0.0.53', '127.0.0.54'])

function nameServers(own: string | undefined, resolved: string | undefined): string[] | null {
  if (own === undefined) return null
  const listed = addressesOf(own)
  const behind = listed.some((address) => STUBS.has(address)) ? addressesOf(resolved ?? '') : []
  return (behind.length > 0 ? behind : listed).slice(0, MAX_ADDRESSES)
}

const addressesOf = (text: string): string[] =>
  [
    ...new Set(
      text
        .split('\n', 200)
        .map((line) => clean(line))
        .filter((line) => line !== null && /^[0-9A-Fa-f.:]{2,45}(?:%[\w.-]{1,16})?$/.test(line))
    )
  ] as string[]
