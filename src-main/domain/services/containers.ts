/** Containers of docker and podman: what `ps` and `inspect` tell, and their use out of the files of their control groups. */
import { ContainerId, ContainerName, type ContainerEngine } from '#contract/vocabulary.ts'
import { words } from '../metrics/numbers.ts'
import { plausibleAt, wholeNumber, word } from './text.ts'

/** Counters of one container at one reading. */
export interface ContainerUse {
  /** Of the server, in seconds: rates are taken from it. */
  readonly uptimeSec: number
  readonly cpuSec: number | null
  readonly memoryBytes: number | null
  readonly memoryLimitBytes: number | null
  readonly processes: number | null
  readonly rxBytes: number | null
  readonly txBytes: number | null
  readonly readBytes: number | null
  readonly writeBytes: number | null
}

export interface ListedContainer {
  readonly engine: ContainerEngine
  readonly viaSudo: boolean
  readonly id: string
  readonly name: string
  readonly image: string
  readonly state: string
  readonly health: string | null
  readonly exitCode: number | null
  readonly sinceAtMs: number | null
  /** What it may use at most; null = no limit. */
  readonly memoryLimitBytes: number | null
  readonly use: ContainerUse | null
}

/** How it stands with one engine: `missing` = not installed. */
export type EngineAnswer =
  | { readonly kind: 'missing' }
  | { readonly kind: 'denied' | 'daemonDown' | 'failed'; readonly words: string | null }
  | { readonly kind: 'listed'; readonly containers: readonly ListedContainer[]; readonly total: number }

const MAX_LINES = 20_000
/** Warnings come first, why it failed comes last. */
const lastLines = (text: string): string => text.trimEnd().split('\n').slice(-3).join('\n')

/**
 * Sections of one engine, as the script prints them: exit, errors, list (`ID STATUS`), inspect (a JSON object a line), use
 * (`ID key=value …`).
 */
export function parseEngine(
  engine: ContainerEngine,
  viaSudo: boolean,
  part: (name: 'exit' | 'errors' | 'list' | 'inspect' | 'use') => string | undefined
): EngineAnswer {
  const exit = part('exit')?.trim()
  if (exit === undefined || exit === '') return { kind: 'missing' }
  if (exit !== '0') return refusal(word(lastLines(part('errors') ?? ''), 400))
  const listed = parseList(part('list') ?? '')
  const uses = parseUses(part('use') ?? '')
  const containers = (part('inspect') ?? '').split('\n', MAX_LINES).flatMap((line): ListedContainer[] => {
    const inspected = inspectedOf(line)
    if (inspected === null) return []
    const use = uses.get(inspected.id) ?? null
    return [{ engine, viaSudo, ...inspected, health: listed.get(inspected.id) ?? null, use }]
  })
  return { kind: 'listed', containers, total: Math.max(listed.size, containers.length) }
}

