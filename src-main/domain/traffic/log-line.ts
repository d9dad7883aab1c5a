/** One request as a line of an access log tells it. Pure parsers; what is no request is null. */
import type { LogSpec } from '#contract/vocabulary.ts'

export interface LogLine {
  readonly atMs: number
  /** The log's own date and hour; null where it has epoch times. */
  readonly local: { readonly day: string; readonly hour: number } | null
  readonly client: string
  readonly method: string
  /** null = the line names none. */
  readonly domain: string | null
  /** Squid's word; null = not a proxy's log. */
  readonly result: string | null
  /** Served from the cache; null = the log does not say. */
  readonly hit: boolean | null
  /** null = the request ended before there was one (000). */
  readonly status: number | null
  readonly bytes: number
  readonly responseMs: number | null
}

const MAX_NAME = 128
const MAX_DOMAIN = 253
/** A transfer that took longer is a wrong number. */
const MAX_RESPONSE_MS = 30 * 86_400_000

/** The parser of one kind of log. */
export function lineParser(spec: LogSpec): (line: string) => LogLine | null {
  return spec.format === 'squid' ? parseSquidLine : (line) => parseAccessLine(line, spec)
}

/*
 * As Squid itself counts hits (LogTags::isTcpHit), and the names that older releases had for the same. What was fetched again
 * (REFRESH_MODIFIED), denied or tunnelled is none.
 */
const HITS: ReadonlySet<string> = new Set([
  'TCP_HIT',
  'TCP_MEM_HIT',
  'TCP_IMS_HIT',
  'TCP_INM_HIT',
  'TCP_NEGATIVE_HIT',
  'TCP_OFFLINE_HIT',
  'TCP_REFRESH_UNMODIFIED',
  'TCP_REFRESH_HIT',
  'TCP_REFRESH_FAIL_OLD',
  'TCP_REF_FAIL_HIT'
])

/** Whether Squid's result says "from the cache"; null: it is about no HTTP request (ICP queries, broken connections). */
export function isHit(result: string): boolean | null {
  if (!result.startsWith('TCP_')) return null
  return HITS.has(result.replace(/_(ABORTED|TIMEDOUT|IGNORED|ASYNC)$/g, ''))
}

const SQUID =
  /^ *(\d{1,10})\.(\d{3}) +(-?\d{1,12}) (\S+) ([A-Z][A-Z0-9_.]{0,62})\/(\d{3}) (\d{1,15}) (\S{1,64}) (\S+) .*\S \S+/

/** Squid's native format: `time.ms elapsed client result/status bytes method URL user hierarchy/peer type`. */
export function parseSquidLine(line: string): LogLine | null {
  const parts = SQUID.exec(line)
  if (parts === null) return null
  const [, seconds = '', ms = '', elapsed = '', client = '', result = '', status = '', bytes = ''] = parts
  const [method = '', url = ''] = parts.slice(8)
  return {
    atMs: Number(seconds) * 1_000 + Number(ms),
    local: null,
    client: client.slice(0, MAX_NAME),
    method,
    domain: domainOf(method, url),
    result,
    hit: isHit(result),
    status: statusOf(status),
    bytes: Number(bytes),
    responseMs: plausibleMs(Number(elapsed))
  }
}

const ACCESS_TAIL =
  String.raw` \[(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-]\d{2})(\d{2})\]` +
  String.raw` "((?:[^"\\]|\\.)*)" (\d{3}|-) (\d{1,15}|-)(| .*)$`
/** Client, identity, user (who may have blanks in it), time, request, status, bytes, and whatever follows. */
const PLAIN = new RegExp(String.raw`^()(\S+) \S+ (?:\S.*?)?` + ACCESS_TAIL)
const WITH_HOST = new RegExp(String.raw`^(\S+) (\S+) \S+ (?:\S.*?)?` + ACCESS_TAIL)
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec'

