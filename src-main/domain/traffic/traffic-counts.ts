/** Adds requests up by day: by domain, client, status, result and hour. */
import { OWN_DOMAIN, type TrafficTotal } from '#contract/vocabulary.ts'
import type { LogLine } from './log-line.ts'

export type CountKind = 'domain' | 'client' | 'status' | 'result' | 'hour'
export const COUNT_KINDS = ['domain', 'client', 'status', 'result', 'hour'] as const

/** What was counted of one key on one day. */
export interface TrafficCount extends TrafficTotal {
  readonly day: string
  readonly kind: CountKind
}

type Sums = { -readonly [K in Exclude<keyof TrafficTotal, 'key'>]: number }
type StatusName = Extract<keyof TrafficTotal, `status${string}`>

export const noSums = (): Sums => ({
  visits: 0,
  judged: 0,
  hits: 0,
  bytes: 0,
  timed: 0,
  responseMs: 0,
  status1xx: 0,
  status2xx: 0,
  status3xx: 0,
  status4xx: 0,
  status5xx: 0,
  statusOther: 0
})

/** The class of a status, by its first digit. */
export function statusClass(status: number | null): StatusName {
  const digit = status === null ? 0 : Math.floor(status / 100)
  return digit >= 1 && digit <= 5 ? (`status${digit}xx` as StatusName) : 'statusOther'
}

export class TrafficCounts {
  readonly #sums = new Map<string, { day: string; kind: CountKind; key: string; sums: Sums }>()
  /** All requests together. */
  readonly total: Sums = noSums()

  /** `local`: the date and the hour that the request counts for. */
  add(line: LogLine, local: { readonly day: string; readonly hour: number }): void {
    take(this.total, line)
    this.#take(local.day, 'domain', line.domain ?? OWN_DOMAIN, line)
    this.#take(local.day, 'client', line.client, line)
    this.#take(local.day, 'status', line.status === null ? '000' : String(line.status), line)
    if (line.result !== null) this.#take(local.day, 'result', line.result, line)
    this.#take(local.day, 'hour', String(local.hour).padStart(2, '0'), line)
  }

  counts(): TrafficCount[] {
    return [...this.#sums.values()].map(({ day, kind, key, sums }) => ({ day, kind, key, ...sums }))
  }

  #take(day: string, kind: CountKind, key: string, line: LogLine): void {
    const name = `${day} ${kind} ${key}`
    let entry = this.#sums.get(name)
    if (entry === undefined) {
      entry = { day, kind, key, sums: noSums() }
      this.#sums.set(name, entry)
    }
    take(entry.sums, line)
  }
}

function take(sums: Sums, { hit, bytes, responseMs, status }: LogLine): void {
  sums.visits++
  if (hit !== null) sums.judged++
  if (hit === true) sums.hits++
  sums.bytes += bytes
  if (responseMs !== null) {
    sums.timed++
    sums.responseMs += responseMs
  }
  sums[statusClass(status)]++
}
