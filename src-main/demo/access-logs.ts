/**
 * The access logs of the demo: one file per UTC day, whose lines are a pure function of the server and the time. So a log grows by
 * itself, and its rotated files are there without anything being kept.
 */
import type { SimulatedHost } from './host.ts'
import { daily, hash, smooth } from './noise.ts'

const DAY_SEC = 86_400
/** At most one request in so many seconds. */
const SLOT_SEC = 4
const ROTATED_DAYS = 7

interface LogProfile {
  readonly path: string
  readonly kind: 'squid' | 'nginx'
  /** The demo's account may read it. */
  readonly readable: boolean
}

const PROFILES: Readonly<Record<string, LogProfile>> = {
  'kvm-alpha': { path: '/var/log/squid/access.log', kind: 'squid', readable: true },
  'edge-seoul': { path: '/var/log/nginx/access.log', kind: 'nginx', readable: true },
  'build-host': { path: '/var/log/nginx/access.log', kind: 'nginx', readable: false }
}

export interface DemoLogFile {
  readonly path: string
  readonly inode: number
  readonly compressed: boolean
  /** Uncompressed. */
  readonly bytes: Uint8Array
  readonly modifiedSec: number
}

export class DemoLog {
  readonly profile: LogProfile
  readonly #host: SimulatedHost
  /** Days that are over never change. */
  readonly #days = new Map<number, Buffer>()

  constructor(host: SimulatedHost, profile: LogProfile) {
    this.#host = host
    this.profile = profile
  }

  /** Newest first: the one that is written, then as logrotate names them. */
  files(nowMs: number): DemoLogFile[] {
    const today = Math.floor(nowMs / 1_000 / DAY_SEC)
    return Array.from({ length: 1 + ROTATED_DAYS }, (_, age) => {
      const day = today - age
      const compressed = age > 1
      const name = age === 0 ? '' : `.${age}${compressed ? '.gz' : ''}`
      const modifiedSec = age === 0 ? Math.floor(nowMs / 1_000) : (day + 1) * DAY_SEC - 1
      const inode = (compressed ? 700_000 : 500_000) + day
      return { path: this.profile.path + name, inode, compressed, bytes: this.#day(day, nowMs), modifiedSec }
    })
  }

  #day(day: number, nowMs: number): Buffer {
    const untilSec = Math.min((day + 1) * DAY_SEC, Math.floor(nowMs / 1_000))
    const isOver = untilSec === (day + 1) * DAY_SEC
    const known = this.#days.get(day)
    if (known !== undefined) return known
    let text = ''
    for (let atSec = day * DAY_SEC; atSec + SLOT_SEC <= untilSec; atSec += SLOT_SEC) text += this.#line(atSec)
    const bytes = Buffer.from(text)
    if (isOver) this.#days.set(day, bytes)
    return bytes
  }

  #line(atSec: number): string {
    const { seed, profile } = this.#host
    const slot = atSec / SLOT_SEC
    const busy = 0.15 + 0.6 * daily(atSec, profile.utcOffsetHours) * (0.5 + smooth(seed, atSec, 1_800))
    if (hash(seed, slot) > busy) return ''
    const draw = (what: number): number => hash(seed + what * 7_919, slot)
    const timeMs = atSec * 1_000 + Math.floor(draw(1) * SLOT_SEC * 1_000)
    return this.profile.kind === 'squid'
      ? squidLine(timeMs, draw)
      : nginxLine(timeMs, draw, profile.utcOffsetHours)
  }
}

/** null: this server has no access log. */
export function demoLogOf(host: SimulatedHost): DemoLog | null {
  const known = logs.get(host)
  if (known !== undefined) return known
  const profile = PROFILES[host.name]
  const log = profile === undefined ? null : new DemoLog(host, profile)
  logs.set(host, log)
  return log
}

const logs = new WeakMap<SimulatedHost, DemoLog | null>()

type Draw = (what: number) => number

/** The first are asked for far more often than the last. */
const pick = <T>(from: readonly T[], share: number): T => from[Math.floor(share ** 2.2 * from.length)] as T

