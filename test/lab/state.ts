/** What the lab consists of, as its `up` recorded it, and commands inside its servers. */
import { spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/** Where `up` keeps everything. */
export const labFolder = process.env.VIRTHELM_LAB_DIR ?? '/var/lib/virthelm-lab'

const Account = z.object({
  user: z.string(),
  shell: z.string(),
  /** In the group libvirt (root: by being root). */
  libvirt: z.boolean(),
  /** `keyboard`: sshd lets it in by keyboard-interactive only. */
  login: z.array(z.enum(['key', 'password', 'keyboard'])),
  /** Asks for a one-time code after the password: see totpCode. */
  codes: z.boolean(),
  noise: z.enum(['none', 'slow']),
  password: z.string().nullable(),
  totpSecret: z.string().nullable()
})
export type LabAccount = z.infer<typeof Account>

const ClientKey = z.object({
  privateKey: z.string(),
  publicKey: z.string(),
  passphrase: z.string().nullable()
})
export type LabKey = z.infer<typeof ClientKey>

const Guest = z.object({
  uuid: z.string(),
  name: z.string(),
  mac: z.string(),
  start: z.boolean(),
  deaf: z.boolean(),
  stats: z.boolean(),
  autostart: z.boolean(),
  serialLog: z.string()
})
export type LabGuest = z.infer<typeof Guest>

const Server = z.object({
  name: z.string(),
  hostName: z.string(),
  address: z.string(),
  port: z.int(),
  libvirt: z.boolean(),
  /** Accounts outside the group libvirt may not even read. */
  denyReaders: z.boolean(),
  /** Name of the server that leads here; null = reachable directly. */
  via: z.string().nullable(),
  folder: z.string(),
  sshdLog: z.string(),
  hostKeys: z.array(z.object({ type: z.string(), fingerprint: z.string(), keyBase64: z.string() })),
  guests: z.array(Guest),
  init: z.object({ pid: z.int(), startTime: z.string() })
})
export type LabServer = z.infer<typeof Server>

const KEY_IDS = ['ed25519', 'ed25519Encrypted', 'ecdsa', 'rsa', 'rsaEncryptedPem', 'stranger'] as const
export type LabKeyId = (typeof KEY_IDS)[number]

const State = z.object({
  kvm: z.boolean(),
  complete: z.literal(true),
  bridge: z.object({ name: z.string(), address: z.string() }),
  accounts: z.array(Account),
  /** The workstation's key files. No account lets `stranger` in. */
  keys: z.record(z.enum(KEY_IDS), ClientKey),
  servers: z.array(Server)
})
export type LabState = z.infer<typeof State>

/** Why there is no lab to test against, or null when it is up. */
export function whyNoLab(): string | null {
  const file = join(labFolder, 'state.json')
  if (!existsSync(file)) return 'the lab is down (npm run lab -- up, as root on Debian or Ubuntu)'
  const parsed = State.safeParse(JSON.parse(readFileSync(file, 'utf8')))
  if (!parsed.success) return 'the lab is not all up (npm run lab -- status)'
  const dead = parsed.data.servers.filter((server) => !existsSync(`/proc/${server.init.pid}/ns/pid`))
  return dead.length === 0
    ? null
    : `servers of the lab have ended: ${dead.map((server) => server.name).join(', ')}`
}

/** The whole lab. Throws when it is not up. */
export function labState(): LabState {
  const reason = whyNoLab()
  if (reason !== null) throw new Error(reason)
  return State.parse(JSON.parse(readFileSync(join(labFolder, 'state.json'), 'utf8')))
}

export const labServer = (name: string): LabServer =>
  found(labState().servers, (server) => server.name === name, `server ${name}`)

export const labAccount = (user: string): LabAccount =>
  found(labState().accounts, (account) => account.user === user, `account ${user}`)

export const labKey = (id: LabKeyId): LabKey => labState().keys[id]

export const labGuest = (server: string, name: string): LabGuest =>
  found(labServer(server).guests, (guest) => guest.name === name, `guest ${name}`)

function found<T>(list: readonly T[], is: (item: T) => boolean, what: string): T {
  const item = list.find(is)
  if (item === undefined) throw new Error(`the lab has no ${what}`)
  return item
}

export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command on this machine. A code other than 0 throws unless `check` is false. */
export function run(
  command: readonly string[],
  options: { input?: string; check?: boolean; timeoutMs?: number } = {}
): Promise<CommandResult> {
  const [file = '', ...args] = command
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { timeout: options.timeoutMs ?? 30_000, killSignal: 'SIGKILL' })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.stdin.on('error', () => undefined) // it may end without reading
    child.stdin.end(options.input ?? '')
    child.on('error', reject)
    child.on('close', (code) => {
      if (code !== 0 && options.check !== false)
        reject(new Error(`${command.join(' ')}: exit code ${String(code)}\n${stderr}`))
      else resolve({ code, stdout, stderr })
    })
  })
}

