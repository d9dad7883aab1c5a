/** Keeps each VM's last counters and makes values of the next. */
import { VmUuid } from '#contract/ids.ts'
import type { MetricValues } from '#contract/metric-catalogue.ts'
import { type DomstatsRecord, numberOf, parseDomstats } from '../../domain/libvirt/domstats.ts'
import { type StateAndReason, stateAndReasonOf } from '../../domain/libvirt/domain-state.ts'
import type { ListedDomain } from '../../domain/libvirt/listing.ts'
import {
  countersOf,
  cpuAndNetworkValues,
  type DiskSpace,
  diskRateValues,
  diskSpacesOf,
  diskSpaceValues,
  type MemoryUnknown,
  memoryValues,
  type VmCounters
} from '../../domain/libvirt/vm-values.ts'
import type { MachineStats } from '../../application/machines/hypervisor.ts'
import type { MachineCatalogue } from './machine-catalogue.ts'

interface Reading {
  readonly listing: readonly ListedDomain[]
  /** Names that belonged to the same domain before and after the stats. */
  readonly names: ReadonlyMap<string, ListedDomain>
  readonly stats: { readonly output: string }
  readonly atMs: number
}

interface Known {
  counters: VmCounters
  /** Of the last round with disks. */
  diskCounters: VmCounters | null
  memoryUnknown: MemoryUnknown
  spaces: ReadonlyMap<string, DiskSpace>
  state: StateAndReason
}

export class StatsDeriver {
  readonly #catalogue: MachineCatalogue
  readonly #known = new Map<string, Known>()

  constructor(catalogue: MachineCatalogue) {
    this.#catalogue = catalogue
  }

  /** Values of the running domains whose record is theirs for sure. (Only a VM that is off can be renamed.) */
  derive(tier: 'fast' | 'full', reading: Reading): readonly MachineStats[] {
    const listed = new Set(reading.listing.map(({ uuid }) => uuid))
    for (const uuid of this.#known.keys()) if (!listed.has(uuid)) this.#known.delete(uuid)
    const machines: MachineStats[] = []
    for (const record of parseDomstats(reading.stats.output)) {
      const domain = reading.names.get(record.name)
      if (domain !== undefined && domain.id !== null)
        machines.push(this.#deriveOne(tier, record, domain, reading.atMs))
    }
    return machines
  }

  /** As the last round saw it. */
  stateOf(uuid: string): StateAndReason | null {
    return this.#known.get(uuid)?.state ?? null
  }

  spacesOf(uuid: string): ReadonlyMap<string, DiskSpace> {
    return this.#known.get(uuid)?.spaces ?? new Map<string, DiskSpace>()
  }

  #deriveOne(
    tier: 'fast' | 'full',
    record: DomstatsRecord,
    domain: ListedDomain,
    atMs: number
  ): MachineStats {
    const { uuid, id } = domain
    const facts = this.#catalogue.factsOf(uuid)
    const earlier = this.#known.get(uuid) ?? null
    const counters = countersOf(record, id, atMs)
    let values: MetricValues<'vm'> = cpuAndNetworkValues(earlier?.counters ?? null, counters, facts)
    const known: Known = {
      counters,
      diskCounters: earlier?.diskCounters ?? null,
      memoryUnknown: earlier?.memoryUnknown ?? null,
      spaces: earlier?.spaces ?? new Map<string, DiskSpace>(),
      state: stateAndReasonOf(numberOf(record, 'state.state'), numberOf(record, 'state.reason'))
    }
    if (tier === 'full') {
      const memory = memoryValues(record, facts)
      // A job of another client can keep the block group away for a round; the space is still the same.
      const spaces = record.fields.has('block.count') ? diskSpacesOf(record) : known.spaces
      values = {
        ...values,
        ...diskRateValues(known.diskCounters, counters),
        ...diskSpaceValues(spaces, facts),
        ...memory.values
      }
      known.diskCounters = counters
      known.memoryUnknown = memory.memoryUnknown
      known.spaces = spaces
    }
    this.#known.set(uuid, known)
    return {
      uuid: VmUuid.parse(uuid),
      values: { kind: 'vm', key: uuid, values },
      memoryUnknown: known.memoryUnknown
    }
  }
}
