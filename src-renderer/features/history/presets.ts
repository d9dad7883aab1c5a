/** Sets of series that are asked for most, of a server or of a VM. Pure. */
import type { MetricId } from '#contract/metric-catalogue.ts'
import { subjectEntity, type SeriesId, type Subject } from './choice.ts'

export type PresetId = 'usual' | 'cpu' | 'cpuKinds' | 'memory' | 'network' | 'disk' | 'load' | 'pressure'

const OF_SERVER: readonly [PresetId, readonly MetricId<'server'>[]][] = [
  ['usual', ['cpuUsedRatio', 'memoryUsedRatio', 'netRxBytesPerSec', 'netTxBytesPerSec']],
  ['cpu', ['cpuUsedRatio']],
  [
    'cpuKinds',
    ['cpuUserRatio', 'cpuSystemRatio', 'cpuNiceRatio', 'cpuIowaitRatio', 'cpuIrqRatio', 'cpuStealRatio']
  ],
  ['memory', ['memoryUsedBytes', 'memoryAvailableBytes', 'swapUsedBytes']],
  ['network', ['netRxBytesPerSec', 'netTxBytesPerSec']],
  ['disk', ['diskReadBytesPerSec', 'diskWriteBytesPerSec', 'diskUsedRatio']],
  ['load', ['load1', 'load5', 'load15']],
  ['pressure', ['pressureCpuSomeRatio', 'pressureMemorySomeRatio', 'pressureIoSomeRatio']]
]

/** `usual`: CPU, memory, disk, network in and out. */
const OF_VM: readonly [PresetId, readonly MetricId<'vm'>[]][] = [
  ['usual', ['cpuUsedRatio', 'memoryUsedRatio', 'diskUsedRatio', 'netRxBytesPerSec', 'netTxBytesPerSec']],
  ['cpu', ['cpuUsedRatio']],
  ['memory', ['memoryUsedBytes', 'memoryBalloonBytes']],
  ['network', ['netRxBytesPerSec', 'netTxBytesPerSec']],
  ['disk', ['diskReadBytesPerSec', 'diskWriteBytesPerSec', 'diskAllocationBytes']]
]

export interface SeriesPreset {
  readonly id: PresetId
  readonly series: readonly SeriesId[]
}

/** The first one is what a page shows to begin with. */
export function presetsOf(subject: Subject): readonly SeriesPreset[] {
  const entity = subjectEntity(subject)
  const sets: readonly [PresetId, readonly string[]][] = subject.vmUuid === null ? OF_SERVER : OF_VM
  return sets.map(([id, metrics]) => ({ id, series: metrics.map((metric) => ({ entity, metric })) }))
}
