/** The preflight of a new machine: what stands against it, before anything is changed. Pure. */
import {
  firmwareFor,
  presetOf,
  type HostAbilities,
  type MachineFirmware,
  type OsPreset
} from './os-presets.ts'
import { looksLikeUuid } from './listing.ts'

export type CheckId =
  | 'name'
  | 'acceleration'
  | 'firmware'
  | 'tpm'
  | 'cpus'
  | 'memory'
  | 'source'
  | 'pool'
  | 'space'
  | 'network'
  | 'xml'

/** `reason` is a word that the window knows sentences for. */
export interface Check {
  readonly id: CheckId
  readonly state: 'ok' | 'warn' | 'fail'
  readonly reason: string
  readonly params: Readonly<Record<string, string | number>>
}

/** What of the choices is checked. */
export interface WantedMachine {
  readonly name: string
  readonly os: OsPreset
  readonly firmware: MachineFirmware | null
  readonly emulated: boolean
  readonly vcpus: number
  readonly memoryBytes: number
  readonly source: 'iso' | 'cloudImage' | 'network' | 'existingDisk' | 'none'
  readonly copy: 'backing' | 'full' | null
  readonly disk: {
    readonly sizeBytes: number
    readonly format: 'qcow2' | 'raw'
    readonly allocation: 'thin' | 'full'
  } | null
  readonly network: 'network' | 'bridge' | 'none'
}

export interface ImageFacts {
  readonly name: string
  readonly format: string | null
  readonly capacityBytes: number | null
  /** Names of the machines that use it. */
  readonly usedBy: readonly string[]
  /** Other images hold only the differences to it. */
  readonly isBacking: boolean
}

export interface PoolFacts {
  readonly name: string
  readonly type: string
  readonly isRunning: boolean
  readonly isResponding: boolean
  readonly availableBytes: number | null
}

/** What the server says right now. `null` where it was asked about and is not there. */
export interface CreateFacts {
  readonly host: HostAbilities
  readonly cpuThreads: number | null
  readonly memoryTotalBytes: number | null
  readonly memoryAvailableBytes: number | null
  readonly takenNames: readonly string[]
  readonly image: ImageFacts | null
  readonly pool: PoolFacts | null
  /** The virtual network, or whether the bridge is among the server's. */
  readonly network: { readonly name: string; readonly isActive: boolean } | null
  /** Whether all machines could be asked what they use. */
  readonly usesKnown: boolean
}

/** Pool types whose volumes are files in a folder, or block devices of one volume group. */
export const FILE_POOLS = ['dir', 'fs', 'netfs']
export const BLOCK_POOLS = ['logical']

type Outcome = Omit<Check, 'id'>
const ok = (reason: string, params: Check['params'] = {}): Outcome => ({ state: 'ok', reason, params })
const warn = (reason: string, params: Check['params'] = {}): Outcome => ({ state: 'warn', reason, params })
const fail = (reason: string, params: Check['params'] = {}): Outcome => ({ state: 'fail', reason, params })

export function createChecks(wanted: WantedMachine, facts: CreateFacts): readonly Check[] {
  const outcomes: readonly (readonly [CheckId, Outcome | null])[] = [
    ['name', nameOutcome(wanted, facts)],
    ['acceleration', accelerationOutcome(wanted, facts)],
    ['firmware', firmwareOutcome(wanted, facts)],
    ['tpm', tpmOutcome(wanted, facts)],
    ['cpus', cpusOutcome(wanted, facts)],
    ['memory', memoryOutcome(wanted, facts)],
    ['source', sourceOutcome(wanted, facts)],
    ['pool', poolOutcome(wanted, facts)],
    ['space', spaceOutcome(wanted, facts)],
    ['network', networkOutcome(wanted, facts)]
  ]
  return outcomes.flatMap(([id, outcome]) => (outcome === null ? [] : [{ id, ...outcome }]))
}

function nameOutcome({ name }: WantedMachine, { takenNames }: CreateFacts): Outcome {
  if (takenNames.includes(name)) return fail('taken', { name })
  // virsh takes such a name for a number or a UUID while another machine has it.
  if (/^\d+$/.test(name) || looksLikeUuid(name)) return warn('looksLikeId', { name })
  return ok('free', { name })
}

function accelerationOutcome({ emulated }: WantedMachine, { host }: CreateFacts): Outcome {
  if (!emulated) return host.kvm ? ok('kvm') : fail('noKvm')
  return host.kvm ? warn('emulatedByChoice') : warn('emulated')
}

function firmwareOutcome({ os, firmware }: WantedMachine, { host }: CreateFacts): Outcome {
  const taken = firmwareFor(os, firmware, host)
  const wanted = firmware ?? presetOf(os).firmwares[0] ?? 'bios'
  if (taken === null) return fail('missing', { firmware: wanted })
  if (os === 'windows11' && taken !== 'uefiSecure') return warn('windowsWantsSecure', { firmware: taken })
  return taken === wanted ? ok('there', { firmware: taken }) : warn('instead', { firmware: taken, wanted })
}

