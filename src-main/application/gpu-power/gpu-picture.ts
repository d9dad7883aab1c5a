/** What is known of the cards, put together from nvidia-smi and the kernel. Pure. */
import type { GpuCard, GpuHint, GpuProcess, GpuSlice } from '#contract/gpus.ts'
import { MAX_GPU_PROCESSES } from '#contract/gpus.ts'
import type { EntityValues, MetricValues } from '#contract/metric-catalogue.ts'
import { MAX_GPUS, type Capability } from '#contract/servers.ts'
import type { CapabilityCause } from '#contract/vocabulary.ts'
import type { DrmCard } from '../../domain/gpu/drm-cards.ts'
import type { GpuProcess as FoundProcess } from '../../domain/gpu/gpu-processes.ts'
import type { MigDevice } from '../../domain/gpu/nvidia-list.ts'
import type { NvidiaCard } from '../../domain/gpu/nvidia-query.ts'
import type { NvidiaTrouble } from '../../domain/gpu/nvidia-trouble.ts'
import type { Tick } from '../storage.ts'
import type { GpuSurvey } from './probes.ts'

export interface DrmReading {
  readonly uptimeSec: number | null
  readonly cards: readonly DrmCard[]
}

export interface GpuParts {
  readonly nvidia: readonly NvidiaCard[]
  readonly slices: readonly MigDevice[]
  readonly drm: DrmReading
  readonly drmBefore: DrmReading | null
  readonly names: ReadonlyMap<string, string>
}

export interface GpuState {
  readonly survey: GpuSurvey
  readonly trouble: NvidiaTrouble | null
  readonly stalled: boolean
  readonly hasNvidiaRows: boolean
}

const VENDOR_NAMES = { nvidia: 'NVIDIA', amd: 'AMD', intel: 'Intel' } as const

/** NVIDIA's cards by nvidia-smi; by the kernel only while that has nothing, since it knows no more than their names. */
export function cardsOf({ nvidia, slices, drm, drmBefore, names }: GpuParts): GpuCard[] {
  const shown = drm.cards.filter(({ vendor }) => vendor !== 'nvidia' || nvidia.length === 0)
  return [
    ...nvidia.map((card) => nvidiaCard(card, slices)),
    ...shown.map((card) => drmCard(card, names, energyWatts(card, drm, drmBefore)))
  ].slice(0, MAX_GPUS)
}

function nvidiaCard(card: NvidiaCard, slices: readonly MigDevice[]): GpuCard {
  const key = card.uuid ?? card.pciAddress ?? `nvidia-${card.index}`
  const { persistence: _persistence, driverVersion: _version, ...values } = card
  return {
    ...values,
    key,
    vendor: 'nvidia',
    name: card.name === '' ? 'NVIDIA' : card.name,
    driver: 'nvidia',
    frequencyMhz: null,
    memoryFreeBytes: card.memoryFreeBytes ?? difference(card.memoryTotalBytes, card.memoryUsedBytes),
    slices: card.migEnabled
      ? slices
          .filter(({ gpuUuid }) => gpuUuid === card.uuid)
          .map(({ uuid, index, profile, memoryUsedBytes, memoryTotalBytes }) => ({
            key: uuid,
            index,
            profile,
            memoryUsedBytes,
            memoryTotalBytes
          }))
      : []
  }
}

function drmCard(card: DrmCard, names: ReadonlyMap<string, string>, watts: number | null): GpuCard {
  const { pciId, uniqueId, energyMicroJoules: _energy, ...values } = card
  const bare = `${VENDOR_NAMES[card.vendor]} ${pciId ?? ''}`.trim()
  return {
    ...values,
    key: card.pciAddress,
    name: card.name ?? names.get(card.pciAddress) ?? bare,
    uuid: uniqueId,
    powerWatts: card.powerWatts ?? watts,
    memoryFreeBytes: difference(card.memoryTotalBytes, card.memoryUsedBytes),
    migEnabled: false,
    slices: [],
    faulty: false
  }
}

const difference = (total: number | null, used: number | null): number | null =>
  total === null || used === null ? null : Math.max(0, total - used)

