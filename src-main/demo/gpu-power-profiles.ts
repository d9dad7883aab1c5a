/** Cards, sensors and power meters of the demo servers, as data. */

export interface GpuProfile {
  readonly vendor: 'nvidia' | 'amd'
  readonly name: string
  readonly memoryMib: number
  readonly limitWatts: number
  /** Share of its memory and its time that is used, on average. */
  readonly memory: number
  readonly busy: number
  /** NVIDIA: cut into so many equal slices of this profile; absent = whole. */
  readonly slices?: { readonly profile: string; readonly count: number; readonly memoryMib: number }
}

export interface GpuPowerProfile {
  readonly gpus: readonly GpuProfile[]
  readonly persistence: boolean
  readonly driverVersion: string
  readonly cudaVersion: string
  readonly sensors: 'server' | 'desktop' | 'board' | 'virtual'
  readonly sockets: number
  /** Idle and full load, of the machine without its cards. */
  readonly watts: readonly [idle: number, full: number]
  readonly rapl: 'readable' | 'denied' | 'none'
  readonly ipmi: 'works' | 'toolMissing' | 'none'
  /** An ACPI meter of the whole machine. */
  readonly meter: boolean
}

const nvidia = (
  name: string,
  memoryMib: number,
  limitWatts: number,
  memory: number,
  busy: number
): GpuProfile => ({
  vendor: 'nvidia',
  name,
  memoryMib,
  limitWatts,
  memory,
  busy
})
const H100 = 'NVIDIA H100 80GB HBM3'

const SERVER: GpuPowerProfile = {
  gpus: [],
  persistence: true,
  driverVersion: '550.90.07',
  cudaVersion: '12.4',
  sensors: 'server',
  sockets: 1,
  watts: [110, 380],
  rapl: 'readable',
  ipmi: 'works',
  meter: false
}

export const HARDWARE = {
  /** Two small cards for inference, whose driver is loaded anew for every question. */
  alpha: {
    ...SERVER,
    persistence: false,
    gpus: [nvidia('NVIDIA L4', 23_034, 72, 0.42, 0.35), nvidia('NVIDIA L4', 23_034, 72, 0.08, 0.03)]
  },
  /** Nothing but the CPU's counters, and those only for root. */
  bravo: { ...SERVER, sockets: 2, watts: [140, 420], rapl: 'denied', ipmi: 'toolMissing' },
  /** Eight cards, the last one cut into slices. */
  gpu: {
    ...SERVER,
    sockets: 2,
    watts: [420, 1_400],
    gpus: [
      nvidia(H100, 81_559, 700, 0.94, 0.97),
      nvidia(H100, 81_559, 700, 0.94, 0.96),
      nvidia(H100, 81_559, 700, 0.93, 0.97),
      nvidia(H100, 81_559, 700, 0.93, 0.95),
      nvidia(H100, 81_559, 700, 0.38, 0.22),
      nvidia(H100, 81_559, 700, 0.05, 0),
      nvidia(H100, 81_559, 700, 0.01, 0),
      {
        ...nvidia(H100, 81_559, 700, 0.3, 0.4),
        slices: { profile: '1g.10gb', count: 7, memoryMib: 9_984 }
      }
    ]
  },
  storage: { ...SERVER, watts: [95, 210], rapl: 'none', ipmi: 'none', meter: true },
  edge: { ...SERVER, sensors: 'board', watts: [3, 11], rapl: 'none', ipmi: 'none' },
  build: {
    ...SERVER,
    sensors: 'desktop',
    watts: [38, 210],
    ipmi: 'none',
    gpus: [
      {
        vendor: 'amd',
        name: 'Radeon RX 7900 XTX',
        memoryMib: 24_560,
        limitWatts: 327,
        memory: 0.21,
        busy: 0.18
      }
    ]
  }
} as const satisfies Record<string, GpuPowerProfile>
