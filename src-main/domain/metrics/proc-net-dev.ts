/** /proc/net/dev: counters of the network interfaces. */
import { parseCounter, words } from './numbers.ts'

export interface InterfaceCounters {
  readonly rxBytes: number
  readonly rxErrors: number
  readonly rxDrops: number
  readonly txBytes: number
  readonly txErrors: number
  readonly txDrops: number
}

/** More interfaces than this are left out: a host of containers has thousands. */
const MAX_INTERFACES = 1024

/** Parses /proc/net/dev by name. Old kernels print no space after the colon. Damaged lines are left out. */
export function parseProcNetDev(text: string): Map<string, InterfaceCounters> {
  const interfaces = new Map<string, InterfaceCounters>()
  for (const line of text.split('\n', MAX_INTERFACES + 2)) {
    const colon = line.indexOf(':')
    if (colon < 1) continue
    const name = line.slice(0, colon).trim()
    const fields = words(line.slice(colon + 1)).map(parseCounter)
    const [rxBytes, , rxErrors, rxDrops, , , , , txBytes, , txErrors, txDrops] = fields
    if (name === '' || !isNumber(rxBytes) || !isNumber(rxErrors) || !isNumber(rxDrops)) continue
    if (!isNumber(txBytes) || !isNumber(txErrors) || !isNumber(txDrops)) continue
    interfaces.set(name, { rxBytes, rxErrors, rxDrops, txBytes, txErrors, txDrops })
  }
  return interfaces
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number'
}