/** Watts of a card that only counts its energy (Intel's). */
function energyWatts(card: DrmCard, now: DrmReading, before: DrmReading | null): number | null {
  const earlier =
    before?.cards.find(({ pciAddress }) => pciAddress === card.pciAddress)?.energyMicroJoules ?? null
  const sinceSec = before?.uptimeSec ?? null
  if (card.energyMicroJoules === null || earlier === null || now.uptimeSec === null || sinceSec === null)
    return null
  const spanSec = now.uptimeSec - sinceSec
  const watts = (card.energyMicroJoules - earlier) / 1e6 / spanSec
  return spanSec > 0 && watts >= 0 && watts < 5_000 ? watts : null
}

/** A card that tells nothing but its name (an integrated one of Intel) is shown, and does not count. */
const counts = (card: GpuCard): boolean =>
  [card.memoryTotalBytes, card.utilisationRatio, card.temperatureCelsius, card.powerWatts].some(
    (value) => value !== null
  )

export function entitiesOf(cards: readonly GpuCard[]): EntityValues[] {
  const entities: EntityValues[] = []
  for (const card of cards) {
    add(entities, card.key, {
      ...memoryOf(card),
      ...known('utilisationRatio', card.utilisationRatio),
      ...known('temperatureCelsius', card.temperatureCelsius),
      ...known('powerWatts', card.powerWatts),
      ...known('powerLimitWatts', card.powerLimitWatts),
      ...known('fanRatio', card.fanRatio)
    })
    for (const slice of card.slices) add(entities, slice.key, memoryOf(sliceMemory(slice)))
  }
  const server = serverValues(cards.filter(counts))
  if (Object.keys(server).length > 0) entities.push({ kind: 'server', key: '', values: server })
  return entities
}

function add(entities: EntityValues[], key: string, values: MetricValues<'gpu'>): void {
  if (Object.keys(values).length > 0) entities.push({ kind: 'gpu', key, values })
}

const sliceMemory = (slice: GpuSlice) => ({
  ...slice,
  memoryFreeBytes: difference(slice.memoryTotalBytes, slice.memoryUsedBytes)
})

const known = <M extends keyof MetricValues<'gpu'>>(metric: M, value: number | null): MetricValues<'gpu'> =>
  value === null ? {} : { [metric]: value }

function memoryOf(
  card: Pick<GpuCard, 'memoryTotalBytes' | 'memoryUsedBytes' | 'memoryFreeBytes'>
): MetricValues<'gpu'> {
  const { memoryTotalBytes: total, memoryUsedBytes: used } = card
  return {
    ...known('memoryTotalBytes', total),
    ...known('memoryUsedBytes', used),
    ...known('memoryFreeBytes', card.memoryFreeBytes),
    ...(total !== null && used !== null && total > 0 && { memoryUsedRatio: Math.min(1, used / total) })
  }
}

/** Sums over the cards; one that lacks a value takes the sum away, since a sum of some cards would look like that of all. */
function serverValues(cards: readonly GpuCard[]): MetricValues<'server'> {
  if (cards.length === 0) return {}
  const withMemory = cards.filter(({ memoryTotalBytes }) => memoryTotalBytes !== null)
  const sumOf = (of: readonly GpuCard[], value: (card: GpuCard) => number | null): number | null => {
    const values = of.map(value)
    return values.length === 0 || values.includes(null)
      ? null
      : values.reduce<number>((sum, one) => sum + (one ?? 0), 0)
  }
  const busy = cards.flatMap(({ utilisationRatio }) => utilisationRatio ?? [])
  const total = sumOf(withMemory, ({ memoryTotalBytes }) => memoryTotalBytes)
  const used = sumOf(withMemory, ({ memoryUsedBytes }) => memoryUsedBytes)
  const free = sumOf(withMemory, ({ memoryFreeBytes }) => memoryFreeBytes)
  const watts = sumOf(cards, ({ powerWatts }) => powerWatts)
  return {
    gpuCount: cards.length,
    ...(total !== null && { gpuMemoryTotalBytes: total }),
    ...(used !== null && { gpuMemoryUsedBytes: used }),
    ...(free !== null && { gpuMemoryFreeBytes: free }),
    ...(busy.length > 0 && { gpuUtilisationRatio: busy.reduce((sum, one) => sum + one, 0) / busy.length }),
    ...(watts !== null && { gpuPowerWatts: watts })
  }
}

