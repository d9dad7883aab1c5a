/** Where the figures of a report come from. */
import type { Alert } from '#contract/alerts.ts'
import type { FleetFigures, FleetFiguresQuery } from '#contract/fleet-figures.ts'
import type { ChannelId, ServerId } from '#contract/ids.ts'
import type { HistoryStore, ServerStore } from '../storage.ts'

/** The same figures as on the screen. Throws cancelled. */
export type ReadFigures = (query: FleetFiguresQuery, signal: AbortSignal) => Promise<FleetFigures>

export interface AlertsOfPeriod {
  /** All that lasted within the range, the newest raise first. */
  read(
    range: { readonly fromAtMs: number; readonly toAtMs: number },
    signal: AbortSignal
  ): Promise<readonly Alert[]>
  /** What is the matter, in words: "CPU used 93 % (above 80 % for 5 min)". */
  words(alert: Alert, zone: 'local' | 'utc'): string
}

export interface ReportMail {
  readonly subject: string
  readonly text: string
  readonly attachments: readonly {
    readonly name: string
    readonly type: string
    readonly bytes: Uint8Array
  }[]
}

/** Mailboxes that a report can be sent to. */
export interface ReportMailer {
  mailboxes(): Promise<readonly { readonly id: ChannelId; readonly name: string }[]>
  /** Throws notFound, and what keeps mail from being sent. */
  send(mailbox: ChannelId, mail: ReportMail, signal: AbortSignal): Promise<void>
}

export interface ReportSources {
  readonly figures: ReadFigures
  readonly alerts: AlertsOfPeriod
  readonly history: Pick<HistoryStore, 'means'>
  readonly servers: Pick<ServerStore, 'list'>
}

export type ServerIds = readonly ServerId[]
