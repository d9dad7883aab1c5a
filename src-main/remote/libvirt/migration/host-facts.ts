/** Readers of what `virsh capabilities`, `pool-dumpxml`, `vol-dumpxml` and `domjobinfo` print. */
import type { HostCapabilities, PoolFacts, VolumeFacts, JobFacts } from '../../../domain/migration/facts.ts'
import { attributeOf, childrenOf, elementAt, numberIn, readXml, textOf, writeXml } from './xml.ts'

export function readCapabilities(text: string): HostCapabilities | null {
  const root = readXml(text, 'capabilities')
  if (root === null) return null
  const cpu = elementAt(root, 'host', 'cpu')
  const guests = childrenOf(root, 'guest').flatMap((guest) => childrenOf(guest, 'arch'))
  return {
    hostUuid: textOf(elementAt(root, 'host', 'uuid')),
    cpuXml: cpu === null ? null : writeXml(cpu),
    guests: guests.map((arch) => {
      const domains = childrenOf(arch, 'domain')
      const places = [arch, ...domains]
      return {
        architecture: attributeOf(arch, 'name') ?? '',
        virtTypes: domains.map((domain) => attributeOf(domain, 'type') ?? ''),
        machineTypes: places
          .flatMap((place) => childrenOf(place, 'machine'))
          .flatMap((machine) => [textOf(machine), attributeOf(machine, 'canonical')])
          .filter((machine) => machine !== null),
        emulators: places.map((place) => textOf(elementAt(place, 'emulator'))).filter((path) => path !== null)
      }
    })
  }
}

export function readPool(text: string): PoolFacts | null {
  const pool = readXml(text, 'pool')
  const name = textOf(elementAt(pool, 'name'))
  if (pool === null || name === null) return null
  const type = attributeOf(pool, 'type') ?? ''
  const source = elementAt(pool, 'source')
  const host = attributeOf(elementAt(source, 'host'), 'name')
  const folder = attributeOf(elementAt(source, 'dir'), 'path')
  const isShared = type === 'netfs' && host !== null && folder !== null
  return {
    name,
    type,
    targetPath: textOf(elementAt(pool, 'target', 'path')),
    availableBytes: numberIn(textOf(elementAt(pool, 'available'))),
    sharedSource: isShared ? `${host}:${folder}` : null
  }
}

export function readVolume(text: string): VolumeFacts | null {
  const volume = readXml(text, 'volume')
  const name = textOf(elementAt(volume, 'name'))
  const capacity = numberIn(textOf(elementAt(volume, 'capacity')))
  if (volume === null || name === null || capacity === null) return null
  const target = elementAt(volume, 'target')
  const allocation = numberIn(textOf(elementAt(volume, 'allocation'))) ?? 0
  return {
    name,
    path: textOf(elementAt(target, 'path')),
    format: attributeOf(elementAt(target, 'format'), 'type'),
    capacityBytes: capacity,
    allocationBytes: allocation,
    lengthBytes: numberIn(textOf(elementAt(volume, 'physical'))) ?? allocation,
    backingPath: textOf(elementAt(volume, 'backingStore', 'path')),
    changedAt: textOf(elementAt(target, 'timestamps', 'mtime'))
  }
}

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
  PiB: 1024 ** 5
}

/** Reads `virsh domjobinfo`: memory and disks together. */
export function readJobInfo(text: string): JobFacts {
  const bytes = (word: string): number => {
    const [, amount, unit = ''] = new RegExp(`^Data ${word}:\\s+([0-9.]{1,20}) (\\w+)`, 'm').exec(text) ?? []
    const factor = Object.hasOwn(UNITS, unit) ? (UNITS[unit] ?? 0) : 0
    return amount === undefined ? 0 : Math.round(Number(amount) * factor) || 0
  }
  const type = /^Job type:\s+(\w+)/m.exec(text)?.[1]
  return {
    isActive: type === 'Bounded' || type === 'Unbounded',
    processedBytes: bytes('processed'),
    remainingBytes: bytes('remaining'),
    totalBytes: bytes('total')
  }
}
