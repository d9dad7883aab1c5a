/** The facts of a server as rows of label and value. Pure. */
import type { ServerView } from '#contract/servers.ts'
import { formatBytes, formatTime, quantityText, type Zone } from '../../format/index.ts'

export interface FactRow {
  readonly id: string
  /** null = could not be had. */
  readonly value: string | null
  readonly mono?: boolean
}

const joined = (parts: readonly (string | null | undefined)[], by = ' '): string | null => {
  const known = parts.filter((part) => part !== null && part !== undefined && part !== '')
  return known.length === 0 ? null : known.join(by)
}

export function factRows(
  view: ServerView,
  zone: Zone,
  locale: string,
  word: (id: string, values: Record<string, number>) => string
): FactRow[] {
  const { facts, record, now } = view
  const { host, port, user, jumps } = record.connection
  const cpus = facts?.cpuThreads ?? now?.cpuThreads ?? null
  const sockets = facts?.cpuSockets ?? null
  const cores = facts?.cpuCores ?? null
  const bootedAtMs = facts?.bootedAtMs ?? null
  const memory = facts?.memoryTotalBytes ?? now?.memoryTotalBytes ?? null
  return [
    { id: 'address', value: `${user}@${host}:${port}`, mono: true },
    ...(jumps.length === 0
      ? []
      : [
          {
            id: 'through',
            value: jumps.map((hop) => `${hop.user}@${hop.host}:${hop.port}`).join(' → '),
            mono: true
          }
        ]),
    ...(record.tags.length === 0 ? [] : [{ id: 'tags', value: record.tags.join(', ') }]),
    { id: 'hostName', value: facts?.hostName ?? null, mono: true },
    { id: 'distribution', value: facts?.distribution ?? null },
    { id: 'kernel', value: joined([facts?.osName, facts?.kernelRelease]) },
    {
      id: 'architecture',
      value: joined(
        [facts?.architecture, facts?.bits === null || facts?.bits === undefined ? null : `${facts.bits} bit`],
        ', '
      )
    },
    { id: 'cpuModel', value: facts?.cpuModel ?? null },
    {
      id: 'cpus',
      value:
        sockets !== null && cores !== null && cpus !== null
          ? word('cpus', { sockets, cores, threads: cpus })
          : cpus === null
            ? null
            : word('threads', { threads: cpus })
    },
    { id: 'memory', value: memory === null ? null : quantityText(formatBytes(memory)) },
    { id: 'board', value: facts?.boardModel ?? null },
    { id: 'virtualisation', value: facts?.virtualisation ?? null },
    {
      id: 'booted',
      value: bootedAtMs === null ? null : formatTime(bootedAtMs, 'full', zone, locale)
    },
    { id: 'shell', value: facts?.loginShell ?? null, mono: true },
    { id: 'sshServer', value: facts?.sshServer ?? null },
    { id: 'libvirt', value: facts?.libvirtVersion ?? null },
    { id: 'hypervisor', value: facts?.hypervisorVersion ?? null }
  ]
}
