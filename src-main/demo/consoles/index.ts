/** Displays, serial lines and terminals of one demo server, behind its ssh. */
import { StringDecoder } from 'node:string_decoder'
import { gzipSync } from 'node:zlib'
import type { ServerChannel } from 'ssh2'
import type { DemoDomain, DemoHost } from '../model.ts'
import { GuestScreen } from './guest-screen.ts'
import { DemoShell } from './shell.ts'
import { serveVnc } from './vnc-server.ts'

/** What an ssh server does with channels that are no lanes. */
export interface DemoConsoles {
  /** Serves what listens on a port of the server; false: nothing does. */
  forward(port: number, accept: () => ServerChannel): boolean
  /** Something else of the server takes connections there. */
  listens?(port: number): boolean
  /** A terminal: the login shell, or the console's own command with a script to come. */
  terminal(channel: ServerChannel, request: TerminalRequest): void
}

export interface TerminalRequest {
  readonly size: { columns: number; rows: number }
  /** The command that takes a script; null = the login shell. */
  readonly command: string | null
}

export const FIRST_VNC_PORT = 5_900
/** As `remote/ssh/open-streams.ts` waits for it. */
const READY = /echo (virthelm terminal ready)/
const CONSOLE = /exec virsh .* console '([0-9a-f-]{36})' --(safe|force)/

const screens = new WeakMap<DemoDomain, GuestScreen>()

export function screenOf(domain: DemoDomain): GuestScreen {
  const screen = screens.get(domain) ?? new GuestScreen(domain)
  screens.set(domain, screen)
  return screen
}

/** What a one-shot script that takes a screenshot prints; null: it is another script. */
export function screenshotAnswer(host: DemoHost, script: string): { stdout: string; stderr: string } | null {
  const uuid = /screenshot '([0-9a-f-]{36})' --file/.exec(script)?.[1]
  if (uuid === undefined) return null
  const domain = host.domains.find((candidate) => candidate.uuid === uuid)
  const failed = (message: string) => ({ stdout: '', stderr: `error: ${message}\n` })
  if (domain === undefined) return failed(`failed to get domain '${uuid}'`)
  if (domain.id === null) return failed('Requested operation is not valid: domain is not running')
  return { stdout: gzipSync(screenOf(domain).ppm()).toString('base64'), stderr: '' }
}

/** The port of a running VM's display. */
export const vncPortOf = (host: DemoHost, domain: DemoDomain): number =>
  FIRST_VNC_PORT + host.domains.indexOf(domain)

export function createConsoles(host: DemoHost, user: string): DemoConsoles {
  /** Who holds a serial line, by UUID. */
  const lines = new Map<string, ServerChannel>()
  const hangUp = (channel: ServerChannel): void => {
    if (!channel.writable) return
    channel.exit(0)
    channel.end()
  }
  /** A VM that is switched off takes its consoles along. */
  const whileRunning = (domain: DemoDomain, channel: ServerChannel): void => {
    const stop = host.onDomainEvent((event) => {
      if (event.domain.uuid === domain.uuid && event.event === 'Stopped') channel.end()
    })
    channel.once('close', stop)
  }

  return {
    forward(port, accept) {
      const domain = host.domains[port - FIRST_VNC_PORT]
      if (domain === undefined || domain.id === null) return false
      const channel = accept()
      whileRunning(domain, channel)
      serveVnc(channel, screenOf(domain))
      return true
    },
    terminal(channel, { size, command }) {
      channel.on('error', () => channel.destroy())
      if (command === null) {
        shell(channel, { user, hostName: host.hostName, login: false, size: () => size, hangUp })
        return
      }
      channel.write(`${READY.exec(command)?.[1] ?? ''}\n`)
      onFirstLine(channel, (line) => {
        const [, uuid = '', way] = CONSOLE.exec(line) ?? []
        const domain = host.domains.find((candidate) => candidate.uuid === uuid)
        const refusal =
          domain === undefined
            ? `failed to get domain '${uuid}'`
            : domain.id === null
              ? 'The domain is not running'
              : null
        if (domain === undefined || refusal !== null) {
          channel.write(`error: ${refusal ?? ''}\n`)
          hangUp(channel)
          return
        }
        channel.write(`Connected to domain '${domain.name}'\nEscape character is ^^ (Ctrl + ^)\n`)
        const holder = lines.get(uuid)
        if (holder !== undefined && way === 'safe') {
          channel.write('error: operation failed: Active console session exists for this domain\n')
          hangUp(channel)
          return
        }
        if (holder !== undefined) hangUp(holder)
        lines.set(uuid, channel)
        channel.once('close', () => {
          if (lines.get(uuid) === channel) lines.delete(uuid)
        })
        whileRunning(domain, channel)
        shell(channel, { user: 'root', hostName: domain.name, login: true, size: () => size, hangUp })
      })
    }
  }
}

function shell(
  channel: ServerChannel,
  options: {
    user: string
    hostName: string
    login: boolean
    size: () => { columns: number; rows: number }
    hangUp: (channel: ServerChannel) => void
  }
): void {
  const decoder = new StringDecoder('utf8')
  const played = new DemoShell({
    ...options,
    write: (text) => {
      if (channel.writable) channel.write(text)
    },
    exit: () => options.hangUp(channel)
  })
  channel.on('data', (chunk: Buffer) => played.take(decoder.write(chunk)))
}

function onFirstLine(channel: ServerChannel, listener: (line: string) => void): void {
  let head = Buffer.alloc(0)
  const take = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk])
    const end = head.indexOf(0x0a)
    if (end < 0) return
    channel.off('data', take)
    listener(head.subarray(0, end).toString('utf8'))
  }
  channel.on('data', take)
}
