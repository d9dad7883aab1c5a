/** What is shown of a server's scans: one row for each port, both origins and what listens side by side. Pure. */
import type { Listener, PortResult, PortScansView } from '#contract/ports.ts'

/** What the two origins and the list of listening sockets say together; also names the words. */
export type Finding =
  | 'open'
  | 'listensFiltered'
  | 'listensClosed'
  | 'loopbackOnly'
  | 'insideOnly'
  | 'outsideOnly'
  | 'nothing'
  | 'none'

export interface ScanRow {
  readonly port: number
  readonly service: string | null
  readonly direct: PortResult | null
  readonly ssh: PortResult | null
  /** TCP sockets that listen on it; empty also where they could not be read. */
  readonly listeners: readonly Listener[]
  readonly finding: Finding
}

export function scanRows(view: PortScansView, listening: readonly Listener[] | null): ScanRow[] {
  const direct = byPort(view.direct?.ports)
  const ssh = byPort(view.ssh?.ports)
  const listeners = new Map<number, Listener[]>()
  for (const listener of listening ?? []) {
    if (listener.protocol !== 'tcp') continue
    listeners.set(listener.port, [...(listeners.get(listener.port) ?? []), listener])
  }
  return [...new Set([...direct.keys(), ...ssh.keys()])]
    .sort((a, b) => a - b)
    .map((port) => {
      const seen = {
        direct: direct.get(port) ?? null,
        ssh: ssh.get(port) ?? null,
        listeners: listeners.get(port) ?? []
      }
      const service = seen.direct?.service ?? seen.ssh?.service ?? null
      return { port, service, ...seen, finding: findingOf(seen, listening !== null) }
    })
}

const byPort = (ports: readonly PortResult[] | undefined): Map<number, PortResult> =>
  new Map((ports ?? []).map((result) => [result.port, result]))

export function findingOf(
  { direct, ssh, listeners }: Pick<ScanRow, 'direct' | 'ssh' | 'listeners'>,
  isRead: boolean
): Finding {
  if (direct?.state === 'open') return ssh !== null && ssh.state !== 'open' ? 'outsideOnly' : 'open'
  const outward = listeners.some(({ exposure }) => exposure !== 'loopback')
  if (direct !== null && outward) return direct.state === 'filtered' ? 'listensFiltered' : 'listensClosed'
  if (direct !== null && listeners.length > 0) return 'loopbackOnly'
  if (ssh?.state === 'open') return direct === null ? 'open' : 'insideOnly'
  return isRead && listeners.length === 0 ? 'nothing' : 'none'
}

export type RowFilter = 'all' | 'open' | 'differs'

export function filteredRows(rows: readonly ScanRow[], filter: RowFilter): readonly ScanRow[] {
  if (filter === 'all') return rows
  return rows.filter((row) =>
    filter === 'open'
      ? row.direct?.state === 'open' || row.ssh?.state === 'open'
      : row.finding !== 'open' && row.finding !== 'nothing' && row.finding !== 'none'
  )
}