function tpmOutcome({ os }: WantedMachine, { host }: CreateFacts): Outcome | null {
  if (!presetOf(os).tpm) return null
  return host.tpm ? ok('there') : warn(os === 'windows11' ? 'windowsWantsTpm' : 'missing')
}

function cpusOutcome({ vcpus }: WantedMachine, { host, cpuThreads }: CreateFacts): Outcome {
  if (host.maxVcpus !== null && vcpus > host.maxVcpus) return fail('tooMany', { vcpus, max: host.maxVcpus })
  if (cpuThreads === null) return ok('unknown', { vcpus })
  return vcpus > cpuThreads
    ? warn('moreThanHost', { vcpus, threads: cpuThreads })
    : ok('fit', { vcpus, threads: cpuThreads })
}

function memoryOutcome(wanted: WantedMachine, facts: CreateFacts): Outcome {
  const { memoryBytes } = wanted
  const { memoryTotalBytes: totalBytes, memoryAvailableBytes: availableBytes } = facts
  if (totalBytes === null || availableBytes === null) return ok('unknown', { memoryBytes })
  if (memoryBytes > totalBytes) return fail('moreThanHost', { memoryBytes, totalBytes })
  if (memoryBytes > availableBytes) return warn('moreThanFree', { memoryBytes, availableBytes })
  return ok('fits', { memoryBytes, leftBytes: availableBytes - memoryBytes })
}

function sourceOutcome(wanted: WantedMachine, { image, usesKnown }: CreateFacts): Outcome {
  const { source, disk } = wanted
  if (source === 'network')
    return wanted.network === 'none' ? fail('networkBootNeedsCard') : ok('networkBoot')
  if (source === 'none') return ok('nothing')
  if (image === null) return fail('gone')
  const { name, format, capacityBytes, usedBy, isBacking } = image
  const isIso = format === 'iso' || name.toLowerCase().endsWith('.iso')
  if (source === 'iso')
    return isIso || format === 'raw'
      ? ok('there', { name })
      : fail('notAnIso', { name, format: format ?? '' })
  if (isIso) return fail('isAnIso', { name })
  if (source === 'existingDisk') {
    if (usedBy.length > 0) return fail('inUse', { name, machines: usedBy.join(', ').slice(0, 300) })
    if (isBacking) return fail('isBacking', { name })
    return usesKnown ? ok('unused', { name }) : fail('usesUnknown', { name })
  }
  // A copy that is smaller than its image would cut the end of its file system off.
  if (disk !== null && capacityBytes !== null && disk.sizeBytes < capacityBytes)
    return fail('largerThanDisk', { name, imageBytes: capacityBytes })
  return ok('there', { name })
}

function poolOutcome({ disk, copy }: WantedMachine, { pool }: CreateFacts): Outcome | null {
  if (disk === null) return null
  if (pool === null) return fail('gone')
  const { name, type } = pool
  if (!pool.isRunning) return fail('inactive', { name })
  if (!pool.isResponding) return fail('notResponding', { name })
  if (BLOCK_POOLS.includes(type)) {
    if (disk.format !== 'raw') return fail('rawOnly', { name })
    return copy === 'backing' ? fail('noBacking', { name }) : ok('ready', { name, type })
  }
  if (!FILE_POOLS.includes(type)) return fail('unsuited', { name, type })
  if (copy === 'backing' && disk.format !== 'qcow2') return fail('backingNeedsQcow2', { name })
  return ok('ready', { name, type })
}

function spaceOutcome({ disk, copy }: WantedMachine, { pool, image }: CreateFacts): Outcome | null {
  if (disk === null || pool === null) return null
  const { sizeBytes } = disk
  const { availableBytes } = pool
  if (availableBytes === null) return warn('unknown', { sizeBytes })
  const isWhole = disk.allocation === 'full' || BLOCK_POOLS.includes(pool.type)
  const atOnceBytes = isWhole ? sizeBytes : copy === 'full' ? (image?.capacityBytes ?? 0) : 0
  if (atOnceBytes > availableBytes) return fail('tooLittle', { sizeBytes: atOnceBytes, availableBytes })
  // A thin disk may grow to its size some day.
  if (sizeBytes > availableBytes) return warn('thinOver', { sizeBytes, availableBytes })
  return ok('fits', { sizeBytes, leftBytes: availableBytes - sizeBytes })
}

function networkOutcome(wanted: WantedMachine, { network }: CreateFacts): Outcome {
  if (wanted.network === 'none') return ok('none')
  if (wanted.network === 'bridge')
    return network === null ? warn('bridgeUnknown') : ok('bridge', { name: network.name })
  if (network === null) return fail('gone')
  return network.isActive ? ok('active', { name: network.name }) : fail('inactive', { name: network.name })
}
