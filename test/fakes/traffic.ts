/** Parts for tests of access logs: a folder with a log, sums in memory, and a recount that shares nothing with the console. */
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  copyFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppError } from '#contract/errors.ts'
import type { HistoryStore, StoredLog } from '../../src-main/application/storage.ts'
import type { TrafficCount } from '../../src-main/domain/traffic/traffic-counts.ts'

type TrafficStore = Pick<HistoryStore, 'trafficLog' | 'addTraffic' | 'trafficTotals'>

/** Keeps what is added, with the storage's rule of revisions. */
export class FakeTraffic implements TrafficStore {
  readonly counts: TrafficCount[] = []
  readonly #logs = new Map<string, StoredLog>()

  trafficLog: TrafficStore['trafficLog'] = async (_serverId, path) => this.#logs.get(path) ?? null

  addTraffic: TrafficStore['addTraffic'] = async ({ path, revision, state, counts }) => {
    const known = this.#logs.get(path)
    if ((known?.revision ?? null) !== revision) throw new AppError('conflict')
    this.counts.push(...counts)
    const next = (revision ?? 0) + 1
    this.#logs.set(path, { revision: next, state })
    return next
  }

  trafficTotals: TrafficStore['trafficTotals'] = () => Promise.reject(new Error('not played'))

  /** Visits and bytes by domain, as `recount` gives them. */
  byDomain(): Record<string, Sums> {
    const sums: Record<string, Sums> = {}
    for (const { kind, key, visits, bytes } of this.counts)
      if (kind === 'domain') add(sums, key, visits, bytes)
    return sums
  }
}

export type Sums = [visits: number, bytes: number]

function add(sums: Record<string, Sums>, domain: string, visits: number, bytes: number): void {
  const [knownVisits, knownBytes] = sums[domain] ?? [0, 0]
  sums[domain] = [knownVisits + visits, knownBytes + bytes]
}

/** A counter of its own for Squid's lines: by fields, not by the console's patterns. */
export function recount(lines: readonly string[]): Record<string, Sums> {
  const sums: Record<string, Sums> = {}
  for (const line of lines) {
    const [, , , , bytes = '0', method = '', url = ''] = line.trim().split(/ +/)
    const host = method === 'CONNECT' ? (url.split(':')[0] ?? '') : new URL(url).hostname
    add(sums, host, 1, Number(bytes))
  }
  return sums
}

/** Before the time of a FakeClock. */
const START_SEC = 1_699_000_000

/** A log in a folder of its own, that can be rotated in every way. Its files have times a minute apart. */
export class LogFolder {
  readonly folder = mkdtempSync(join(tmpdir(), 'virthelm-log-'))
  readonly path = join(this.folder, 'access.log')
  /** All lines that were ever written, whole ones. */
  readonly lines: string[] = []
  #count = 0
  #minutes = 0

  line(): string {
    const number = this.#count++
    const host = `host${number % 7}.example`
    const text = `${START_SEC + number}.${String(number % 1000).padStart(3, '0')} ${String(number % 90).padStart(6)} 10.0.0.${number % 5} TCP_MISS/200 ${100 + number} GET http://${host}/${'x'.repeat(number % 40)} - HIER_DIRECT/192.0.2.1 text/html`
    this.lines.push(text)
    return text
  }

  append(count = 1): void {
    this.write(Array.from({ length: count }, () => `${this.line()}\n`).join(''))
  }

  write(text: string): void {
    appendFileSync(this.path, text)
    this.#touch(this.path)
  }

  /** `access.log` becomes `access.log.1`, and so on; with `compress` at once. The writer opens a new one. */
  rotate({ compress = false, reopen = true } = {}): void {
    this.#shift()
    if (existsSync(this.path)) renameSync(this.path, `${this.path}.1`)
    if (compress) this.compress()
    if (reopen) this.write('')
  }

  /** As logrotate's copytruncate. */
  copyTruncate(): void {
    this.#shift()
    if (!existsSync(this.path)) return
    copyFileSync(this.path, `${this.path}.1`)
    const { mtime } = statSync(this.path)
    utimesSync(`${this.path}.1`, mtime, mtime)
    truncateSync(this.path)
    this.#touch(this.path)
  }

  /** gzip keeps the time, as it always does. */
  compress(name = 'access.log.1'): void {
    if (existsSync(join(this.folder, name))) execFileSync('gzip', ['-f', join(this.folder, name)])
  }

  remove(): void {
    rmSync(this.path, { force: true })
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Text of all files that are there. */
  files(): Record<string, string> {
    return Object.fromEntries(
      readdirSync(this.folder).map((name) => [name, readFileSync(join(this.folder, name), 'latin1')])
    )
  }

  #shift(): void {
    for (let number = 9; number >= 1; number--)
      for (const end of ['', '.gz']) {
        const from = `${this.path}.${number}${end}`
        if (existsSync(from)) renameSync(from, `${this.path}.${number + 1}${end}`)
      }
  }

  #touch(path: string): void {
    const at = START_SEC + 60 * ++this.#minutes
    utimesSync(path, at, at)
  }
}
