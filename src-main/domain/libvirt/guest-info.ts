/** Readers of `virsh domifaddr` and `virsh guestinfo`. Their words are a guest's own: anything may stand in them. */

const MAX_TEXT = 4096
const MAX_ENTRIES = 256
/** A list of more is no list of a guest's devices. */
const MAX_ADDRESSES = 512

export interface InterfaceAddress {
  readonly device: string
  readonly mac: string | null
  /** With its prefix. */
  readonly address: string
}

const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i
const ADDRESS = /^[0-9a-f.:]{2,45}(%\w+)?\/\d{1,3}$/i
const LOOPBACK = /^(127\.|::1\/)/

/** Lines of `domifaddr --full`: device, MAC, protocol, address. The device's name is the guest's and may have spaces. */
export function parseDomifaddr(output: string): readonly InterfaceAddress[] {
  const found: InterfaceAddress[] = []
  for (const line of output.split('\n')) {
    const [address, protocol, mac, ...device] = line.trim().split(/\s+/).reverse()
    if (address === undefined || !ADDRESS.test(address) || LOOPBACK.test(address)) continue
    if (protocol !== 'ipv4' && protocol !== 'ipv6') continue
    found.push({
      device: device.reverse().join(' ').slice(0, MAX_TEXT),
      mac: mac !== undefined && MAC.test(mac) ? mac.toLowerCase() : null,
      address
    })
    if (found.length === MAX_ADDRESSES) break
  }
  return found
}

export interface GuestInfo {
  readonly hostName: string | null
  readonly osName: string | null
  readonly kernel: string | null
  readonly timezone: string | null
  readonly fileSystems:
    | readonly {
        readonly mountPoint: string
        readonly device: string | null
        readonly type: string | null
        readonly totalBytes: number | null
        readonly usedBytes: number | null
      }[]
    | null
  readonly users: readonly { readonly name: string; readonly sinceAtMs: number | null }[] | null
}

/** Lines `fs.0.mountpoint    : /`. A part that the agent does not tell is null. */
export function parseGuestInfo(output: string): GuestInfo {
  const fields = new Map<string, string>()
  for (const line of output.split('\n')) {
    const [, key, value] = /^([a-z0-9.-]{1,100}?)\s*: (.*)$/.exec(line) ?? []
    // The first of two: what follows a line feed in a value cannot overwrite what stood before it.
    if (key !== undefined && value !== undefined && !fields.has(key))
      fields.set(key, value.slice(0, MAX_TEXT))
  }
  const text = (key: string): string | null => {
    const value = fields.get(key)?.trim()
    return value === undefined || value === '' ? null : value
  }
  const number = (key: string): number | null => wholeNumber(text(key))
  const list = <T>(prefix: string, read: (at: string) => T | null): readonly T[] | null => {
    const count = number(`${prefix}.count`)
    if (count === null) return null
    const length = Math.min(count, MAX_ENTRIES)
    return Array.from({ length }, (_, index) => read(`${prefix}.${index}`)).filter((entry) => entry !== null)
  }
  return {
    hostName: text('hostname'),
    osName: text('os.pretty-name') ?? text('os.name'),
    kernel: text('os.kernel-release'),
    timezone: text('timezone.name'),
    fileSystems: list('fs', (at) => {
      const mountPoint = text(`${at}.mountpoint`)
      if (mountPoint === null) return null
      return {
        mountPoint,
        device: text(`${at}.name`),
        type: text(`${at}.fstype`),
        totalBytes: number(`${at}.total-bytes`),
        usedBytes: number(`${at}.used-bytes`)
      }
    }),
    users: list('user', (at) => {
      const name = text(`${at}.name`)
      return name === null ? null : { name, sinceAtMs: number(`${at}.login-time`) }
    })
  }
}

const wholeNumber = (text: string | null): number | null =>
  text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null

export type AgentFailure = 'silent' | 'notConnected' | 'noChannel'

/** What virsh's words about an agent mean; null: something else. */
export function agentFailureOf(stderr: string): AgentFailure | null {
  if (/agent is not configured/i.test(stderr)) return 'noChannel'
  if (/agent is not connected/i.test(stderr)) return 'notConnected'
  if (
    /agent is not responding|agent not available|timed out|no data was received|agent unexpected/i.test(
      stderr
    )
  )
    return 'silent'
  return null
}