export const labelsOf = (cards: readonly GpuCard[]): NonNullable<Tick['labels']> =>
  cards.flatMap(({ key, name, index, slices }) => [
    { kind: 'gpu' as const, key, label: name },
    ...slices.map((slice) => ({
      kind: 'gpu' as const,
      key: slice.key,
      label: `GPU ${index} · ${slice.profile}`
    }))
  ])

/** Each with the key of its card; of a card that is not shown, it is left out. */
export function processesOf(found: readonly FoundProcess[], cards: readonly GpuCard[]): GpuProcess[] {
  return found
    .flatMap(({ gpuUuid, gpuIndex, pciAddress, ...process }) => {
      const card = cards.find(
        (candidate) =>
          (gpuUuid !== null &&
            (candidate.uuid === gpuUuid || candidate.slices.some(({ key }) => key === gpuUuid))) ||
          (pciAddress !== null && candidate.pciAddress === pciAddress) ||
          (gpuIndex !== null && candidate.vendor === 'nvidia' && candidate.index === gpuIndex)
      )
      if (card === undefined) return []
      const slice = card.slices.find(({ key }) => key === gpuUuid)
      return [{ ...process, gpuKey: slice?.key ?? card.key }]
    })
    .slice(0, MAX_GPU_PROCESSES)
}

export function hintsOf(
  nvidia: readonly NvidiaCard[],
  { survey, trouble, stalled, hasNvidiaRows }: GpuState
): GpuHint[] {
  const hints: GpuHint[] = []
  const say = (kind: GpuHint['kind'], fix: string | null = null, subject: string | null = null): void => {
    hints.push({ kind, subject, fix })
  }
  if (survey.onBus.includes('nvidia') && !survey.hasNvidiaSmi) say('toolMissing')
  if (stalled) say('stalled')
  if (!hasNvidiaRows) {
    if (trouble?.kind === 'driverMismatch') say('driverMismatch')
    if (trouble?.kind === 'driverNotLoaded') say('driverNotLoaded', NVIDIA_DRIVER_FIX)
    if (trouble?.kind === 'denied') say('denied', DENIED_FIX)
    if (trouble?.kind === 'gpuLost') say('gpuLost', null, trouble.pciAddress)
  }
  for (const { faulty, index, name } of nvidia) if (faulty) say('gpuFault', null, `GPU ${index} ${name}`)
  if (nvidia.some(({ persistence }) => persistence === false)) say('persistenceOff', PERSISTENCE_FIX)
  return hints.slice(0, 32)
}

const PERSISTENCE_FIX = 'sudo nvidia-smi -pm 1'
const NVIDIA_DRIVER_FIX = 'sudo modprobe nvidia'
const AMD_DRIVER_FIX = 'sudo modprobe amdgpu'
const DENIED_FIX = 'sudo usermod -aG video,render "$USER"'

const TROUBLE_CAUSES: Readonly<Record<NvidiaTrouble['kind'], readonly [CapabilityCause, string | null]>> = {
  noDevices: ['notPresent', null],
  driverNotLoaded: ['daemonDown', NVIDIA_DRIVER_FIX],
  driverMismatch: ['daemonDown', null],
  denied: ['permissionDenied', DENIED_FIX],
  gpuLost: ['unreadable', null],
  toolMissing: ['toolMissing', null],
  unreadable: ['unreadable', null]
}

export function capabilityOf(cards: readonly GpuCard[], state: GpuState): Capability {
  if (cards.some(counts)) return { id: 'gpu', works: true, cause: null, fix: null }
  const [cause, fix] = causeOfNothing(cards, state)
  return { id: 'gpu', works: false, cause, fix }
}

function causeOfNothing(
  cards: readonly GpuCard[],
  { survey, trouble, stalled }: GpuState
): readonly [CapabilityCause, string | null] {
  if (survey.hasNvidiaSmi) {
    if (stalled) return ['stalled', null]
    if (trouble === null) return ['checking', null]
    if (trouble.kind !== 'noDevices' || survey.onBus.length === 0) return TROUBLE_CAUSES[trouble.kind]
  }
  if (survey.onBus.includes('nvidia')) return ['toolMissing', null]
  if (survey.onBus.includes('amd') && !cards.some(({ vendor }) => vendor === 'amd'))
    return ['daemonDown', AMD_DRIVER_FIX]
  return survey.onBus.length === 0 ? ['notPresent', null] : ['kernelTooOld', null]
}
