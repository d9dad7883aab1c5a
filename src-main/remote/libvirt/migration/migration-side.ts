/** One server of a migration: what `MigrationPort` asks for, by virsh over its ssh connection. */
import { randomInt } from 'node:crypto'
import { AppError } from '#contract/errors.ts'
import type { VmUuid } from '#contract/ids.ts'
import type { Clock } from '../../../application/clock.ts'
import type { ActionJournal } from '../../../application/machines/hypervisor.ts'
import type {
  CommandWords,
  LiveMove,
  MigrationPort,
  NewVolume,
  SendOptions,
  Waits
} from '../../../application/migration/migration-port.ts'
import type { Log } from '../../../application/platform/platform.ts'
import type { Connection } from '../../../application/servers/connection.ts'
import { SshConnection } from '../../ssh/connection.ts'
import { quote } from '../../ssh/quote.ts'
import { relay, type ProgramEnd } from '../../ssh/relay.ts'
import { makeMarker } from '../../ssh/script-run.ts'
import { openTunnel, type SocketPlace, type Tunnel } from '../../ssh/tunnel.ts'
import { Virsh, virshScript, type VirshWrite } from '../virsh.ts'
import { ENVIRONMENT } from '../virsh-scripts.ts'
import {
  abortWrite,
  autostartWrite,
  checksumScript,
  commandWords,
  createVolumeWrite,
  defineWrite,
  deleteVolumeWrite,
  moveScript,
  receiveArgs,
  resumeWrite,
  sendArgs,
  shownMove,
  type TunnelEnds,
  undefineWrite
} from './commands.ts'
import { Questions } from './questions.ts'

export interface MigrationSideDeps {
  readonly connection: Connection
  readonly uri: string
  readonly clock: Clock
  readonly log: Log
  readonly versions: { readonly libvirt: string | null; readonly hypervisor: string | null }
}

const WRITE_DEADLINE_MS = 60_000
const TUNNEL_DEADLINE_MS = 15_000
const STALL_MS = 60_000
/** For what takes as long as the bytes take; standing still is noticed long before. */
const LONG_DEADLINE_MS = 24 * 3_600_000
const PORT_TRIES = 5
const MAX_MESSAGE_CHARS = 2_000
/** Above those that libvirt gives out by itself (49152 to 49215). */
const PORTS = [49_300, 60_900] as const

export class MigrationSide implements MigrationPort {
  readonly words: CommandWords
  readonly #deps: MigrationSideDeps
  readonly #virsh: Virsh
  readonly #ask: Questions

  constructor(deps: MigrationSideDeps) {
    this.#deps = deps
    this.#virsh = new Virsh(deps)
    this.#ask = new Questions({ ...deps, virsh: this.#virsh })
    this.words = commandWords(deps.uri)
  }

  readonly host: MigrationPort['host'] = (waits) => this.#ask.host(waits)
  readonly domain: MigrationPort['domain'] = (uuid, waits) => this.#ask.domain(uuid, waits)
  readonly where: MigrationPort['where'] = (uuid, waits) => this.#ask.where(uuid, waits)
  readonly definition: MigrationPort['definition'] = (...args) => this.#ask.definition(...args)
  readonly volumeAt: MigrationPort['volumeAt'] = (path, waits) => this.#ask.volumeAt(path, waits)
  readonly volume: MigrationPort['volume'] = (...args) => this.#ask.volume(...args)
  readonly presence: MigrationPort['presence'] = (paths, waits) => this.#ask.presence(paths, waits)
  readonly compareCpu: MigrationPort['compareCpu'] = (...args) => this.#ask.compareCpu(...args)
  readonly reaches: MigrationPort['reaches'] = (way, waits) => this.#ask.reaches(way, waits)
  readonly job: MigrationPort['job'] = (uuid, waits) => this.#ask.job(uuid, waits)

  createVolume(volume: NewVolume, journal: ActionJournal, waits: Waits): Promise<void> {
    return this.#write(createVolumeWrite(volume), journal, waits)
  }

  deleteVolume(pool: string, name: string, journal: ActionJournal, waits: Waits): Promise<void> {
    return this.#write(deleteVolumeWrite(pool, name), journal, waits)
  }

  define(xml: string, journal: ActionJournal, waits: Waits): Promise<void> {
    const run = { deadlineMs: WRITE_DEADLINE_MS, ...waits }
    return this.#send(
      virshScript(this.#deps.uri, defineWrite(xml), false),
      this.words.define(xml),
      journal,
      run
    )
  }

