/** What scans, wake-ups and power need of the outside. Implemented by `remote/ports` and `remote/power`. */
import type { PortReason, PortState, ServerPowerAction } from '#contract/vocabulary.ts'
import type { Listening } from '../../domain/ports/listeners.ts'
import type { LanNic } from '../../domain/wake/lan.ts'
import type { Connection } from '../servers/connection.ts'
import type { Tools } from '../telemetry/tools.ts'

export interface Probed {
  readonly state: PortState
  readonly reason: PortReason
  /** null = no answer came. */
  readonly answerMs: number | null
}

export interface ToolAsk {
  readonly tools: Tools
  readonly sudo: '' | 'sudo -n '
  readonly signal: AbortSignal
}

export interface PortAccess {
  /** One TCP connection from this computer, closed at once. Never rejects but with cancelled. */
  probe(address: string, port: number, options: { signal: AbortSignal; deadlineMs: number }): Promise<Probed>
  /** The addresses of a name. Throws addressNotFound. */
  resolve(host: string, signal: AbortSignal): Promise<readonly string[]>
  /** Throws unreadable answers as protocolViolation, and as `Tools.run` does. */
  readListening(ask: ToolAsk): Promise<Listening>
  readLan(ask: ToolAsk): Promise<readonly LanNic[]>
}

export interface MagicTarget {
  readonly mac: string
  readonly broadcasts: readonly string[]
  readonly ports: readonly number[]
  readonly password: string | null
}

export interface PlannedPower {
  /** null = not possible there. */
  readonly command: string | null
  readonly cause: 'toolMissing' | 'permissionDenied' | 'notPresent' | null
  readonly users: readonly string[] | null
}

/** What came of a power command that was sent. */
export type PowerSent =
  | { readonly kind: 'ended'; readonly exitCode: number; readonly stderr: string }
  /** The link went after the server had begun to run the command: as it should. */
  | { readonly kind: 'linkGone' }
  /** The link went, or the deadline passed, before the server said that it had the command. */
  | { readonly kind: 'lost' }
  /** Begun, not ended and not gone within the deadline. */
  | { readonly kind: 'running' }

/** A way to send from another server that was found there, not yet sent. */
export interface PlannedMagic {
  /** Exactly what will be run there, without a password. */
  readonly shown: string
  /** Throws wakeNotSent, disconnected, deadlineExceeded. */
  send(): Promise<{ readonly packets: number; readonly exitCode: number | null; readonly stderr: string }>
}

export interface PowerAccess {
  /** By UDP from this computer. Resolves with how many packets went out. Throws wakeNotSent {reason}. */
  sendMagic(target: MagicTarget): Promise<number>
  /** By a program of another server. Throws wakeNotSent {reason: noTool}, and as `Connection.run`. */
  planMagicFrom(
    connection: Connection,
    target: MagicTarget,
    options: { sudo: '' | 'sudo -n '; signal: AbortSignal }
  ): Promise<PlannedMagic>
  planPower(
    connection: Connection,
    options: { action: ServerPowerAction; sudo: '' | 'sudo -n '; signal: AbortSignal }
  ): Promise<PlannedPower>
  /** Runs a command of `planPower`, and no other. */
  sendPower(connection: Connection, options: { command: string; deadlineMs: number }): Promise<PowerSent>
}
