/** Wake-on-LAN's magic packet: six octets FF, sixteen times the address, and the SecureOn password where one is set. Pure. */

/** @param mac `aa:bb:cc:dd:ee:ff` @param password six octets, written like an address */
export function magicPacket(mac: string, password: string | null): Uint8Array {
  const address = octetsOf(mac)
  const repeated = Array.from({ length: 16 }, () => address).flat()
  return Uint8Array.from([
    ...Array<number>(6).fill(0xff),
    ...repeated,
    ...(password === null ? [] : octetsOf(password))
  ])
}

export const hexOf = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')

function octetsOf(text: string): number[] {
  const octets = text.split(/[:-]/).map((octet) => parseInt(octet, 16))
  if (octets.length !== 6 || octets.some((octet) => !(octet >= 0 && octet <= 255)))
    throw new RangeError('not six octets')
  return octets
}
