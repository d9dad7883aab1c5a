/**
 * What listens on a server, from the kernel's own tables (`/proc/net/{tcp,tcp6,udp,udp6}`) and what is known of the sockets'
 * owners. Pure. The text is made by `remote/ports/listening-script.ts`:
 *
 *   ports FIRST LAST               the ports that the kernel gives by itself
 *   tcp|tcp6|udp|udp6 LINE         a line of that table
 *   user NAME UID                  of /etc/passwd
 *   comm PID NAME                  a process that has sockets of the table open; NAME may hold blanks
 *   fd PID INODE                   it has this socket open
 *   unit INODE PATH                the control group of the socket, as ss tells it
 *   seen root|own                  whose processes could be looked into
 */
import type { ListenerExposure, TransportProtocol } from '#contract/vocabulary.ts'
import { parseCounter, words } from '../metrics/numbers.ts'
import { addressOfHex, exposureOf } from './addresses.ts'
import { serviceName } from './service-names.ts'

export interface ListeningSocket {
  readonly protocol: TransportProtocol
  readonly family: 4 | 6
  readonly address: string
  readonly port: number
  readonly exposure: ListenerExposure
  readonly service: string | null
  readonly uid: number | null
  readonly user: string | null
  readonly process: { readonly pid: number; readonly name: string; readonly others: number } | null
  readonly processMissing: 'permissionDenied' | 'kernel' | null
  readonly unit: string | null
  readonly passing: boolean
}

export interface Listening {
  readonly listeners: readonly ListeningSocket[]
  readonly leftOut: number
  /** Every process of the server could be looked into. */
  readonly allProcesses: boolean
  /** One table at least was read. */
  readonly read: boolean
}

/** Hosts with more listening sockets are rare, and their table could not be read by a person. */
export const MAX_LISTENERS = 2_000
const MAX_LINES = 20_000
const MAX_TEXT = 256
/** Of Linux, where /proc does not tell. */
const DEFAULT_PASSING = { first: 32_768, last: 60_999 }

interface Row {
  readonly table: Table
  readonly address: string
  readonly port: number
  readonly uid: number | null
  readonly inode: string
}

const TABLES = {
  tcp: { protocol: 'tcp', family: 4, state: '0A' },
  tcp6: { protocol: 'tcp', family: 6, state: '0A' },
  udp: { protocol: 'udp', family: 4, state: '07' },
  udp6: { protocol: 'udp', family: 6, state: '07' }
} as const
type Table = keyof typeof TABLES

export function parseListening(text: string): Listening {
  const rows: Row[] = []
  const users = new Map<number, string>()
  const names = new Map<number, string>()
  const holders = new Map<string, number[]>()
  const units = new Map<string, string>()
  let passing = DEFAULT_PASSING
  let leftOut = 0
  let allProcesses = false
  let read = false
  for (const line of text.split('\n', MAX_LINES)) {
    const [kind = '', first = '', second = ''] = words(line)
    if (Object.hasOwn(TABLES, kind)) {
      read = true
      const row = parseRow(kind as Table, words(line).slice(1))
      if (row === null) continue
      if (rows.length < MAX_LISTENERS) rows.push(row)
      else leftOut++
    } else if (kind === 'tables') read = true
    else if (kind === 'ports') passing = parsePorts(first, second) ?? passing
    else if (kind === 'user') addUser(users, first, second)
    else if (kind === 'comm') {
      const pid = parseId(first)
      if (pid !== null) names.set(pid, restOf(line, 2))
    } else if (kind === 'fd') {
      const pid = parseId(first)
      if (pid !== null && /^\d{1,20}$/.test(second)) {
        const known = holders.get(second)
        if (known === undefined) holders.set(second, [pid])
        else if (!known.includes(pid) && known.length < MAX_LISTENERS) known.push(pid)
      }
    } else if (kind === 'unit') {
      const unit = unitOf(restOf(line, 2))
      if (unit !== null) units.set(first, unit)
    } else if (kind === 'seen') allProcesses = first === 'root'
  }
  const listeners = rows.map((row) => socketOf(row, { users, names, holders, units, passing, allProcesses }))
  return { listeners: sorted(listeners), leftOut, allProcesses, read }
}