/** A line of `inspect`, by the template of the script. */
function inspectedOf(line: string): Omit<ListedContainer, 'engine' | 'viaSudo' | 'health' | 'use'> | null {
  const read = fieldsOf(line)
  const id = ContainerId.safeParse(read('id'))
  const name = ContainerName.safeParse(textOf(read('name')).replace(/^\//, ''))
  const state = word(textOf(read('status')), 60)
  if (!id.success || !name.success || state === null) return null
  const isUp = state === 'running' || state === 'paused' || state === 'restarting'
  const [exit, limit] = [read('exit'), read('limit')]
  return {
    id: id.data,
    name: name.data,
    image: word(textOf(read('image'))) ?? '',
    state,
    exitCode: isUp || state === 'created' || !Number.isInteger(exit) ? null : (exit as number),
    sinceAtMs: timeOf(textOf(read(isUp ? 'started' : 'finished'))),
    memoryLimitBytes: typeof limit === 'number' && Number.isFinite(limit) && limit > 0 ? limit : null
  }
}

/** Fields of a JSON object on one line; what is none has none. */
function fieldsOf(line: string): (name: string) => unknown {
  const value = jsonOf(line)
  if (typeof value !== 'object' || value === null) return () => undefined
  return (name) => (Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined)
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

function refusal(said: string | null): EngineAnswer {
  const text = said ?? ''
  if (/permission denied|a password is required|not allowed to execute|may not run sudo/i.test(text))
    return { kind: 'denied', words: said }
  if (
    /cannot connect to the docker daemon|is the docker daemon running|connection refused|no such file/i.test(
      text
    )
  )
    return { kind: 'daemonDown', words: said }
  return { kind: 'failed', words: said }
}

/** id → health, as `Up 3 days (healthy)` has it. */
function parseList(text: string): Map<string, string | null> {
  const listed = new Map<string, string | null>()
  for (const line of text.split('\n', MAX_LINES)) {
    const [id = ''] = words(line)
    if (!ContainerId.safeParse(id).success) continue
    const health = /\((?:health: )?(healthy|unhealthy|starting)\)/.exec(line)?.[1] ?? null
    listed.set(id, health)
  }
  return listed
}

function parseUses(text: string): Map<string, ContainerUse> {
  const uses = new Map<string, ContainerUse>()
  for (const line of text.split('\n', MAX_LINES)) {
    const [id = '', ...fields] = words(line)
    const values = new Map(
      fields.map((field): [string, string] => {
        const at = field.indexOf('=')
        return [field.slice(0, at), field.slice(at + 1)]
      })
    )
    const uptime = values.get('up') ?? ''
    if (!ContainerId.safeParse(id).success || !/^\d{1,12}(\.\d{1,4})?$/.test(uptime)) continue
    const number = (name: string): number | null => wholeNumber(values.get(name))
    const [usec, nsec] = [number('cpu_us'), number('cpu_ns')]
    uses.set(id, {
      uptimeSec: Number(uptime),
      cpuSec: usec !== null ? usec / 1e6 : nsec !== null ? nsec / 1e9 : null,
      memoryBytes: workingSet(number('mem'), number('inactive')),
      memoryLimitBytes: limitOf(number('limit')),
      processes: number('pids'),
      rxBytes: number('rx'),
      txBytes: number('tx'),
      readBytes: number('rb'),
      writeBytes: number('wb')
    })
  }
  return uses
}

/** As docker counts it: pages of files that nobody touched lately can be taken back at any time. */
const workingSet = (usage: number | null, inactive: number | null): number | null =>
  usage === null ? null : inactive === null || inactive > usage ? usage : usage - inactive

/** cgroup v1 writes "no limit" as a number near 2^63. */
const limitOf = (bytes: number | null): number | null =>
  bytes === null || bytes <= 0 || bytes > 2 ** 50 ? null : bytes

/** `2026-11-28T08:40:11.123456789Z`, also with an offset. Docker writes "never" as the year 1. */
function timeOf(text: string): number | null {
  const shown = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/.exec(text)
  return shown === null ? null : plausibleAt(Date.parse(`${shown[1] ?? ''}${shown[2] ?? ''}`))
}

function jsonOf(line: string): unknown {
  if (!line.startsWith('{')) return null
  try {
    return JSON.parse(line) as unknown
  } catch {
    // A line that was cut off, or no answer of the template at all.
    return null
  }
}

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40
}

export interface StatsRow {
  readonly cpuUsedRatio: number | null
  readonly memoryUsedBytes: number | null
  readonly processes: number | null
}

/** `docker stats --no-stream --no-trunc --format '{{json .}}'`, by id. Slow: only where the control groups cannot be read. */
export function parseStats(text: string): Map<string, StatsRow> {
  const rows = new Map<string, StatsRow>()
  for (const line of text.split('\n', MAX_LINES)) {
    const read = fieldsOf(line)
    const id = textOf(read('ID'))
    if (!ContainerId.safeParse(id).success) continue
    const [, percent] = /^(\d{1,6}(?:\.\d{1,6})?)%$/.exec(textOf(read('CPUPerc')).trim()) ?? []
    rows.set(id, {
      cpuUsedRatio: percent === undefined ? null : Number(percent) / 100,
      memoryUsedBytes: sizeOf(textOf(read('MemUsage')).split('/')[0]),
      processes: wholeNumber(textOf(read('PIDs')).trim())
    })
  }
  return rows
}

function sizeOf(text: string | undefined): number | null {
  const [, number, unit = ''] = /^(\d{1,12}(?:\.\d{1,6})?)([kKMGT]i?B|B)$/.exec((text ?? '').trim()) ?? []
  const factor = UNITS[unit]
  return number === undefined || factor === undefined ? null : Math.round(Number(number) * factor)
}

export interface ContainerRates {
  readonly cpuUsedRatio: number | null
  readonly rxBytesPerSec: number | null
  readonly txBytesPerSec: number | null
  readonly readBytesPerSec: number | null
  readonly writeBytesPerSec: number | null
}

const NO_RATES: ContainerRates = {
  cpuUsedRatio: null,
  rxBytesPerSec: null,
  txBytesPerSec: null,
  readBytesPerSec: null,
  writeBytesPerSec: null
}

/** Growth per second between two readings. A counter that fell (the container was started anew) or a short time: none. */
export function ratesOf(before: ContainerUse | null, now: ContainerUse | null): ContainerRates {
  if (before === null || now === null) return NO_RATES
  const seconds = now.uptimeSec - before.uptimeSec
  if (seconds < 0.5) return NO_RATES
  const rate = (from: number | null, to: number | null): number | null =>
    from === null || to === null || to < from ? null : (to - from) / seconds
  return {
    cpuUsedRatio: rate(before.cpuSec, now.cpuSec),
    rxBytesPerSec: rate(before.rxBytes, now.rxBytes),
    txBytesPerSec: rate(before.txBytes, now.txBytes),
    readBytesPerSec: rate(before.readBytes, now.readBytes),
    writeBytesPerSec: rate(before.writeBytes, now.writeBytes)
  }
}
