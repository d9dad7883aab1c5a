/**
 * Disks, interfaces and counters as the script of the lane prints them, a word per line that says what it is:
 *
 *   boot ID · uptime SECONDS IDLE · zram MM_STAT · packages TOOL
 *   disk NAME ATTRIBUTE TEXT        size (sectors), rotational, removable, scheduler, vendor, model, serial, udev KEY=TEXT
 *   link NAME ATTRIBUTE TEXT        ifindex, operstate, address, mtu, speed, duplex, device, master, type
 *   dev LINE                        of /proc/net/dev
 *   addr LINE                       of `ip -o addr`; else inet6, trie and route lines, see addresses.ts
 */
import { parseCounter, parseDecimal, words } from '../metrics/numbers.ts'
import { type InterfaceCounters, parseProcNetDev } from '../metrics/proc-net-dev.ts'
import { parseAddresses } from './addresses.ts'

export interface DiskPart {
  readonly name: string
  readonly model: string | null
  readonly serial: string | null
  readonly sizeBytes: number | null
  readonly rotational: boolean | null
  readonly removable: boolean
  readonly scheduler: string | null
}

export interface LinkPart {
  readonly name: string
  readonly ifindex: number | null
  readonly state: string | null
  readonly kind: string | null
  readonly speedBitsPerSec: number | null
  readonly duplex: string | null
  readonly mac: string | null
  readonly mtuBytes: number | null
  readonly addresses: readonly string[]
  readonly master: string | null
  readonly hasDevice: boolean
}

export interface HardwareParts {
  readonly bootId: string | null
  readonly uptimeSec: number | null
  /** What compressed swap takes of the memory; null = there is none. */
  readonly zramUsedBytes: number | null
  /** The server's tool for packages. */
  readonly packageTool: string | null
  readonly disks: readonly DiskPart[]
  readonly links: readonly LinkPart[]
  readonly counters: ReadonlyMap<string, InterfaceCounters>
}

const SECTOR_BYTES = 512
const MAX_LINES = 60_000
const MAX_TEXT = 256
export const MAX_PARTS = 1_024

type Attributes = Map<string, string>

/** Parses the lines above. Unknown and damaged ones are left out. */
export function parseParts(text: string): HardwareParts {
  const disks = new Map<string, Attributes>()
  const links = new Map<string, Attributes>()
  const rest: Record<'dev' | 'addr' | 'inet6' | 'trie' | 'route', string[]> = {
    dev: [],
    addr: [],
    inet6: [],
    trie: [],
    route: []
  }
  let bootId: string | null = null
  let uptimeSec: number | null = null
  let packageTool: string | null = null
  let zramUsedBytes: number | null = null
  for (const line of text.split('\n', MAX_LINES)) {
    const [kind, value] = cutWord(line)
    if (kind === 'disk') takeAttribute(disks, value)
    else if (kind === 'link') takeAttribute(links, value)
    else if (Object.hasOwn(rest, kind)) rest[kind as keyof typeof rest].push(value)
    else if (kind === 'boot') bootId = /^[0-9a-f-]{8,64}$/.exec(value.trim())?.[0] ?? null
    else if (kind === 'uptime') uptimeSec = parseDecimal(words(value)[0])
    else if (kind === 'packages') packageTool = /^[a-z-]{2,16}$/.exec(value.trim())?.[0] ?? null
    else if (kind === 'zram') {
      // orig_data_size compr_data_size mem_used_total …
      const used = parseCounter(words(value)[2])
      if (used !== null) zramUsedBytes = (zramUsedBytes ?? 0) + used
    }
  }
  const addresses = parseAddresses(rest)
  return {
    bootId,
    uptimeSec,
    zramUsedBytes,
    packageTool,
    disks: [...disks].map(([name, attributes]) => diskOf(name, attributes)),
    links: [...links].map(([name, attributes]) => linkOf(name, attributes, addresses.get(name) ?? [])),
    counters: parseProcNetDev(rest.dev.join('\n'))
  }
}

function cutWord(line: string): [word: string, rest: string] {
  const space = line.indexOf(' ')
  return space === -1 ? [line, ''] : [line.slice(0, space), line.slice(space + 1)]
}

/** `NAME ATTRIBUTE TEXT`. */
function takeAttribute(things: Map<string, Attributes>, value: string): void {
  const [name, rest] = cutWord(value)
  const [attribute, text] = cutWord(rest)
  if (name === '' || name.length > 128 || attribute === '') return
  const known = things.get(name) ?? new Map<string, string>()
  if (!things.has(name)) {
    if (things.size >= MAX_PARTS) return
    things.set(name, known)
  }
  if (attribute === 'udev') {
    const equals = text.indexOf('=')
    if (equals > 0) known.set(`udev ${text.slice(0, equals)}`, text.slice(equals + 1).slice(0, MAX_TEXT))
  } else known.set(attribute, text.trim().slice(0, MAX_TEXT))
}

function textOf(attributes: Attributes, ...names: readonly string[]): string | null {
  for (const name of names) {
    const text = attributes.get(name)?.trim()
    if (text !== undefined && text !== '') return text
  }
  return null
}

function diskOf(name: string, attributes: Attributes): DiskPart {
  const sectors = parseCounter(attributes.get('size'))
  const vendor = textOf(attributes, 'vendor')
  const model = textOf(attributes, 'model', 'udev ID_MODEL')
  // The kernel says "ATA" for every SATA disk, and PCI numbers for virtio: no vendor's name.
  const shown =
    vendor === null || vendor === 'ATA' || vendor.startsWith('0x') ? model : `${vendor} ${model ?? ''}`
  const schedulers = textOf(attributes, 'scheduler')
  return {
    name,
    model: shown?.trim() ?? null,
    serial: textOf(attributes, 'serial', 'udev ID_SERIAL_SHORT', 'udev ID_SCSI_SERIAL'),
    sizeBytes: sectors === null ? null : sectors * SECTOR_BYTES,
    rotational: flagOf(attributes.get('rotational')),
    removable: attributes.get('removable') === '1',
    scheduler: /\[([^\]]+)\]/.exec(schedulers ?? '')?.[1] ?? schedulers
  }
}

const flagOf = (text: string | undefined): boolean | null =>
  text === '1' ? true : text === '0' ? false : null

function linkOf(name: string, attributes: Attributes, addresses: readonly string[]): LinkPart {
  const speed = parseCounter(attributes.get('speed'))
  const mac = textOf(attributes, 'address')
  return {
    name,
    ifindex: parseCounter(attributes.get('ifindex')),
    state: textOf(attributes, 'operstate'),
    kind: textOf(attributes, 'type'),
    // Megabits; drivers without a speed print -1 or 2^32 - 1.
    speedBitsPerSec: speed === null || speed === 0 || speed >= 4_000_000_000 ? null : speed * 1e6,
    duplex: textOf(attributes, 'duplex'),
    mac:
      mac !== null && /^(?:[0-9a-f]{2}:){5,19}[0-9a-f]{2}$/i.test(mac) && !/^[0:]+$/.test(mac) ? mac : null,
    mtuBytes: parseCounter(attributes.get('mtu')),
    addresses,
    master: textOf(attributes, 'master'),
    hasDevice: attributes.get('device') === '1'
  }
}