/** Numbers of processes and users have 32 bits; anything larger is no such number. */
function parseId(text: string | undefined): number | null {
  const number = parseCounter(text)
  return number === null || number > 0xffff_ffff ? null : number
}

/** The end of a line, behind so many words; its blanks stay. */
const restOf = (line: string, count: number): string =>
  line
    .trimStart()
    .replace(new RegExp(`^(?:\\S+\\s){${count}}`), '')
    .slice(0, MAX_TEXT)

/** ` 0: 0100007F:0277 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 21337 …` */
function parseRow(table: Table, fields: readonly string[]): Row | null {
  const [, local = '', , state, , , , uid, , inode = ''] = fields
  const { state: wanted, family } = TABLES[table]
  const [hex = '', hexPort = ''] = local.split(':')
  const address = addressOfHex(hex)
  if (state !== wanted || address === null || !/^[0-9A-Fa-f]{4}$/.test(hexPort)) return null
  if ((hex.length === 8) !== (family === 4)) return null
  const port = parseInt(hexPort, 16)
  if (port === 0 || !/^\d{1,20}$/.test(inode)) return null
  return { table, address, port, uid: parseId(uid), inode }
}

function parsePorts(first: string, last: string): { first: number; last: number } | null {
  const from = parseCounter(first)
  const to = parseCounter(last)
  return from === null || to === null || to < from ? null : { first: from, last: to }
}

function addUser(users: Map<number, string>, name: string, uid: string): void {
  const number = parseId(uid)
  if (number !== null && name !== '' && !users.has(number)) users.set(number, name.slice(0, MAX_TEXT))
}

/** `/system.slice/ssh.service` → `ssh.service`; a user's session or the root group says nothing. */
function unitOf(path: string): string | null {
  const names = path.split('/').filter((name) => name !== '')
  return names.findLast((name) => /\.(?:service|socket|scope)$/.test(name)) ?? null
}

interface Known {
  readonly users: ReadonlyMap<number, string>
  readonly names: ReadonlyMap<number, string>
  readonly holders: ReadonlyMap<string, readonly number[]>
  readonly units: ReadonlyMap<string, string>
  readonly passing: { readonly first: number; readonly last: number }
  readonly allProcesses: boolean
}

function socketOf({ table, address, port, uid, inode }: Row, known: Known): ListeningSocket {
  const { protocol, family } = TABLES[table]
  const pids = [...(known.holders.get(inode) ?? [])].sort((a, b) => a - b)
  const [pid] = pids
  const process =
    pid === undefined ? null : { pid, name: known.names.get(pid) ?? '', others: pids.length - 1 }
  const service = serviceName(port, protocol)
  const inRange = port >= known.passing.first && port <= known.passing.last
  return {
    protocol,
    family,
    address,
    port,
    exposure: exposureOf(address),
    service,
    uid,
    user: uid === null ? null : (known.users.get(uid) ?? null),
    process,
    processMissing: process !== null ? null : known.allProcesses ? 'kernel' : 'permissionDenied',
    unit: known.units.get(inode) ?? null,
    passing: protocol === 'udp' && inRange && service === null
  }
}

/** By port, then as the kernel's tables stand. Two sockets that share an address and port (SO_REUSEPORT) are one listener. */
function sorted(listeners: readonly ListeningSocket[]): ListeningSocket[] {
  const byPlace = new Map<string, ListeningSocket>()
  for (const listener of listeners) {
    const key = placeOf(listener)
    const twin = byPlace.get(key)
    byPlace.set(key, twin === undefined ? listener : merged(twin, listener))
  }
  return [...byPlace.values()].sort((a, b) => a.port - b.port)
}

/** What a listener is known by from one reading to the next. */
export const placeOf = ({
  protocol,
  address,
  port
}: Pick<ListeningSocket, 'protocol' | 'address' | 'port'>): string => `${protocol} ${address} ${port}`

function merged(one: ListeningSocket, other: ListeningSocket): ListeningSocket {
  if (one.process === null) return other
  if (other.process === null || other.process.pid === one.process.pid) return one
  return { ...one, process: { ...one.process, others: one.process.others + other.process.others + 1 } }
}

/** Sockets that stand for something: without those that come and go by themselves. */
export const lasting = (listeners: readonly ListeningSocket[]): ListeningSocket[] =>
  listeners.filter(({ passing }) => !passing)
