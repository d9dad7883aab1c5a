/** Wake-on-LAN: sends magic packets from here or through another server, and waits until the server is connected. */
import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import {
  LIMITED_BROADCAST,
  WAKE_PORTS,
  WakeSettings,
  type LanIdentity,
  type WakeProgress,
  type WakeResult,
  type WakeView
} from '#contract/switching.ts'
import type { ServerRecord } from '#contract/servers.ts'
import { sleepUnlessAborted } from '../clock.ts'
import { journalled, type JournalDeps } from '../operations/journal-row.ts'
import type { MagicTarget, PowerAccess } from '../ports/port-access.ts'
import type { KeptSecret, SealedTexts } from '../sealed-texts.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { BlobStore } from '../storage.ts'
import { ServerOptions } from '../telemetry/server-options.ts'
import type { LanMemory } from './lan-memory.ts'

export interface WakeDeps extends JournalDeps {
  readonly access: PowerAccess
  readonly blobs: BlobStore
  readonly sealed: SealedTexts
  readonly lan: LanMemory
  readonly directory: () => ServerDirectory
}

/** Firmware, kernel and sshd of a large machine take their time; this is what an operator waits. */
export const WAKE_DEADLINE_MS = 120_000
const TRY_EVERY_MS = 4_000
/** A packet may be lost, or come while the interface is still going to sleep. */
const SEND_AGAIN_AT_MS = [5_000, 20_000, 60_000]

export class Wake {
  readonly #deps: WakeDeps
  readonly #settings: ServerOptions<typeof WakeSettings>
  /** Where they cannot be kept: for this run. */
  readonly #passwords = new Map<ServerId, string>()

  constructor(deps: WakeDeps) {
    this.#deps = deps
    this.#settings = new ServerOptions(deps.blobs, 'wake', WakeSettings)
  }

  async load(serverId: ServerId): Promise<void> {
    await this.#settings.load(serverId)
    const kept = await this.#deps.sealed.read(passwordName(serverId))
    if (kept !== null) this.#passwords.set(serverId, kept)
  }

  async forget(serverId: ServerId): Promise<void> {
    this.#passwords.delete(serverId)
    await this.#settings.forget(serverId)
    await this.#deps.sealed.remove(passwordName(serverId))
  }

  /** null = none is held. */
  passwordOf(serverId: ServerId): string | null {
    return this.#passwords.get(serverId) ?? null
  }

  /** In memory only: it was kept past this, or cannot be. */
  hold(serverId: ServerId, password: string): void {
    this.#passwords.set(serverId, password)
  }

  view(serverId: ServerId): WakeView {
    const settings = this.#settings.get(serverId)
    const learned = this.#deps.lan.of(serverId)
    return {
      settings,
      learned,
      mac: settings.mac ?? macOf(learned),
      broadcasts: broadcastsOf(settings, learned),
      ports: settings.port === null ? [...WAKE_PORTS] : [settings.port],
      passwordKept: this.#passwords.has(serverId),
      canKeepPassword: this.#deps.sealed.canKeep
    }
  }

  /** @param password null = forget it, undefined = leave it */
  async set(serverId: ServerId, settings: WakeSettings, password: string | null | undefined): Promise<void> {
    const { sealed } = this.#deps
    await this.#settings.set(serverId, settings)
    if (password === null) {
      this.#passwords.delete(serverId)
      await sealed.remove(passwordName(serverId))
    } else if (password !== undefined) {
      this.#passwords.set(serverId, password)
      if (sealed.canKeep) await sealed.write(keptWakePassword(serverId, password))
    }
  }

  /** Throws refused {what: lookOnly | noMac | wakeVia}, wakeNotSent, cancelled. */
  async wake(
    serverId: ServerId,
    { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (p: WakeProgress) => void }
  ): Promise<WakeResult> {
    const { clock, directory } = this.#deps
    const runtime = directory().get(serverId)
    if (runtime.record.lookOnly) throw refused('lookOnly', runtime.record)
    const startedMs = clock.monotonicMs()
    const waitedMs = (): number => Math.round(clock.monotonicMs() - startedMs)
    onProgress({ stage: 'sending', packets: 0, waitedMs: 0 })
    let packets = await this.#send(serverId, signal)
    // Nobody would learn that it is there.
    if (!runtime.record.collecting) return { outcome: 'sent', afterMs: waitedMs(), packets }
    const again = [...SEND_AGAIN_AT_MS]
    while (waitedMs() < WAKE_DEADLINE_MS) {
      if (runtime.state.kind === 'online') return { outcome: 'online', afterMs: waitedMs(), packets }
      onProgress({ stage: 'waiting', packets, waitedMs: waitedMs() })
      await sleepUnlessAborted(clock, TRY_EVERY_MS, signal)
      if (signal.aborted) throw new AppError('cancelled', { cause: signal.reason })
      if (waitedMs() >= (again[0] ?? Infinity)) {
        again.shift()
        packets += await this.#send(serverId, signal)
      }
      if (runtime.state.kind === 'offline') runtime.connectNow()
    }
    return { outcome: 'noAnswer', afterMs: waitedMs(), packets }
  }

