/** From what a definition says about booting to devices in an order. */
import type { BootEntry, Hardware } from '#contract/configuration.ts'

export interface BootCandidate {
  readonly entry: BootEntry
  readonly what: 'disk' | 'cdrom' | 'network' | 'floppy'
  /** Its name or MAC address. */
  readonly detail: string
  readonly isUsed: boolean
}

/** `<boot dev>` of the firmware, by kind of device. */
const DEVICES = { disk: 'hd', cdrom: 'cdrom', network: 'network', floppy: 'fd' } as const

/**
 * All devices that can be booted from: first those that are, in their order. Devices have orders of their own, or the
 * firmware has a list of kinds; of a kind it takes the first device.
 */
export function bootCandidates({ disks, interfaces, bootDevices }: Hardware): BootCandidate[] {
  const all = [
    ...disks.map((disk) => ({
      entry: { kind: 'disk' as const, target: disk.target },
      what:
        disk.device === 'cdrom'
          ? ('cdrom' as const)
          : disk.device === 'floppy'
            ? ('floppy' as const)
            : ('disk' as const),
      detail: disk.target,
      order: disk.bootOrder
    })),
    ...interfaces.flatMap(({ mac, bootOrder }) =>
      mac === null
        ? []
        : [
            {
              entry: { kind: 'interface' as const, mac },
              what: 'network' as const,
              detail: mac,
              order: bootOrder
            }
          ]
    )
  ]
  const hasOwnOrders = all.some(({ order }) => order !== null)
  const seen = new Set<string>()
  const placed = all.map((one) => {
    const isFirstOfKind = !seen.has(one.what)
    seen.add(one.what)
    const place = hasOwnOrders ? (one.order ?? 0) : bootDevices.indexOf(DEVICES[one.what]) + 1
    return { ...one, place: hasOwnOrders || isFirstOfKind ? place : 0 }
  })
  const used = placed.filter(({ place }) => place > 0).sort((a, b) => a.place - b.place)
  const unused = placed.filter(({ place }) => place === 0)
  return [...used, ...unused].map(({ entry, what, detail, place }) => ({
    entry,
    what,
    detail,
    isUsed: place > 0
  }))
}
