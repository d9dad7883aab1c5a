/**
 * Every metric the console keeps, in one table: storage takes code and scale from it, charts and CSV take the unit,
 * the locale files take the words (`metrics.<kind>.<id>`). How to add one: docs/add-a-metric.md.
 *
 * `code` is what history files hold. It is never reused and never renumbered.
 * `scale`: history keeps round(value × scale) as an integer; so the scale is the precision that is kept.
 */

export type Unit =
  'ratio' | 'bytes' | 'bytesPerSec' | 'perSec' | 'count' | 'load' | 'ms' | 'sec' | 'celsius' | 'watts' | 'rpm'

export interface MetricDefinition {
  readonly code: number
  readonly unit: Unit
  readonly scale: number
}

const ratio = (code: number) => ({ code, unit: 'ratio', scale: 10_000 }) as const
const bytes = (code: number) => ({ code, unit: 'bytes', scale: 1 }) as const
const bytesPerSec = (code: number) => ({ code, unit: 'bytesPerSec', scale: 1 }) as const
const perSec = (code: number) => ({ code, unit: 'perSec', scale: 100 }) as const
const count = (code: number) => ({ code, unit: 'count', scale: 1 }) as const
const celsius = (code: number) => ({ code, unit: 'celsius', scale: 10 }) as const
const watts = (code: number) => ({ code, unit: 'watts', scale: 100 }) as const
const load = (code: number) => ({ code, unit: 'load', scale: 100 }) as const

