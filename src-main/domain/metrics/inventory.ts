/**
 * Which interfaces and disks a server has, and which of them count for the whole server. Read from /sys by the
 * sampler's shell once a minute, as lines:
 *
 *   net NAME IFINDEX DEVICE MASTER MASTERDEVICE     each flag 0 or 1
 *   blk NAME MAJOR:MINOR DEVICE SLAVES SECTORS
 *   route NAME                                      the default route, when no interface has a device
 *   lxcfs                                           /proc/meminfo is a container's
 *   kernel RELEASE
 *   time SECONDS NANOSECONDS                        the server's clock
 *   files PATH PATH …                               what a frame holds, in this order
 */
import { parseCounter, words } from './numbers.ts'

export interface InterfaceIdentity {
  /** null when unknown. Another index behind the same name is another interface. */
  readonly ifindex: number | null
  /** Counts for the server's totals: see `countsForTotal`. */
  readonly physical: boolean
  /** There is a device (a card, a virtio NIC) behind it. */
  readonly hasDevice?: boolean
  /** The host's end of a container's cable; its name is random and never comes back. */
  readonly containerEnd: boolean
}

export interface DiskIdentity {
  readonly name: string
}

export interface Inventory {
  readonly interfaces: ReadonlyMap<string, InterfaceIdentity>
  /** Whole disks by major:minor; null when /sys could not be read: then names decide. */
  readonly disks: ReadonlyMap<string, DiskIdentity> | null
  /** Every block device that was there, by major:minor. */
  readonly knownDevices: ReadonlySet<string>
  readonly defaultRoute: string | null
  readonly lxcfs: boolean
  readonly kernelRelease: string | null
  /** The server's clock, UTC milliseconds; `exact` when it was read to the millisecond. */
  readonly clock: { readonly atMs: number; readonly exact: boolean } | null
  readonly files: readonly string[]
}

const MAX_LINES = 10_000
/** Devices that are made of memory, of files or of other disks, or that hold media to take out. */
const NOT_A_DISK = /^(?:loop|ram|zram|fd|sr|zd|drbd|nvme\d+c\d+n)\d/

/** Parses the lines above. Unknown lines are left out. */
export function parseInventory(text: string): Inventory {
  const interfaces = new Map<string, InterfaceIdentity>()
  const disks = new Map<string, DiskIdentity>()
  const knownDevices = new Set<string>()
  let defaultRoute: string | null = null
  let lxcfs = false
  let kernelRelease: string | null = null
  let clock: Inventory['clock'] = null
  let files: readonly string[] = []
  for (const line of text.split('\n', MAX_LINES)) {
    const [kind, ...fields] = words(line)
    const [first, second, third, fourth, fifth] = fields
    if (kind === 'net' && first !== undefined) {
      interfaces.set(first, {
        ifindex: parseCounter(second),
        physical: countsForTotal(third === '1', fifth === '1'),
        hasDevice: third === '1',
        containerEnd: first.startsWith('veth') && third !== '1' && fourth === '1'
      })
    } else if (kind === 'blk' && first !== undefined && second !== undefined) {
      knownDevices.add(second)
      if (isWholeDisk(first, fourth === '1', parseCounter(fifth))) disks.set(second, { name: first })
    } else if (kind === 'route' && first !== undefined) defaultRoute ??= first
    else if (kind === 'lxcfs') lxcfs = true
    else if (kind === 'kernel') kernelRelease = first ?? null
    else if (kind === 'time') clock = parseClock(first, second)
    else if (kind === 'files') files = fields
  }
  return {
    interfaces,
    disks: knownDevices.size === 0 ? null : disks,
    knownDevices,
    defaultRoute,
    lxcfs,
    kernelRelease,
    clock,
    files
  }
}

/**
 * A server's traffic is what passes its real interfaces, each once: those with a device behind them. A bond, bridge or
 * VLAN above them would count the same bytes again; one below such a master is still the only place that sees all of
 * its guests' traffic. Only where the master has a device too (the fast path of a cloud's NIC) the lower one is part of it.
 */
