/** Chips of /sys/class/hwmon, under names that stay the same over reboots. */
import { oneLine, type SysfsDevice } from './sysfs.ts'

export interface HwmonChip {
  /** What the driver calls it: coretemp, nvme, amdgpu. */
  readonly name: string
  /**
   * Unique and stable: the name, and behind `@` where on its bus the device is. The number of the hwmon folder is no name: it
   * changes with the order in which drivers are loaded.
   */
  readonly id: string
  readonly files: SysfsDevice
}

/** Chips of an old kernel have their files one folder deeper. */
function filesOf(device: SysfsDevice): SysfsDevice {
  const inDevice = [...device].flatMap(([file, value]) =>
    file.startsWith('device/') ? [[file.slice('device/'.length), value] as const] : []
  )
  return new Map([...inDevice, ...device])
}

export function hwmonChips(devices: ReadonlyMap<string, SysfsDevice>): HwmonChip[] {
  const chips: HwmonChip[] = []
  const taken = new Set<string>()
  for (const [folder, device] of devices) {
    if (!/^hwmon\d+$/.test(folder)) continue
    const files = filesOf(device)
    const name = oneLine(files.get('name') ?? '', 40)
    if (name === '') continue
    const place = placeOf(device.get('@device') ?? '', name)
    const wanted = place === null ? name : `${name}@${place}`
    let id = wanted
    for (let more = 2; taken.has(id); more++) id = `${wanted}#${more}`
    taken.add(id)
    chips.push({ name, id, files })
  }
  return chips
}

/** PCI, i2c, SCSI, USB and HID addresses: where a device is, whatever number the kernel gave it. */
const ADDRESS =
  /^(?:[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]|\d+-[0-9a-f]{4}|\d+:\d+:\d+:\d+|\d+-\d+(?:\.\d+)*(?::\d+\.\d+)?)$/

/**
 * The place of a device, from its path below /sys/devices: its nearest address on a bus, or for a platform device its own name
 * (`coretemp.0`, of which only the number is needed). null where the path says nothing.
 */
function placeOf(path: string, name: string): string | null {
  const steps = path.split('/').filter((step) => step !== '')
  const last = steps.at(-1)
  if (last === undefined) return null
  const own = new RegExp(String.raw`^${name.replaceAll(/[^\w]/g, '.')}\.(\d+)$`).exec(last)
  if (own !== null) return own[1] ?? null
  const address = steps.findLast((step) => ADDRESS.test(step))
  if (address !== undefined) return address
  return last === name || !/\d/.test(last) ? null : oneLine(last, 40)
}
