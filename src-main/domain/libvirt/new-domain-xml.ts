/** The XML of a machine that is about to be made. Pure: everything it needs is handed in. */
import {
  firmwareFor,
  firstOf,
  hypervFor,
  presetOf,
  type HostAbilities,
  type MachineFirmware,
  type OsPreset
} from './os-presets.ts'
import { xml, xmlText, type XmlElement } from './xml-builder.ts'

/** Where the bytes of a disk are. `block`: a logical volume. */
export interface DiskPlace {
  readonly path: string
  readonly kind: 'file' | 'block'
  readonly format: string
}

/** A new machine, all choices made. */
export interface NewDomain {
  readonly uuid: string
  readonly name: string
  readonly os: OsPreset
  readonly firmware: MachineFirmware | null
  readonly emulated: boolean
  readonly vcpus: number
  readonly memoryBytes: number
  readonly disk: DiskPlace | null
  /** The install medium. */
  readonly iso: DiskPlace | null
  /** The cloud-init seed. */
  readonly seed: DiskPlace | null
  readonly network: { readonly kind: 'network' | 'bridge'; readonly name: string } | null
  readonly mac: string
  /** Is the network card a boot device? */
  readonly networkBoot: boolean
}

const KIB = 1024
/** Memory statistics of the guest: without a period they are never asked for. */
const BALLOON_PERIOD_SEC = 10

/** The document as libvirt takes it. Addresses, aliases and sockets are left to libvirt. */
export function newDomainXml(domain: NewDomain, host: HostAbilities): string {
  const firmware = firmwareFor(domain.os, domain.firmware, host) ?? 'bios'
  return xmlText(
    xml(
      'domain',
      { type: domain.emulated ? 'qemu' : 'kvm' },
      xml('name', {}, domain.name),
      xml('uuid', {}, domain.uuid),
      xml('memory', { unit: 'KiB' }, Math.floor(domain.memoryBytes / KIB)),
      xml('currentMemory', { unit: 'KiB' }, Math.floor(domain.memoryBytes / KIB)),
      xml('vcpu', { placement: 'static' }, domain.vcpus),
      osElement(firmware, host),
      featuresElement(domain, firmware, host),
      cpuElement(domain, host),
      clockElement(domain, host),
      xml('on_poweroff', {}, 'destroy'),
      xml('on_reboot', {}, 'restart'),
      xml('on_crash', {}, 'destroy'),
      isX86(host)
        ? xml('pm', {}, xml('suspend-to-mem', { enabled: 'no' }), xml('suspend-to-disk', { enabled: 'no' }))
        : null,
      devicesElement(domain, host)
    )
  )
}

const isX86 = (host: HostAbilities): boolean => host.architecture === 'x86_64' || host.architecture === 'i686'

function osElement(firmware: MachineFirmware, host: HostAbilities): XmlElement {
  const type = xml('type', { arch: host.architecture, machine: host.machine }, 'hvm')
  if (firmware === 'bios') return xml('os', {}, type)
  const secure = firmware === 'uefiSecure'
  // Without enrolled keys the firmware cannot insist on signatures: what is installed need not be signed.
  const features = secure
    ? xml(
        'firmware',
        {},
        xml('feature', { enabled: 'yes', name: 'enrolled-keys' }),
        xml('feature', { enabled: 'yes', name: 'secure-boot' })
      )
    : xml('firmware', {}, xml('feature', { enabled: 'no', name: 'enrolled-keys' }))
  return xml('os', { firmware: 'efi' }, type, features, secure ? xml('loader', { secure: 'yes' }) : null)
}

function featuresElement(domain: NewDomain, firmware: MachineFirmware, host: HostAbilities): XmlElement {
  const hyperv = presetOf(domain.os).hyperv && !domain.emulated ? hypervFor(host) : []
  return xml(
    'features',
    {},
    xml('acpi'),
    isX86(host) ? xml('apic') : null,
    hyperv.length === 0
      ? null
      : xml(
          'hyperv',
          {},
          ...hyperv.map((name) =>
            xml(name, name === 'spinlocks' ? { state: 'on', retries: 8191 } : { state: 'on' })
          )
        ),
    firmware === 'uefiSecure' && isX86(host) ? xml('smm', { state: 'on' }) : null
  )
}

/** What the server's own processor is; an emulated one gets all that QEMU can play. */
function cpuElement({ emulated }: NewDomain, { cpuModes }: HostAbilities): XmlElement | null {
  if (!emulated) return xml('cpu', { mode: 'host-passthrough', check: 'none' })
  return cpuModes.includes('maximum') ? xml('cpu', { mode: 'maximum', check: 'none' }) : null
}

function clockElement({ os, emulated }: NewDomain, host: HostAbilities): XmlElement {
  const { clock, hyperv } = presetOf(os)
  if (!isX86(host)) return xml('clock', { offset: clock })
  return xml(
    'clock',
    { offset: clock },
    xml('timer', { name: 'rtc', tickpolicy: 'catchup' }),
    xml('timer', { name: 'pit', tickpolicy: 'delay' }),
    xml('timer', { name: 'hpet', present: 'no' }),
    // A clock of KVM's own: an emulated processor has none.
    hyperv && !emulated && host.kvm ? xml('timer', { name: 'hypervclock', present: 'yes' }) : null
  )
}

