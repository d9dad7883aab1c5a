/**
 * What the dialog says while an address is typed. The engine judges by rules of its own (`domain/libvirt/ipv4.ts`) before
 * anything is sent; here only the form and a proposal.
 */
const OCTET = /^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/

export const isAddress = (text: string): boolean =>
  text.split('.').length === 4 && text.split('.').every((octet) => OCTET.test(octet))

/** `192.168.100.1/24` */
export function isCidr(text: string): boolean {
  const [address = '', prefix = '', ...more] = text.split('/')
  return more.length === 0 && isAddress(address) && /^(?:[89]|[12]\d|30)$/.test(prefix)
}

/** All addresses behind the server's own, up to the last one before the broadcast; null where there is no room. */
export function proposedRange(cidr: string): { start: string; end: string } | null {
  if (!isCidr(cidr)) return null
  const [address = '', prefix = ''] = cidr.split('/')
  const own = address.split('.').reduce((value, octet) => value * 256 + Number(octet), 0)
  const size = 2 ** (32 - Number(prefix))
  const last = Math.floor(own / size) * size + size - 2
  return own + 1 > last ? null : { start: text(own + 1), end: text(last) }
}

const text = (value: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')

/** A private /24 that no network of the server has in its own text. */
export function freeCidr(taken: readonly string[]): string {
  for (let third = 100; third < 255; third++) {
    const prefix = `192.168.${third}.`
    if (!taken.some((address) => address.startsWith(prefix))) return `${prefix}1/24`
  }
  return ''
}
