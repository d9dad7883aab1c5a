/** The facts of a server as groups of label and value. Pure: words and the time come in. */
import type { MemoryModule, ServerFacts, ServerView } from '#contract/servers.ts'
import type { CapabilityId } from '#contract/vocabulary.ts'
import {
  formatAge,
  formatBytes,
  formatDuration,
  formatTime,
  formatUptime,
  quantityText,
  type Zone
} from '../../format/index.ts'

export interface FactRow {
  readonly id: string
  /** null = could not be had. Line feeds part several. */
  readonly value: string | null
  readonly mono?: boolean
  readonly warned?: boolean
  /** What says why a value is missing, when it is not the connection itself. */
  readonly missing?: CapabilityId | 'firmware' | 'notGiven'
}

export interface FactGroup {
  readonly id: 'reach' | 'system' | 'hardware' | 'network' | 'virtualisation'
  readonly rows: readonly FactRow[]
}

export interface FactContext {
  readonly zone: Zone
  readonly locale: string
  readonly nowMs: number
  readonly word: (id: string, values?: Record<string, string | number>) => string
}

/** Clocks further apart than this are warned of. */
export const SKEW_WARNED_MS = 2_000

const joined = (parts: readonly (string | null | undefined)[], by = ' '): string | null => {
  const known = parts.filter((part) => part !== null && part !== undefined && part !== '')
  return known.length === 0 ? null : known.join(by)
}

/** Rows that would only repeat "none" are left out. */
const given = (row: FactRow): FactRow[] => (row.value === null ? [] : [row])

export function factGroups(view: ServerView, context: FactContext): FactGroup[] {
  return [
    { id: 'reach', rows: reach(view, context) },
    { id: 'system', rows: system(view, context) },
    { id: 'hardware', rows: hardware(view, context) },
    { id: 'network', rows: network(view.facts, context) },
    { id: 'virtualisation', rows: virtualisation(view.facts) }
  ]
}

function reach({ record, facts, now }: ServerView, context: FactContext): FactRow[] {
  const { host, port, user, jumps } = record.connection
  const through = jumps.map((hop) => `${hop.user}@${hop.host}:${hop.port}`).join(' → ')
  return [
    { id: 'address', value: `${user}@${host}:${port}`, mono: true },
    ...given({ id: 'through', value: through || null, mono: true }),
    { id: 'location', value: record.location || null, missing: 'notGiven' },
    ...given({ id: 'tags', value: record.tags.join(', ') || null }),
    ...given({ id: 'note', value: record.note || null }),
    { id: 'sshServer', value: facts?.sshServer ?? null },
    { id: 'shell', value: facts?.loginShell ?? null, mono: true },
    {
      id: 'checked',
      value: now === null ? null : context.word('ago', { age: formatAge(now.atMs, context.nowMs) })
    },
    clockSkew(now?.clockSkewMs ?? null, context)
  ]
}

function clockSkew(skewMs: number | null, { word }: FactContext): FactRow {
  if (skewMs === null) return { id: 'clock', value: null, missing: 'host' }
  const span = formatDuration(Math.abs(skewMs))
  const value =
    Math.abs(skewMs) < 1 ? word('clockSame') : word(skewMs > 0 ? 'clockAhead' : 'clockBehind', { span })
  return { id: 'clock', value, warned: Math.abs(skewMs) > SKEW_WARNED_MS }
}

function system({ facts, now, presence }: ServerView, { zone, locale }: FactContext): FactRow[] {
  const bits = facts?.bits ?? null
  const bootedAtMs = facts?.bootedAtMs ?? null
  const uptimeSec = presence === 'ON' ? (now?.uptimeSec ?? null) : null
  return [
    { id: 'hostName', value: facts?.hostName ?? null, mono: true },
    { id: 'distribution', value: facts?.distribution ?? null },
    { id: 'osName', value: facts?.osName ?? null },
    { id: 'kernel', value: facts?.kernelRelease ?? null, mono: true },
    { id: 'architecture', value: joined([facts?.architecture, bits === null ? null : `${bits} bit`], ', ') },
    { id: 'booted', value: bootedAtMs === null ? null : formatTime(bootedAtMs, 'full', zone, locale) },
    { id: 'uptime', value: uptimeSec === null ? null : formatUptime(uptimeSec), missing: 'host' },
    { id: 'timeZone', value: facts?.timeZone ?? null },
    { id: 'initSystem', value: facts?.initSystem ?? null },
    { id: 'packageManager', value: facts?.packageManager ?? null }
  ]
}