/** Runs a command as root inside a server's namespaces: its files, its network, its processes. */
export const inServer = (
  name: string,
  command: readonly string[],
  options: { input?: string; check?: boolean; timeoutMs?: number } = {}
): Promise<CommandResult> =>
  run(
    [
      'nsenter',
      `--target=${labServer(name).init.pid}`,
      '--mount',
      '--uts',
      '--net',
      '--pid',
      '--',
      ...command
    ],
    options
  )

/** All that sshd has logged (LogLevel VERBOSE), line by line. */
export const sshdLog = (name: string): string[] => readFileSync(labServer(name).sshdLog, 'utf8').split('\n')

/** Logins that sshd let in so far; of one user, when given. */
export const loginCount = (name: string, user?: string): number =>
  sshdLog(name).filter(
    (line) => line.startsWith('Accepted ') && (user === undefined || line.includes(` for ${user} from `))
  ).length

/** Logins that sshd refused so far (passwords and keyboard-interactive answers; keys are merely not accepted). */
export const refusedCount = (name: string, user: string): number =>
  sshdLog(name).filter((line) => line.startsWith('Failed ') && line.includes(` ${user} from `)).length

/** What a guest has printed on its serial line. */
export const serialText = (guest: LabGuest): string => readFileSync(guest.serialLog, 'latin1')

/** Process ids, as this machine counts them, of a server's processes whose command line `matches`. */
export function processesOf(name: string, matches: (commandLine: string) => boolean): number[] {
  const namespace = readlinkSync(`/proc/${labServer(name).init.pid}/ns/pid`)
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        return (
          readlinkSync(`/proc/${pid}/ns/pid`) === namespace &&
          matches(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim())
        )
      } catch {
        return false // ended meanwhile
      }
    })
    .map(Number)
}

/** The QEMU of a guest. Throws when it does not run. */
export function qemuPid(server: string, uuid: string): number {
  const [pid] = processesOf(server, (line) => line.includes('qemu-system') && line.includes(`-uuid ${uuid}`))
  if (pid === undefined) throw new Error(`no QEMU of ${uuid} on ${server}`)
  return pid
}

export function libvirtdPid(server: string): number {
  const [pid] = processesOf(server, (line) => line.startsWith('libvirtd '))
  if (pid === undefined) throw new Error(`no libvirtd on ${server}`)
  return pid
}

/** The processes of sshd that carry the sessions of a user (one per connection, running as that user). */
export const sshSessionPids = (server: string, user: string): number[] =>
  processesOf(server, (line) => line.startsWith(`sshd: ${user}`))

/** Files of the writable parts of a server: path → size and time of the last change. */
export async function writableFiles(server: string): Promise<Map<string, string>> {
  const command = `find /etc /home /root /run /tmp /var/tmp /var/log /var/lib/libvirt /var/cache/libvirt /dev/shm -xdev -printf '%p\\t%s %T@\\n' 2>/dev/null || :`
  const { stdout } = await inServer(server, ['bash', '-c', command])
  return new Map(
    stdout
      .split('\n')
      .filter(Boolean)
      .map((line): [string, string] => {
        const [path = '', rest = ''] = line.split('\t')
        return [path, rest]
      })
  )
}

/** The one-time code (RFC 6238: 6 digits, 30 s, SHA-1) that an account with `codes` asks for now. */
export function totpCode(account: LabAccount, atMs = Date.now()): string {
  if (account.totpSecret === null) throw new Error(`${account.user} has no one-time codes`)
  const bits = [...account.totpSecret]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('')
  const secret = Buffer.from((bits.match(/.{8}/g) ?? []).map((eight) => parseInt(eight, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(atMs / 30_000)))
  const digest = createHmac('sha1', secret).update(counter).digest()
  const offset = digest.readUInt8(digest.length - 1) & 0xf
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}