function devicesElement(domain: NewDomain, host: HostAbilities): XmlElement {
  const preset = presetOf(domain.os)
  const diskBus = firstOf(preset.diskBuses, host.diskBuses)
  const cdBus = firstOf(['sata', 'scsi', 'ide', 'usb'], host.diskBuses)
  const names = deviceNames()
  const disks = [
    domain.disk === null ? null : diskElement(domain.disk, names(diskBus), diskBus, 1),
    domain.iso === null ? null : cdElement(domain.iso, names(cdBus), cdBus, 2),
    domain.seed === null ? null : seedElement(domain.seed, diskBus, cdBus, names)
  ]
  const usesScsi = diskBus === 'scsi' || cdBus === 'scsi'
  return xml(
    'devices',
    {},
    ...disks,
    usesScsi ? xml('controller', { type: 'scsi', index: 0, model: 'virtio-scsi' }) : null,
    xml('controller', { type: 'usb', model: 'qemu-xhci' }),
    networkElement(domain, preset.networkModel),
    xml('serial', { type: 'pty' }),
    xml('console', { type: 'pty' }),
    xml('channel', { type: 'unix' }, xml('target', { type: 'virtio', name: 'org.qemu.guest_agent.0' })),
    // A tablet: the pointer in the window is where the pointer in the guest is.
    xml('input', { type: 'tablet', bus: 'usb' }),
    isX86(host) ? null : xml('input', { type: 'keyboard', bus: 'usb' }),
    preset.tpm && host.tpm
      ? xml('tpm', { model: 'tpm-crb' }, xml('backend', { type: 'emulator', version: '2.0' }))
      : null,
    xml('graphics', { type: 'vnc', port: -1, autoport: 'yes', listen: '127.0.0.1' }),
    xml('video', {}, xml('model', { type: firstOf(preset.videoModels, host.videoModels) })),
    xml('memballoon', { model: 'virtio' }, xml('stats', { period: BALLOON_PERIOD_SEC })),
    host.rng ? xml('rng', { model: 'virtio' }, xml('backend', { model: 'random' }, '/dev/urandom')) : null
  )
}

/** vda, sda, sdb, hda: the next free name of each bus. */
function deviceNames(): (bus: string) => string {
  const used = new Map<string, number>()
  return (bus) => {
    const prefix = bus === 'virtio' ? 'vd' : bus === 'ide' ? 'hd' : 'sd'
    const next = used.get(prefix) ?? 0
    used.set(prefix, next + 1)
    return `${prefix}${String.fromCharCode(97 + next)}`
  }
}

const sourceOf = ({ kind, path }: DiskPlace): XmlElement =>
  xml('source', kind === 'block' ? { dev: path } : { file: path })

function diskElement(place: DiskPlace, target: string, bus: string, order: number): XmlElement {
  return xml(
    'disk',
    { type: place.kind, device: 'disk' },
    xml('driver', { name: 'qemu', type: place.format, discard: 'unmap' }),
    sourceOf(place),
    xml('target', { dev: target, bus }),
    xml('boot', { order })
  )
}

function cdElement(place: DiskPlace, target: string, bus: string, order: number | null): XmlElement {
  return xml(
    'disk',
    { type: place.kind, device: 'cdrom' },
    xml('driver', { name: 'qemu', type: 'raw' }),
    sourceOf(place),
    xml('target', { dev: target, bus }),
    xml('readonly'),
    order === null ? null : xml('boot', { order })
  )
}

/**
 * As a disk beside the system's: a kernel for clouds has no driver for a SATA drive, but it has one for what it starts
 * from. Only virtio disks can be read-only in QEMU.
 */
function seedElement(
  place: DiskPlace,
  diskBus: string,
  cdBus: string,
  names: (bus: string) => string
): XmlElement {
  if (diskBus !== 'virtio') return cdElement(place, names(cdBus), cdBus, null)
  return xml(
    'disk',
    { type: place.kind, device: 'disk' },
    xml('driver', { name: 'qemu', type: 'raw' }),
    sourceOf(place),
    xml('target', { dev: names(diskBus), bus: diskBus }),
    xml('readonly')
  )
}

function networkElement(domain: NewDomain, model: string): XmlElement | null {
  if (domain.network === null) return null
  const { kind, name } = domain.network
  return xml(
    'interface',
    { type: kind },
    xml('mac', { address: domain.mac }),
    xml('source', kind === 'network' ? { network: name } : { bridge: name }),
    xml('model', { type: model }),
    // After the disk: an empty disk is passed over, an installed one starts.
    domain.networkBoot ? xml('boot', { order: 2 }) : null
  )
}

/** An address of QEMU's range made from the machine's UUID: the same for the same machine. */
export function macOf(uuid: string): string {
  const hex = uuid.replaceAll('-', '')
  return `52:54:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`
}
