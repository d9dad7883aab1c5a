/** Shuts down, reboots and suspends servers, and follows what becomes of them. */
import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import type { PowerPlan, PowerResult } from '#contract/switching.ts'
import type { ServerPowerAction } from '#contract/vocabulary.ts'
import { sleepUnlessAborted } from '../clock.ts'
import { journalled, type JournalDeps } from '../operations/journal-row.ts'
import type { PowerAccess, PowerSent } from '../ports/port-access.ts'
import type { Connection } from '../servers/connection.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { ServerRuntime } from '../servers/server-runtime.ts'

export interface PowerDeps extends JournalDeps {
  readonly access: PowerAccess
  readonly directory: () => ServerDirectory
}

export interface PowerProgress {
  readonly stage: 'sending' | 'leaving' | 'waiting'
  readonly waitedMs: number
}

/** Until the command itself has ended; servers stop their services after it. */
const COMMAND_DEADLINE_MS = 30_000
/** Services that stop slowly hold the network until the end (90 s by systemd's default, each). */
const LEAVING_DEADLINE_MS = 180_000
export const REBOOT_DEADLINE_MS = 300_000
const LOOK_EVERY_MS = 1_000
const TRY_EVERY_MS = 3_000
/** A server that is on again so soon has lost its link and nothing else. */
const STILL_ON_WITHIN_MS = 8_000
/** The uptime is in whole seconds, and the first sample is a little older than the look at it. */
const UPTIME_SLACK_SEC = 5

export const POWER_FIX =
  'echo "$USER ALL=(root) NOPASSWD: $(command -v systemctl) poweroff, $(command -v systemctl) reboot, $(command -v systemctl) suspend" | sudo tee /etc/sudoers.d/virthelm-power'

export class Power {
  readonly #deps: PowerDeps

  constructor(deps: PowerDeps) {
    this.#deps = deps
  }

  /** Nothing is changed. Throws disconnected, deadlineExceeded. */
  async plan(serverId: ServerId, action: ServerPowerAction, signal: AbortSignal): Promise<PowerPlan> {
    const { runtime, connection } = this.#reached(serverId)
    const { command, cause, users } = await this.#deps.access.planPower(connection, {
      action,
      sudo: runtime.record.useSudo ? 'sudo -n ' : '',
      signal
    })
    const fix = cause === 'permissionDenied' ? POWER_FIX : null
    return { command, cause, fix, users: users === null ? null : [...users] }
  }

  /**
   * Throws refused {what: lookOnly | typedName | powerNotPossible}, planChanged, disconnected, commandFailed {stderr}, cancelled
   * (once sent, only the waiting ends).
   */
  async act(
    request: {
      readonly serverId: ServerId
      readonly action: ServerPowerAction
      readonly typedName: string
      readonly seenCommand: string
    },
    { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (p: PowerProgress) => void }
  ): Promise<PowerResult> {
    const { serverId, action, typedName, seenCommand } = request
    const { record } = this.#deps.directory().get(serverId)
    if (record.lookOnly) throw new AppError('refused', { params: { what: 'lookOnly', server: record.name } })
    if (typedName.trim() !== record.name.trim())
      throw new AppError('refused', { params: { what: 'typedName', vm: record.name } })
    onProgress({ stage: 'sending', waitedMs: 0 })
    const { command } = await this.plan(serverId, action, signal)
    if (command === null)
      throw new AppError('refused', { params: { what: 'powerNotPossible', server: record.name } })
    if (command !== seenCommand)
      throw new AppError('planChanged', { params: { what: 'power', server: record.name } })
    const { runtime, connection } = this.#reached(serverId)
    await this.#send(runtime, connection, action, command)
    return this.#follow(runtime, connection, action, { signal, onProgress })
  }

  async #send(
    runtime: ServerRuntime,
    connection: Connection,
    action: ServerPowerAction,
    command: string
  ): Promise<void> {
    const { access, clock } = this.#deps
    const { record } = runtime
    await journalled({ action: `server.${action}`, record, vm: null }, this.#deps, async (journal) => {
      await journal.beforeSend(command)
      // Before it is sent: the link may go faster than the answer comes.
      runtime.expectOff({ action, atMs: clock.nowMs() })
      const startedMs = clock.monotonicMs()
      const durationMs = (): number => Math.round(clock.monotonicMs() - startedMs)
      let sent: PowerSent
      try {
        sent = await access.sendPower(connection, { command, deadlineMs: COMMAND_DEADLINE_MS })
      } catch (error) {
        runtime.expectOff(null)
        throw error
      }
      if (sent.kind === 'ended') {
        const { exitCode, stderr } = sent
        await journal.afterSend({ exitCode, stderr, durationMs: durationMs() })
        if (exitCode === 0) return
        runtime.expectOff(null)
        throw new AppError('commandFailed', { params: { stderr, exitCode } })
      }
      const wasTaken = sent.kind === 'linkGone'
      await journal.afterSend({ exitCode: null, stderr: '', durationMs: durationMs(), wasTaken })
      if (sent.kind !== 'lost') return
      runtime.expectOff(null)
      throw new AppError('disconnected', { retryable: true })
    })
  }

  async #follow(
    runtime: ServerRuntime,
    connection: Connection,
    action: ServerPowerAction,
    { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (p: PowerProgress) => void }
  ): Promise<PowerResult> {
    const { clock } = this.#deps
    const startedMs = clock.monotonicMs()
    const waitedMs = (): number => Math.round(clock.monotonicMs() - startedMs)
    const look = async (stage: 'leaving' | 'waiting', everyMs: number): Promise<void> => {
      onProgress({ stage, waitedMs: waitedMs() })
      await sleepUnlessAborted(clock, everyMs, signal)
      if (signal.aborted) throw new AppError('cancelled', { cause: signal.reason })
    }
    /** By another connection: the state of the one that went is told a moment later than its end. */
    const isOnline = (): boolean => {
      const now = runtime.connection
      return now !== null && now !== connection && runtime.state.kind === 'online'
    }
    while (runtime.connection === connection) {
      if (waitedMs() > LEAVING_DEADLINE_MS) {
        runtime.expectOff(null)
        return { outcome: 'stillOn', afterMs: waitedMs() }
      }
      await look('leaving', LOOK_EVERY_MS)
    }
    const goneAtMs = waitedMs()
    const untilMs = goneAtMs + (action === 'reboot' ? REBOOT_DEADLINE_MS : STILL_ON_WITHIN_MS)
    while (!isOnline() && waitedMs() < untilMs) {
      await look('waiting', action === 'reboot' ? TRY_EVERY_MS : LOOK_EVERY_MS)
      if (runtime.state.kind === 'offline') runtime.connectNow()
    }
    if (!isOnline()) return { outcome: action === 'reboot' ? 'notBack' : 'off', afterMs: waitedMs() }
    if (action !== 'reboot') return { outcome: 'stillOn', afterMs: waitedMs() }
    // Back, but did it really go? Its uptime tells.
    const uptimeSec = runtime.picture.now?.uptimeSec ?? null
    const hasRebooted = uptimeSec === null || uptimeSec <= waitedMs() / 1_000 + UPTIME_SLACK_SEC
    return { outcome: hasRebooted ? 'back' : 'stillOn', afterMs: waitedMs() }
  }

  #reached(serverId: ServerId): { runtime: ServerRuntime; connection: Connection } {
    const runtime = this.#deps.directory().get(serverId)
    const { connection, record } = runtime
    if (connection === null || runtime.state.kind !== 'online')
      throw new AppError('disconnected', { params: { server: record.name }, retryable: true })
    return { runtime, connection }
  }
}