const SITES = [
  ...['deb.example.org', 'fixes.example.org', 'github.com', 'modules.example.org', 'files.example.org'],
  ...['download.docker.com', 'proxy.golang.org', 'static.crates.io', 'mirror.centos.org', 'pypi.org'],
  ...[
    'huggingface.co',
    'cdn-lfs.huggingface.co',
    'developer.download.nvidia.com',
    'objects.githubusercontent.com'
  ],
  ...[
    'www.wikipedia.org',
    'news.ycombinator.com',
    'grafana.com',
    'ntp.org',
    'ocsp.digicert.com',
    'example.org'
  ]
]
const PLAIN_SITES = 3
const CLIENTS = Array.from({ length: 14 }, (_, index) => `10.20.${Math.floor(index / 6)}.${11 + index * 3}`)

function squidLine(timeMs: number, draw: Draw): string {
  const site = pick(SITES, draw(2))
  const client = pick(CLIENTS, draw(3))
  const isPlain = SITES.indexOf(site) < PLAIN_SITES
  const luck = draw(4)
  const size = Math.floor(400 + 40_000 * draw(5) ** 4 * (isPlain ? 60 : 12))
  const took = (base: number): number => Math.max(0, Math.floor(base * (0.3 + 3 * draw(6) ** 3)))
  const line = (
    elapsed: number,
    result: string,
    bytes: number,
    request: string,
    from: string,
    type: string
  ) =>
    `${(timeMs / 1_000).toFixed(3)} ${String(elapsed).padStart(6)} ${client} ${result} ${bytes} ${request} - ${from} ${type}\n`
  if (!isPlain) {
    const request = `CONNECT ${site}:443`
    if (luck < 0.015) return line(0, 'TCP_DENIED/403', 3_912, request, 'HIER_NONE/-', 'text/html')
    if (luck < 0.025) return line(took(8_000), 'NONE_NONE/503', 0, request, 'HIER_NONE/-', '-')
    return line(took(900), 'TCP_TUNNEL/200', size, request, 'HIER_DIRECT/198.51.100.9', '-')
  }
  const request = `GET http://${site}/debian/pool/main/p${Math.floor(draw(7) * 900)}.deb`
  if (luck < 0.03)
    return line(took(80), 'TCP_MISS/404', 612, request, 'HIER_DIRECT/198.51.100.7', 'text/html')
  if (luck < 0.5) return line(took(3), 'TCP_MEM_HIT/200', size, request, 'HIER_NONE/-', 'application/x-deb')
  if (luck < 0.62) return line(took(12), 'TCP_HIT/200', size, request, 'HIER_NONE/-', 'application/x-deb')
  if (luck < 0.7)
    return line(took(40), 'TCP_REFRESH_UNMODIFIED/304', 310, request, 'HIER_DIRECT/198.51.100.7', '-')
  return line(took(240), 'TCP_MISS/200', size, request, 'HIER_DIRECT/198.51.100.7', 'application/x-deb')
}

const PAGES = [
  '/',
  '/api/v1/readings',
  '/assets/app.js',
  '/assets/app.css',
  '/login',
  '/api/v1/devices',
  '/favicon.ico'
]
const AGENTS = ['Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0', 'curl/8.5.0', 'okhttp/4.12.0', '-']
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

function nginxLine(timeMs: number, draw: Draw, offsetHours: number): string {
  const at = new Date(timeMs + offsetHours * 3_600_000)
  const two = (value: number): string => String(value).padStart(2, '0')
  const zone = `${offsetHours < 0 ? '-' : '+'}${two(Math.abs(Math.trunc(offsetHours)))}${two((Math.abs(offsetHours) % 1) * 60)}`
  const date = `${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()] ?? ''}/${at.getUTCFullYear()}`
  const time = `${date}:${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} ${zone}`
  const luck = draw(4)
  const [status, page] =
    luck < 0.02
      ? [502, '/api/v1/readings']
      : luck < 0.07
        ? [404, '/wp-login.php']
        : luck < 0.2
          ? [304, pick(PAGES, draw(2))]
          : [200, pick(PAGES, draw(2))]
  const client = luck < 0.07 ? `203.0.113.${Math.floor(draw(3) * 250)}` : pick(CLIENTS, draw(3))
  const bytes = status === 304 ? 0 : Math.floor(200 + 60_000 * draw(5) ** 3)
  const seconds = (status === 502 ? 5 : 0.004 + 0.4 * draw(6) ** 4).toFixed(3)
  return `${client} - - [${time}] "GET ${page} HTTP/1.1" ${status} ${bytes} "-" "${pick(AGENTS, draw(7))}" ${seconds}\n`
}
