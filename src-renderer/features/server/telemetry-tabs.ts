/** The tabs of a server that show what it is asked for beside the fast lane: one line per subject, in the order of the tabs. */
import type { Component } from 'vue'
import type { ServerView } from '#contract/servers.ts'
import { GpuTab } from '../gpu/index.ts'
import { PowerTab } from '../power/index.ts'
import { TrafficTab } from '../traffic/index.ts'
import { ServicesTab } from '../services/index.ts'
import { ProcessesTab } from '../processes/index.ts'
import { HardwareTab } from '../hardware/index.ts'
import { PortsTab } from '../ports/index.ts'

export interface TelemetryTab {
  /** Part of the address; also names the words: `server.tab.<id>`. */
  readonly id: string
  /** Takes `server: ServerView`; fills the room below the tabs. */
  readonly component: Component<{ server: ServerView }>
}

export const TELEMETRY_TABS: readonly TelemetryTab[] = [
  { id: 'processes', component: ProcessesTab },
  { id: 'services', component: ServicesTab },
  { id: 'hardware', component: HardwareTab },
  { id: 'gpu', component: GpuTab },
  { id: 'power', component: PowerTab },
  { id: 'ports', component: PortsTab },
  { id: 'traffic', component: TrafficTab }
]