function hardware({ facts, now }: ServerView, { word }: FactContext): FactRow[] {
  const threads = facts?.cpuThreads ?? now?.cpuThreads ?? null
  const sockets = facts?.cpuSockets ?? null
  const cores = facts?.cpuCores ?? null
  const memory = facts?.memoryTotalBytes ?? now?.memoryTotalBytes ?? null
  const counted = threads === null ? null : word('threads', { threads })
  return [
    { id: 'virtualisation', value: facts?.virtualisation ?? null },
    { id: 'board', value: facts?.boardModel ?? null, missing: 'firmware' },
    ...given({ id: 'mainBoard', value: facts?.mainBoard ?? null }),
    { id: 'bios', value: joined([facts?.biosVersion, facts?.biosDate], ', '), missing: 'firmware' },
    { id: 'serialNumber', value: facts?.serialNumber ?? null, mono: true, missing: 'firmwareTables' },
    { id: 'cpuModel', value: facts?.cpuModel ?? null },
    {
      id: 'cpus',
      value:
        sockets !== null && cores !== null && threads !== null
          ? word('cpus', { sockets, cores, threads })
          : counted
    },
    { id: 'memory', value: memory === null ? null : quantityText(formatBytes(memory)) },
    { id: 'memoryModules', value: modules(facts, word), missing: 'firmwareTables' }
  ]
}

/** Equal modules on one line: `8 × 32 GiB DDR5, 4800 MT/s, Samsung M321R8GA0BB0-CQKZJ`. */
function modules(facts: ServerFacts | null, word: FactContext['word']): string | null {
  const installed = facts?.memoryModules ?? null
  if (installed === null) return null
  const counts = new Map<string, number>()
  for (const module of installed) {
    const text = moduleText(module)
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  const lines = [...counts].map(([text, count]) => `${count} × ${text}`)
  const slots = facts?.memorySlots ?? null
  if (slots !== null) lines.push(word('slots', { used: installed.length, slots }))
  return lines.join('\n')
}

/** Sizes of modules are whole numbers. */
function moduleSize(sizeBytes: number): string {
  const { value, unit } = formatBytes(sizeBytes)
  return `${value.replace(/\.0$/, '')} ${unit}`
}

const moduleText = ({
  sizeBytes,
  type,
  megatransfersPerSec,
  manufacturer,
  partNumber
}: MemoryModule): string =>
  joined(
    [
      joined([moduleSize(sizeBytes), type]),
      megatransfersPerSec === null ? null : `${megatransfersPerSec} MT/s`,
      joined([manufacturer, partNumber])
    ],
    ', '
  ) ?? ''

function network(facts: ServerFacts | null, { word }: FactContext): FactRow[] {
  const list = (addresses: readonly string[] | null | undefined): string | null =>
    addresses === null || addresses === undefined
      ? null
      : addresses.length === 0
        ? word('none')
        : addresses.join('\n')
  return [
    { id: 'gateway', value: list(facts?.defaultGateways), mono: true },
    { id: 'dns', value: list(facts?.dnsServers), mono: true }
  ]
}

const virtualisation = (facts: ServerFacts | null): FactRow[] => [
  { id: 'libvirt', value: facts?.libvirtVersion ?? null, missing: 'libvirt' },
  { id: 'hypervisor', value: facts?.hypervisorVersion ?? null, missing: 'libvirt' }
]

/** As lines of `label: value`, for the clipboard. */
export const factsText = (groups: readonly FactGroup[], label: (id: string) => string): string =>
  groups
    .flatMap(({ rows }) => rows)
    .map(({ id, value }) => `${label(id)}: ${value?.replaceAll('\n', '; ') ?? '—'}`)
    .join('\n')