/** nginx and Apache: common and combined, with the virtual host in front and the request's time at the end where `spec` says so. */
export function parseAccessLine(line: string, { format, timing }: LogSpec): LogLine | null {
  const hasHost = format === 'vhostCommon' || format === 'vhostCombined'
  const parts = (hasHost ? WITH_HOST : PLAIN).exec(line)
  if (parts === null) return null
  const [, host = '', client = ''] = parts
  const time = localTime(parts.slice(3, 11))
  if (time === null) return null
  const [request = '', status = '', bytes = '', rest = ''] = parts.slice(11)
  const [, method = '-', target = ''] = /^([A-Za-z_-]{1,32}) (\S+)/.exec(request) ?? []
  return {
    ...time,
    client: client.slice(0, MAX_NAME),
    method,
    domain: hasHost ? hostName(host) : domainOf(method, target),
    result: null,
    hit: null,
    status: statusOf(status),
    bytes: bytes === '-' ? 0 : Number(bytes),
    responseMs: responseOf(rest, timing)
  }
}

function localTime(parts: readonly string[]): Pick<LogLine, 'atMs' | 'local'> | null {
  const [
    day = '',
    month = '',
    year = '',
    hour = '',
    minute = '',
    second = '',
    zoneHour = '',
    zoneMinute = ''
  ] = parts
  const monthNumber = MONTHS.indexOf(month) / 3 + 1
  if (!Number.isInteger(monthNumber) || monthNumber < 1) return null
  const dayText = `${year}-${String(monthNumber).padStart(2, '0')}-${day}`
  const midnightMs = Date.parse(`${dayText}T00:00:00.000Z`)
  // 31 February is read as a day of March, or not at all.
  if (Number.isNaN(midnightMs) || new Date(midnightMs).getUTCDate() !== Number(day)) return null
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null
  const sign = zoneHour.startsWith('-') ? -1 : 1
  const offsetMinutes = Number(zoneHour) * 60 + sign * Number(zoneMinute)
  const inDaySec = (Number(hour) * 60 + Number(minute) - offsetMinutes) * 60 + Number(second)
  return { atMs: midnightMs + inDaySec * 1_000, local: { day: dayText, hour: Number(hour) } }
}

const QUOTED = /^(?: "(?:[^"\\]|\\.)*")+/
const FIRST_NUMBER = /^ (?:[a-z_]{1,32}[=:])?"?(\d{1,12}(?:\.\d{1,9})?)"?(?: |,|$)/

/** What a line says behind bytes, referrer and agent: how long it took, and in what unit. */
export function timingOf(line: string): LogSpec['timing'] {
  const rest = PLAIN.exec(line)?.[14] ?? ''
  const number = FIRST_NUMBER.exec(rest.replace(QUOTED, ''))?.[1]
  if (number === undefined) return 'none'
  return number.includes('.') ? 'seconds' : 'microseconds'
}

function responseOf(rest: string, timing: LogSpec['timing']): number | null {
  if (timing === 'none') return null
  const number = FIRST_NUMBER.exec(rest.replace(QUOTED, ''))?.[1]
  if (number === undefined) return null
  return plausibleMs(timing === 'seconds' ? Number(number) * 1_000 : Number(number) / 1_000)
}

const plausibleMs = (ms: number): number | null => (ms >= 0 && ms <= MAX_RESPONSE_MS ? ms : null)

const statusOf = (text: string): number | null => (text === '-' || text === '000' ? null : Number(text))

/** Of CONNECT's host and port, or of an absolute URL. */
function domainOf(method: string, target: string): string | null {
  if (method === 'CONNECT') return hostName(target)
  const authority = /^[a-z][a-z0-9+.-]{0,15}:\/\/([^/?#]*)/i.exec(target)?.[1]
  return authority === undefined ? null : hostName(authority.slice(authority.lastIndexOf('@') + 1))
}

const PORT = /:\d{1,5}$/

/** Lower case, without port, brackets of IPv6 and a trailing dot; null for what is no name of a host. */
export function hostName(text: string): string | null {
  const [, bracketed] = /^\[([0-9a-fA-F:.%]{2,64})\](?::\d{1,5})?$/.exec(text) ?? []
  const colons = text.split(':').length - 1
  // Several colons without brackets: an IPv6 address, whose last group is no port.
  const plain = bracketed ?? (colons === 1 ? text.replace(PORT, '') : text)
  const name = plain.replace(/\.$/, '').toLowerCase()
  if (name === '' || name === '_' || name === '-' || name.length > MAX_DOMAIN) return null
  return /^[\p{L}\p{N}._:%-]+$/u.test(name) ? name : null
}
