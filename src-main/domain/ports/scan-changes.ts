/** What answers otherwise than at the scan before. Pure. */
import type { PortReason, PortState } from '#contract/vocabulary.ts'

export interface ScannedPort {
  readonly port: number
  readonly state: PortState
  readonly reason: PortReason
}

export interface PortChange {
  readonly port: number
  readonly from: PortState
  readonly to: PortState
}

/** Only ports that both scans knocked at. */
export function portChanges(before: readonly ScannedPort[], now: readonly ScannedPort[]): PortChange[] {
  const states = new Map(before.map(({ port, state }) => [port, state]))
  return now.flatMap(({ port, state }) => {
    const from = states.get(port)
    return from === undefined || from === state ? [] : [{ port, from, to: state }]
  })
}

/** Nothing answered at all, where something did before: the way is cut, and nothing can be said of the ports. */
export function isSilent(before: readonly ScannedPort[], now: readonly ScannedPort[]): boolean {
  const answered = (some: readonly ScannedPort[]): boolean => some.some(({ state }) => state !== 'filtered')
  const again = new Set(now.map(({ port }) => port))
  return now.length > 0 && !answered(now) && answered(before.filter(({ port }) => again.has(port)))
}
