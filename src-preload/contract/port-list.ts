/** Lists of ports as operators write them: `22, 80, 443, 8000-8100`. Pure; both the window and the engine read them here. */

/** In one scan. More is a job for a tool made for it. */
export const MAX_SCAN_PORTS = 2_048
export const MAX_PORT = 65_535

/** What is wrong with a list, and with which part of it. */
export type PortListProblem =
  | { readonly kind: 'empty' }
  | { readonly kind: 'notAPort' | 'backwards'; readonly part: string }
  | { readonly kind: 'tooMany'; readonly count: number }

export type PortList =
  | { readonly ports: readonly number[]; readonly problem: null }
  | { readonly ports: null; readonly problem: PortListProblem }

/** Each port once, ascending. Parts are parted by commas, semicolons or blanks; a range includes both ends. */
export function parsePortList(text: string): PortList {
  const parts = text.split(/[\s,;]+/).filter((part) => part !== '')
  const ports = new Set<number>()
  let count = 0
  for (const part of parts) {
    const [, first, last] = /^(\d{1,5})(?:[-–](\d{1,5}))?$/.exec(part) ?? []
    const from = Number(first)
    const to = Number(last ?? first)
    if (first === undefined || !isPort(from) || !isPort(to)) return failed({ kind: 'notAPort', part })
    if (to < from) return failed({ kind: 'backwards', part })
    count += to - from + 1
    // Counted before it is made: a range may not cost more than it says.
    if (count > 4 * MAX_PORT) return failed({ kind: 'tooMany', count })
    for (let port = from; port <= to; port++) ports.add(port)
  }
  if (ports.size === 0) return failed({ kind: 'empty' })
  if (ports.size > MAX_SCAN_PORTS) return failed({ kind: 'tooMany', count: ports.size })
  return { ports: [...ports].sort((a, b) => a - b), problem: null }
}

const failed = (problem: PortListProblem): PortList => ({ ports: null, problem })
const isPort = (port: number): boolean => port >= 1 && port <= MAX_PORT
