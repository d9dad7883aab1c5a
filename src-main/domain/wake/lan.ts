/**
 * A server's place in its local network, learned while it is on, for the time when it is off. Pure. Lines:
 *
 *   nic NAME DEVICE ADDRESS WAKEUP       DEVICE 1 = there is hardware behind it; WAKEUP as /sys has it, or -
 *   wol NAME SUPPORTS CURRENT            as ethtool says (letters, g = magic packet), or -
 *   route NAME DESTINATION GATEWAY MASK  of /proc/net/route, in hexadecimal
 *   local ADDRESS                        an IPv4 address of the server itself
 */
import { words } from '../metrics/numbers.ts'

export interface LanNic {
  readonly name: string
  readonly mac: string
  readonly address: string | null
  readonly prefix: number | null
  readonly broadcast: string | null
  readonly isDefaultRoute: boolean
  readonly wakes: boolean | null
}

interface Route {
  readonly name: string
  readonly destination: number
  readonly gateway: number
  readonly mask: number
}

const MAX_LINES = 5_000
const MAX_NICS = 64
const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/

/** Interfaces with hardware, and that of the default route; the latter first. */
export function parseLan(text: string): LanNic[] {
  const nics = new Map<string, { device: boolean; mac: string; wakeup: string }>()
  const ethtool = new Map<string, boolean>()
  const routes: Route[] = []
  const locals: number[] = []
  for (const line of text.split('\n', MAX_LINES)) {
    const [kind, name = '', second = '', third = '', fourth = ''] = words(line)
    if (kind === 'nic')
      nics.set(name.slice(0, 64), { device: second === '1', mac: third.toLowerCase(), wakeup: fourth })
    else if (kind === 'wol') addWol(ethtool, name, second, third)
    else if (kind === 'route') addRoute(routes, name, second, third, fourth)
    else if (kind === 'local') {
      const address = numberOf(name)
      if (address !== null) locals.push(address)
    }
  }
  const byDefault = routes.find(
    ({ destination, gateway, mask }) => destination === 0 && mask === 0 && gateway !== 0
  )
  return [...nics]
    .map(([name, { device, mac, wakeup }]) => ({
      device,
      nic: {
        name,
        mac,
        ...subnetOf(
          routes.filter((route) => route.name === name),
          locals
        ),
        isDefaultRoute: byDefault?.name === name,
        wakes: ethtool.get(name) ?? (wakeup === 'enabled' ? true : null)
      }
    }))
    .filter(({ device, nic }) => (device || nic.isDefaultRoute) && isOneMachine(nic.mac))
    .map(({ nic }) => nic)
    .sort((a, b) => Number(b.isDefaultRoute) - Number(a.isDefaultRoute))
    .slice(0, MAX_NICS)
}

const isOneMachine = (mac: string): boolean =>
  MAC.test(mac) && mac !== '00:00:00:00:00:00' && (parseInt(mac.slice(0, 2), 16) & 1) === 0

function addWol(ethtool: Map<string, boolean>, name: string, supports: string, current: string): void {
  if (/^[a-z]+$/.test(current)) ethtool.set(name, current.includes('g'))
  else if (/^[a-z]+$/.test(supports) && !supports.includes('g')) ethtool.set(name, false)
}

function addRoute(routes: Route[], name: string, destination: string, gateway: string, mask: string): void {
  const [to, by, of] = [destination, gateway, mask].map(littleEndian)
  if (typeof to === 'number' && typeof by === 'number' && typeof of === 'number')
    routes.push({ name, destination: to, gateway: by, mask: of })
}

/** `0001A8C0` → 192.168.1.0 as a number. */
function littleEndian(hex: string): number | null {
  if (!/^[0-9A-Fa-f]{8}$/.test(hex)) return null
  return [6, 4, 2, 0].reduce((sum, at) => sum * 256 + parseInt(hex.slice(at, at + 2), 16), 0)
}

/** The network that the interface stands in: its route without a gateway. */
function subnetOf(
  routes: readonly Route[],
  locals: readonly number[]
): Pick<LanNic, 'address' | 'prefix' | 'broadcast'> {
  const own = routes.find(
    ({ gateway, destination, mask }) => gateway === 0 && destination !== 0 && mask !== 0
  )
  if (own === undefined) return { address: null, prefix: null, broadcast: null }
  const inside = (address: number): boolean => (address & own.mask) >>> 0 === own.destination
  const address = locals.find(inside)
  const prefix = prefixOf(own.mask)
  return {
    address: address === undefined ? null : textOf(address),
    prefix,
    // Point-to-point links have none.
    broadcast: prefix === null || prefix > 30 ? null : textOf((own.destination | ~own.mask) >>> 0)
  }
}

function prefixOf(mask: number): number | null {
  const bits = mask.toString(2).padStart(32, '0')
  return /^1*0*$/.test(bits) ? bits.replaceAll('0', '').length : null
}

function numberOf(text: string): number | null {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number)
  if (parts === undefined || parts.some((part) => part > 255)) return null
  return parts.reduce((sum, part) => sum * 256 + part, 0)
}

const textOf = (address: number): string => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')