  autostart(uuid: VmUuid, journal: ActionJournal, waits: Waits): Promise<void> {
    return this.#write(autostartWrite(uuid), journal, waits)
  }

  undefine(uuid: VmUuid, hasNvram: boolean, journal: ActionJournal, waits: Waits): Promise<void> {
    return this.#write(undefineWrite(uuid, hasNvram), journal, waits)
  }

  resume(uuid: VmUuid, journal: ActionJournal, waits: Waits): Promise<void> {
    return this.#write(resumeWrite(uuid), journal, waits)
  }

  abortJob(uuid: VmUuid, journal: ActionJournal, waits: Waits): Promise<void> {
    return this.#write(abortWrite(uuid), journal, waits)
  }

  checksum(pool: string, name: string, { signal, deadlineMs = LONG_DEADLINE_MS }: Waits): Promise<string> {
    const script = checksumScript(this.#deps.uri, pool, name)
    return this.#ask.checksum(pool, name, script, { signal, deadlineMs })
  }

  async moveLive(
    move: LiveMove,
    target: MigrationPort,
    journal: ActionJournal,
    { signal, deadlineMs = LONG_DEADLINE_MS }: Waits
  ): Promise<void> {
    const waits = { signal, deadlineMs }
    if (move.direct !== null) return this.#runMove(move, null, null, journal, waits)
    const there = sideOf(target)
    const socket = await there.#socket(signal)
    const folder = await this.#makeFolder(signal)
    const tunnels: Tunnel[] = []
    try {
      const at = { path: `${folder}/libvirt` }
      tunnels.push(await this.#tunnel(at, there, { path: socket }, signal))
      const memory = await this.#freePort(there, signal)
      tunnels.push(memory.tunnel)
      const disks = move.copyDisks ? await this.#freePort(there, signal) : null
      if (disks !== null) tunnels.push(disks.tunnel)
      const ends = { socket: at.path, memoryPort: memory.port, diskPort: disks?.port ?? 0 }
      await this.#runMove(move, ends, folder, journal, waits)
    } finally {
      for (const tunnel of tunnels) tunnel.close()
      await this.#dropFolder(folder)
    }
  }

  async sendVolume(
    from: { readonly pool: string; readonly name: string },
    target: MigrationPort,
    to: { readonly pool: string; readonly name: string },
    { signal, sourceJournal, targetJournal, onBytes }: SendOptions
  ): Promise<{ bytes: number; sha256: string }> {
    const there = sideOf(target)
    const { uri, clock } = this.#deps
    await sourceJournal.beforeSend(this.words.send(from.pool, from.name))
    await targetJournal.beforeSend(there.words.receive(to.pool, to.name))
    const startedMs = clock.monotonicMs()
    const command = (args: readonly string[]): string =>
      `env LC_ALL=C XDG_CACHE_HOME=/dev/null ${['virsh', '-q', '-c', uri, ...args].map(quote).join(' ')}`
    const result = await relay(
      { connection: sshOf(this.#deps.connection), command: command(sendArgs(from.pool, from.name)) },
      { connection: sshOf(there.#deps.connection), command: command(receiveArgs(to.pool, to.name)) },
      makeMarker(),
      { signal, openDeadlineMs: TUNNEL_DEADLINE_MS, stallMs: STALL_MS, onBytes }
    ).catch((error: unknown) => ({ lost: error }))
    const durationMs = Math.round(clock.monotonicMs() - startedMs)
    const ended = (
      end: ProgramEnd | null
    ): { exitCode: number | null; stderr: string; durationMs: number } => ({
      exitCode: end?.exitCode ?? null,
      stderr: end?.words ?? '',
      durationMs
    })
    await sourceJournal.afterSend(ended('lost' in result ? null : result.from))
    await targetJournal.afterSend(ended('lost' in result ? null : result.to))
    if ('lost' in result) throw result.lost
    for (const end of [result.to, result.from])
      if (end.exitCode !== 0) throw new AppError('libvirtFailed', { params: { stderr: end.words } })
    return { bytes: result.bytes, sha256: result.sha256 }
  }

  #runMove(
    move: LiveMove,
    ends: TunnelEnds | null,
    folder: string | null,
    journal: ActionJournal,
    waits: Required<Waits>
  ): Promise<void> {
    const { uri } = this.#deps
    return this.#send(moveScript(uri, move, ends, folder), shownMove(uri, move, ends), journal, waits)
  }

  /** As Virsh.write, for what is sent otherwise than it may be shown: a definition holds passwords. */
  async #send(script: string, shown: string, journal: ActionJournal, waits: Required<Waits>): Promise<void> {
    const { clock, connection } = this.#deps
    await journal.beforeSend(shown)
    const startedMs = clock.monotonicMs()
    const answer = await connection.run(script, waits).catch((error: unknown) => ({ lost: error }))
    const durationMs = Math.round(clock.monotonicMs() - startedMs)
    if ('lost' in answer) {
      await journal.afterSend({ exitCode: null, stderr: '', durationMs })
      throw answer.lost
    }
    const stderr = answer.stderr.trim().slice(0, MAX_MESSAGE_CHARS)
    await journal.afterSend({ exitCode: answer.exitCode, stderr, durationMs })
    if (answer.exitCode !== 0) throw new AppError('libvirtFailed', { params: { stderr } })
  }

  /** Where libvirt listens: the modular daemon's own socket where the old one is not there. */
  async #socket(signal: AbortSignal): Promise<string> {
    const { stdout } = await this.#deps.connection.run(SOCKET_SCRIPT, {
      signal,
      deadlineMs: TUNNEL_DEADLINE_MS
    })
    const path = stdout.trim()
    if (!path.startsWith('/')) throw new AppError('libvirtDaemonDown', { params: { stderr: '' } })
    return path
  }

  /** Only this account may look into it, so nobody else on the server can talk to the other server's libvirt. */
  async #makeFolder(signal: AbortSignal): Promise<string> {
    const { stdout, stderr } = await this.#deps.connection.run(FOLDER_SCRIPT, {
      signal,
      deadlineMs: TUNNEL_DEADLINE_MS
    })
    const path = stdout.trim()
    if (!/^\/[\w./-]+\/virthelm\.\w+$/.test(path))
      throw new AppError('commandFailed', { params: { stderr: stderr.slice(0, MAX_MESSAGE_CHARS) } })
    return path
  }

  async #dropFolder(folder: string): Promise<void> {
    const signal = AbortSignal.timeout(TUNNEL_DEADLINE_MS)
    // The script of the move does it too; this is for one that was never sent, and a link that is gone cannot do either.
    await this.#deps.connection
      .run(`rm -rf ${quote(folder)}`, { signal, deadlineMs: TUNNEL_DEADLINE_MS })
      .catch((cause: unknown) => this.#deps.log.info('migration.folderLeft', { folder, cause }))
  }

  #tunnel(at: SocketPlace, there: MigrationSide, to: SocketPlace, signal: AbortSignal): Promise<Tunnel> {
    return openTunnel(
      { link: sshOf(this.#deps.connection).link, place: at },
      { link: sshOf(there.#deps.connection).link, place: to },
      { signal, deadlineMs: TUNNEL_DEADLINE_MS }
    )
  }

  /** A port of the loopback that is free here; on the other server QEMU is told to listen on the same. */
  async #freePort(there: MigrationSide, signal: AbortSignal): Promise<{ port: number; tunnel: Tunnel }> {
    for (let attempt = 1; ; attempt++) {
      const port = randomInt(...PORTS)
      try {
        return { port, tunnel: await this.#tunnel({ port }, there, { port }, signal) }
      } catch (error) {
        const isTaken = error instanceof AppError && error.code === 'channelRefused'
        if (!isTaken || attempt === PORT_TRIES) throw error
      }
    }
  }

  async #write(write: VirshWrite, journal: ActionJournal, waits: Waits): Promise<void> {
    await this.#virsh.write(write, journal, { deadlineMs: WRITE_DEADLINE_MS, ...waits })
  }
}

const SOCKET_SCRIPT = `for one in /run/libvirt/libvirt-sock /var/run/libvirt/libvirt-sock /run/libvirt/virtqemud-sock; do
if [ -S "$one" ]; then printf '%s\\n' "$one"; exit 0; fi
done
`

const FOLDER_SCRIPT = `${ENVIRONMENT}
umask 077
mktemp -d /tmp/virthelm.XXXXXXXX
`

const sideOf = (port: MigrationPort): MigrationSide => {
  if (port instanceof MigrationSide) return port
  throw new AppError('internal')
}

const sshOf = (connection: Connection): SshConnection => {
  if (connection instanceof SshConnection) return connection
  throw new AppError('internal')
}
