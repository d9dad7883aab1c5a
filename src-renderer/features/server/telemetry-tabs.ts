/** The tabs of a server that show what it is asked for beside the fast lane: one line per subject, in the order of the tabs. */
import type { Component } from 'vue'
import type { ServerView } from '#contract/servers.ts'
import { PortsTab } from '../ports/index.ts'

export interface TelemetryTab {
  /** Part of the address; also names the words: `server.tab.<id>`. */
  readonly id: string
  /** Takes `server: ServerView`; fills the room below the tabs. */
  readonly component: Component<{ server: ServerView }>
}

export const TELEMETRY_TABS: readonly TelemetryTab[] = [{ id: 'ports', component: PortsTab }]