function countsForTotal(hasDevice: boolean, masterHasDevice: boolean): boolean {
  return hasDevice && !masterHasDevice
}

/** A disk that is not built on others: LVM, RAID and dm-crypt volumes would count their disks' bytes again. */
function isWholeDisk(name: string, hasSlaves: boolean, sectors: number | null): boolean {
  return !hasSlaves && sectors !== 0 && !NOT_A_DISK.test(name)
}

/** `date '+%s %N'`; where %N is unknown the half second is taken. */
function parseClock(seconds: string | undefined, nanos: string | undefined): Inventory['clock'] {
  const whole = parseCounter(seconds)
  if (whole === null || whole > 4e10) return null
  const part = nanos?.length === 9 ? parseCounter(nanos) : null
  return { atMs: whole * 1000 + (part === null ? 500 : Math.round(part / 1e6)), exact: part !== null }
}

/** Is the device a whole disk? By name alone, for servers whose /sys cannot be read. */
export function looksLikeWholeDisk(name: string): boolean {
  if (NOT_A_DISK.test(name) || /^(?:dm-|md)\d/.test(name)) return false
  return !/^(?:(?:sd|vd|xvd|hd)[a-z]+\d+|(?:nvme\d+n\d+|mmcblk\d+|nbd\d+)p\d+|mmcblk\d+boot\d+)$/.test(name)
}

/** Names of the interfaces whose traffic is the server's; `chosen` is the operator's word. */
export function totalInterfaces(
  inventory: Inventory,
  present: Iterable<string>,
  chosen: ReadonlySet<string> | null = null
): Set<string> {
  const names = [...present]
  if (chosen !== null) return new Set(names.filter((name) => chosen.has(name)))
  const physical = names.filter((name) => inventory.interfaces.get(name)?.physical === true)
  if (physical.length > 0) return new Set(physical)
  if (inventory.defaultRoute !== null && names.includes(inventory.defaultRoute)) {
    return new Set([inventory.defaultRoute])
  }
  // A network namespace without a way out: everything that is not made for guests or containers.
  return new Set(names.filter((name) => !FOR_GUESTS.test(name)))
}

/** Named as what is made for guests and containers (or for the machine itself). */
export const isForGuests = (name: string): boolean => FOR_GUESTS.test(name)

const FOR_GUESTS = /^(?:lo$|docker|br-|virbr|veth|vnet|tap|tun|ifb|dummy|cali|cni|flannel)/

/** Why an interface counts for the server's total, or why not. */
export interface CountReason {
  readonly counted: boolean
  readonly why:
    | 'chosen'
    | 'notChosen'
    | 'device'
    | 'defaultRoute'
    | 'onlyOnes'
    | 'partOfMaster'
    | 'builtOnOthers'
    | 'notDefaultRoute'
    | 'forGuests'
    | 'loopback'
}

/** As `totalInterfaces` decides, with its reason for each. */
export function countReasons(
  inventory: Inventory,
  present: Iterable<string>,
  chosen: ReadonlySet<string> | null = null
): Map<string, CountReason> {
  const names = [...present]
  const counted = totalInterfaces(inventory, names, chosen)
  const anyDevice = names.some((name) => inventory.interfaces.get(name)?.physical === true)
  const byRoute = inventory.defaultRoute !== null && names.includes(inventory.defaultRoute)
  const whyCounted = chosen !== null ? 'chosen' : anyDevice ? 'device' : byRoute ? 'defaultRoute' : 'onlyOnes'
  const whyNot = (name: string): CountReason['why'] => {
    if (chosen !== null) return 'notChosen'
    if (name === 'lo') return 'loopback'
    const identity = inventory.interfaces.get(name)
    if (identity?.hasDevice === true) return 'partOfMaster'
    if (anyDevice) return 'builtOnOthers'
    return byRoute ? 'notDefaultRoute' : 'forGuests'
  }
  return new Map(
    names.map((name) => [
      name,
      counted.has(name) ? { counted: true, why: whyCounted } : { counted: false, why: whyNot(name) }
    ])
  )
}