  async #send(serverId: ServerId, signal: AbortSignal): Promise<number> {
    const { directory, access } = this.#deps
    const { record } = directory().get(serverId)
    const view = this.view(serverId)
    if (view.mac === null) throw refused('noMac', record)
    const target: MagicTarget = {
      mac: view.mac,
      broadcasts: view.broadcasts,
      ports: view.ports,
      password: this.#passwords.get(serverId) ?? null
    }
    if (view.settings.via !== null) return this.#sendThrough(view.settings.via, record, target, signal)
    const places = target.broadcasts.flatMap((address) => target.ports.map((port) => `${address}:${port}`))
    return this.#journalled(record, `wake-on-lan ${target.mac} ${places.join(' ')}`, async () => ({
      packets: await access.sendMagic(target),
      exitCode: 0,
      stderr: ''
    }))
  }

  /** A packet that the other server sends into the network both stand in. A row of the journal of that server. */
  async #sendThrough(
    via: ServerId,
    target: ServerRecord,
    magic: MagicTarget,
    signal: AbortSignal
  ): Promise<number> {
    const relay = this.#deps.directory().find(via)
    if (relay === undefined) throw refused('wakeVia', target)
    const { record, connection } = relay
    if (record.lookOnly) throw refused('lookOnly', record)
    if (connection === null)
      throw new AppError('disconnected', { params: { server: record.name }, retryable: true })
    const sudo = record.useSudo ? 'sudo -n ' : ''
    const planned = await this.#deps.access.planMagicFrom(connection, magic, { sudo, signal })
    return this.#journalled(record, planned.shown, () => planned.send())
  }

  #journalled(
    record: ServerRecord,
    command: string,
    send: () => Promise<{ packets: number; exitCode: number | null; stderr: string }>
  ): Promise<number> {
    const { clock } = this.#deps
    return journalled({ action: 'server.wake', record, vm: null }, this.#deps, async (journal) => {
      await journal.beforeSend(command)
      const startedMs = clock.monotonicMs()
      const durationMs = (): number => Math.round(clock.monotonicMs() - startedMs)
      try {
        const { packets, exitCode, stderr } = await send()
        await journal.afterSend({ exitCode: exitCode ?? 0, stderr, durationMs: durationMs() })
        return packets
      } catch (error) {
        if (error instanceof AppError && error.code === 'wakeNotSent') {
          const stderr = String(error.params['stderr'] ?? error.params['reason'] ?? '')
          await journal.afterSend({ exitCode: 1, stderr, durationMs: durationMs() })
        }
        throw error
      }
    })
  }
}

const passwordName = (serverId: ServerId): string => `secrets/wake/${serverId}`

/** How a SecureOn password is kept, before it is sealed. */
export const keptWakePassword = (serverId: ServerId, password: string): KeptSecret => ({
  name: passwordName(serverId),
  plain: password
})

const refused = (what: string, { name }: Pick<ServerRecord, 'name'>): AppError =>
  new AppError('refused', { params: { what, server: name } })

/** The interface of the default route, unless it is known that another one wakes and this one does not. */
export function macOf(learned: LanIdentity | null): string | null {
  const nics = learned?.interfaces ?? []
  const willing = nics.find(({ wakes }) => wakes === true)
  const first = nics[0]
  return (first?.wakes === false ? (willing ?? first) : first)?.mac ?? null
}

/** The broadcast address of its own network, which routers may pass on, and that of the sender's link. */
export function broadcastsOf({ broadcast, mac }: WakeSettings, learned: LanIdentity | null): string[] {
  if (broadcast !== null) return [broadcast]
  const used = mac ?? macOf(learned)
  const own = learned?.interfaces.find((nic) => nic.mac === used) ?? learned?.interfaces[0]
  const known = own?.broadcast ?? null
  return known === null ? [LIMITED_BROADCAST] : [known, LIMITED_BROADCAST]
}
