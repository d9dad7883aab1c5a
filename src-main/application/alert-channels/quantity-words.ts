/** Metrics and their values in English, for messages that leave the console. The window has words of its own. Pure. */
import { metricDefinition, type EntityKind, type Unit } from '#contract/metric-catalogue.ts'

const WORDS: Readonly<Record<string, string>> = {
  cpu: 'CPU',
  gpu: 'GPU',
  io: 'I/O',
  iowait: 'waiting for I/O',
  irq: 'interrupts',
  softirq: 'soft interrupts',
  net: 'network',
  rx: 'received',
  tx: 'sent',
  ops: 'operations',
  await: 'wait',
  utilisation: 'busy',
  zram: 'compressed swap'
}
const UNIT_SUFFIX = /(BytesPerSec|PerSec|Ratio|Bytes|Celsius|Watts|Rpm|Ms|Sec)$/

/** `memoryUsedRatio` → "memory used". */
export function metricWords(metric: string): string {
  const parts = metric
    .replace(UNIT_SUFFIX, '')
    .split(/(?=[A-Z])|(?<=[a-z])(?=\d)/)
    .map((part) => part.toLowerCase())
  return parts.map((part) => WORDS[part] ?? part).join(' ')
}

export function unitOf(kind: EntityKind, metric: string): Unit {
  return metricDefinition(kind, metric)?.unit ?? 'count'
}

const BYTES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

function bytesWords(bytes: number): string {
  let step = 0
  let rest = bytes
  while (Math.abs(rest) >= 1_024 && step < BYTES.length - 1) {
    rest /= 1_024
    step++
  }
  return `${rounded(rest)} ${BYTES[step] ?? 'B'}`
}

/** Three digits that say something. */
function rounded(value: number): string {
  const size = Math.abs(value)
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2
  return String(Number(value.toFixed(digits)))
}

export function quantityWords(unit: Unit, value: number): string {
  switch (unit) {
    case 'ratio':
      return `${rounded(value * 100)} %`
    case 'bytes':
      return bytesWords(value)
    case 'bytesPerSec':
      return `${bytesWords(value)}/s`
    case 'perSec':
      return `${rounded(value)}/s`
    case 'ms':
      return `${rounded(value)} ms`
    case 'sec':
      return durationWords(value * 1_000)
    case 'celsius':
      return `${rounded(value)} °C`
    case 'watts':
      return `${rounded(value)} W`
    case 'rpm':
      return `${rounded(value)} rpm`
    case 'count':
    case 'load':
      return rounded(value)
  }
}

const SPANS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000]
] as const

/** The two largest units: "1 d 4 h", "5 min", "30 s". */
export function durationWords(durationMs: number): string {
  let rest = Math.max(0, Math.round(durationMs / 1_000)) * 1_000
  const parts: string[] = []
  for (const [unit, lengthMs] of SPANS) {
    const count = Math.floor(rest / lengthMs)
    rest -= count * lengthMs
    if (count > 0) parts.push(`${String(count)} ${unit}`)
    if (parts.length === 2 || (parts.length === 1 && count === 0)) break
  }
  return parts.length === 0 ? '0 s' : parts.join(' ')
}

/** "2026-11-28 12:03 UTC", or with the offset of this computer's time. */
export function timeWords(atMs: number, zone: 'local' | 'utc'): string {
  const at = new Date(atMs)
  const offsetMinutes = zone === 'utc' ? 0 : -at.getTimezoneOffset()
  const text = new Date(atMs + offsetMinutes * 60_000).toISOString().slice(0, 16).replace('T', ' ')
  if (zone === 'utc') return `${text} UTC`
  const size = Math.abs(offsetMinutes)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${text} ${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}