export const METRICS = {
  /** The whole host; key ''. */
  server: {
    cpuUsedRatio: ratio(1),
    cpuUserRatio: ratio(2),
    cpuSystemRatio: ratio(3),
    cpuNiceRatio: ratio(4),
    cpuIdleRatio: ratio(5),
    cpuIowaitRatio: ratio(6),
    cpuIrqRatio: ratio(7),
    cpuSoftirqRatio: ratio(8),
    cpuStealRatio: ratio(9),
    load1: load(10),
    load5: load(11),
    load15: load(12),
    processesRunning: count(13),
    processesTotal: count(14),
    memoryTotalBytes: bytes(15),
    memoryUsedBytes: bytes(16),
    memoryFreeBytes: bytes(17),
    memoryAvailableBytes: bytes(18),
    memoryCachedBytes: bytes(19),
    memoryBuffersBytes: bytes(20),
    memoryActiveBytes: bytes(21),
    memoryInactiveBytes: bytes(22),
    memoryUsedRatio: ratio(23),
    swapTotalBytes: bytes(24),
    swapUsedBytes: bytes(25),
    swapFreeBytes: bytes(26),
    swapUsedRatio: ratio(27),
    netRxBytesPerSec: bytesPerSec(28),
    netTxBytesPerSec: bytesPerSec(29),
    netTotalBytesPerSec: bytesPerSec(30),
    netRxBytes: bytes(31),
    netTxBytes: bytes(32),
    diskReadBytesPerSec: bytesPerSec(33),
    diskWriteBytesPerSec: bytesPerSec(34),
    diskReadOpsPerSec: perSec(35),
    diskWriteOpsPerSec: perSec(36),
    diskTotalBytes: bytes(37),
    diskUsedBytes: bytes(38),
    diskUsedRatio: ratio(39),
    pressureCpuSomeRatio: ratio(40),
    pressureMemorySomeRatio: ratio(41),
    pressureMemoryFullRatio: ratio(42),
    pressureIoSomeRatio: ratio(43),
    pressureIoFullRatio: ratio(44),
    uptimeSec: { code: 45, unit: 'sec', scale: 1 },
    clockSkewMs: { code: 46, unit: 'ms', scale: 1 },
    machinesRunning: count(47),
    machinesTotal: count(48),
    /** Sessions of people: utmp or logind. */
    usersLoggedIn: count(49),
    unitsFailed: count(50),
    updatesPending: count(51),
    containersRunning: count(52),
    /** Of the whole machine, from the best source there is. */
    powerWatts: watts(53),
    /** The hottest sensor. */
    temperatureMaxCelsius: celsius(54),
    gpuCount: count(55),
    gpuMemoryTotalBytes: bytes(56),
    gpuMemoryUsedBytes: bytes(57),
    gpuMemoryFreeBytes: bytes(58),
    /** Mean over the cards. */
    gpuUtilisationRatio: ratio(59),
    gpuPowerWatts: watts(60),
    /** What compressed swap in memory (zram) takes of the memory. */
    zramUsedBytes: bytes(61),
    portsListening: count(62),
    processesBlocked: count(63)
  },
  /** One CPU thread; key is its number. */
  core: { cpuUsedRatio: ratio(1) },
  /** A block device; key is its kernel name (vda, nvme0n1). */
  disk: {
    readBytesPerSec: bytesPerSec(1),
    writeBytesPerSec: bytesPerSec(2),
    readOpsPerSec: perSec(3),
    writeOpsPerSec: perSec(4),
    utilisationRatio: ratio(5),
    awaitMs: { code: 6, unit: 'ms', scale: 100 },
    temperatureCelsius: celsius(7),
    /** Of the drive's life, as it tells itself; may exceed 1. */
    wearUsedRatio: ratio(8),
    reallocatedSectors: count(9),
    pendingSectors: count(10),
    /** 1 = the drive calls itself healthy, 0 = it does not. */
    healthy: count(11),
    powerOnSec: { code: 12, unit: 'sec', scale: 1 },
    /** Requests that waited or were under way, on average. */
    queueLength: load(101)
  },
  /** A network interface; key is its name. */
  interface: {
    rxBytesPerSec: bytesPerSec(1),
    txBytesPerSec: bytesPerSec(2),
    totalBytesPerSec: bytesPerSec(3),
    rxBytes: bytes(4),
    txBytes: bytes(5),
    rxErrorsPerSec: perSec(6),
    txErrorsPerSec: perSec(7),
    rxDropsPerSec: perSec(8),
    txDropsPerSec: perSec(9)
  },
  /** A file system, once each; key is its mount point. */
  mount: {
    sizeBytes: bytes(1),
    usedBytes: bytes(2),
    availableBytes: bytes(3),
    usedRatio: ratio(4),
    inodesUsedRatio: ratio(5)
  },
  /** A graphics card (or a MIG slice); key is its UUID, else its PCI address. */
  gpu: {
    utilisationRatio: ratio(1),
    memoryTotalBytes: bytes(2),
    memoryUsedBytes: bytes(3),
    memoryFreeBytes: bytes(4),
    memoryUsedRatio: ratio(5),
    temperatureCelsius: celsius(6),
    powerWatts: watts(7),
    powerLimitWatts: watts(8),
    fanRatio: ratio(9)
  },
  /** A temperature or a fan; key is `chip/label`. */
  sensor: { temperatureCelsius: celsius(1), fanRpm: { code: 2, unit: 'rpm', scale: 1 } },
  /** A source of power figures; key is `rapl:package-0`, `ipmi`, `hwmon:…`, `battery:BAT0`, `gpu`. */
  power: { powerWatts: watts(1), chargeRatio: ratio(2) },
  /** A pattern of processes that is watched; key is the pattern's id. CPU as a share of one CPU thread. */
  watch: {
    processes: count(1),
    cpuUsedRatio: ratio(2),
    memoryUsedBytes: bytes(3),
    memoryUsedRatio: ratio(4),
    readBytesPerSec: bytesPerSec(5),
    writeBytesPerSec: bytesPerSec(6),
    threads: count(7)
  },
  /** A container; key is `docker/name` or `podman/name`. CPU as a share of one CPU thread. */
  container: {
    cpuUsedRatio: ratio(1),
    memoryUsedBytes: bytes(2),
    memoryLimitBytes: bytes(3),
    memoryUsedRatio: ratio(4),
    rxBytesPerSec: bytesPerSec(5),
    txBytesPerSec: bytesPerSec(6),
    readBytesPerSec: bytesPerSec(7),
    writeBytesPerSec: bytesPerSec(8),
    processes: count(9)
  },
  /** A systemd unit that is watched or has failed; key is its name. 1 = active, 0 = not. */
  unit: { active: count(1) },
  /** A port that is scanned; key is `origin:port`, origin `direct` or `ssh`. 1 = open, 0 = not. */
  port: { open: count(1), answerMs: { code: 2, unit: 'ms', scale: 100 } },
  /** An access log of a web server or proxy; key is its path. */
  web: {
    requestsPerSec: perSec(1),
    bytesPerSec: bytesPerSec(2),
    hitRatio: ratio(3),
    responseMs: { code: 4, unit: 'ms', scale: 100 },
    clientErrorRatio: ratio(5),
    serverErrorRatio: ratio(6)
  },
  /** A virtual machine; key is its libvirt UUID. */
  vm: {
    cpuUsedRatio: ratio(1),
    memoryUsedRatio: ratio(2),
    memoryUsedBytes: bytes(3),
    memoryBalloonBytes: bytes(4),
    diskUsedRatio: ratio(5),
    diskAllocationBytes: bytes(6),
    diskCapacityBytes: bytes(7),
    diskReadBytesPerSec: bytesPerSec(8),
    diskWriteBytesPerSec: bytesPerSec(9),
    netRxBytesPerSec: bytesPerSec(10),
    netTxBytesPerSec: bytesPerSec(11),
    netRxBytes: bytes(12),
    netTxBytes: bytes(13),
    diskReadOpsPerSec: perSec(14),
    diskWriteOpsPerSec: perSec(15)
  }
} as const satisfies Record<string, Record<string, MetricDefinition>>

export type EntityKind = keyof typeof METRICS
export const ENTITY_KINDS = Object.keys(METRICS) as EntityKind[]

/** Metric ids of one kind, or of all kinds. */
export type MetricId<K extends EntityKind = EntityKind> = K extends EntityKind
  ? keyof (typeof METRICS)[K] & string
  : never

/** Values of one entity at one tick. An absent metric could not be had; it is never 0 instead. */
export type MetricValues<K extends EntityKind = EntityKind> = { [M in MetricId<K>]?: number }

/**
 * One measured thing at one tick.
 * `key`: '' for the server itself, kernel name of a disk, name of an interface, mount point, UUID of a VM, … as METRICS says.
 */
export interface EntityValues<K extends EntityKind = EntityKind> {
  readonly kind: K
  readonly key: string
  readonly values: MetricValues<K>
}

/** The definition of a metric, or undefined when the kind has no such metric. */
export function metricDefinition(kind: EntityKind, metric: string): MetricDefinition | undefined {
  const definitions: Record<string, MetricDefinition> = METRICS[kind]
  return Object.hasOwn(definitions, metric) ? definitions[metric] : undefined
}
