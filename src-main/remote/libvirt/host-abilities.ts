/** Reader of `virsh capabilities` and `virsh domcapabilities`: what a server can do for a new machine. */
import type { HostAbilities, MachineFirmware } from '../../domain/libvirt/os-presets.ts'
import { attributeOf, childOf, childrenOf, ownTextOf, readXml, textOf, type XmlNode } from './xml-reader.ts'

/** What has to be asked `domcapabilities` about. */
export interface GuestKind {
  readonly architecture: string
  readonly machine: string
  readonly kvm: boolean
}

/** Newest first, by what each architecture has. q35 has what modern systems expect (PCIe, UEFI with secure boot). */
const MACHINES = ['q35', 'pc', 'virt', 'pseries', 's390-ccw-virtio']
const MAX_WORDS = 256

/**
 * The kind of guest that this host runs best: its own architecture, KVM where it is there.
 * @returns null when QEMU for this architecture is not installed
 * @throws AppError protocolViolation
 */
export function guestKindOf(capabilitiesXml: string): GuestKind | null {
  const root = readXml(capabilitiesXml, 'capabilities', 'capabilities')
  const architecture = textOf(childOf(childOf(root, 'host'), 'cpu'), 'arch') ?? ''
  const arch = childrenOf(root, 'guest')
    .filter((guest) => textOf(guest, 'os_type') === 'hvm')
    .map((guest) => childOf(guest, 'arch'))
    .find((node) => attributeOf(node, 'name') === architecture)
  if (arch === undefined || arch === null) return null
  const kvm = childrenOf(arch, 'domain').find((domain) => attributeOf(domain, 'type') === 'kvm') ?? null
  // A domain type may have machines of its own; otherwise those of the architecture hold.
  const named = [...childrenOf(kvm, 'machine'), ...childrenOf(arch, 'machine')].map(ownTextOf)
  const machine = MACHINES.find((name) => named.includes(name)) ?? named[0] ?? null
  return machine === null ? null : { architecture, machine, kvm: kvm !== null }
}

/** @throws AppError protocolViolation */
export function hostAbilitiesOf(domcapabilitiesXml: string, kind: GuestKind): HostAbilities {
  const root = readXml(domcapabilitiesXml.trim(), 'domainCapabilities', 'domcapabilities')
  const devices = childOf(root, 'devices')
  const supported = (name: string): XmlNode | null => {
    const node = childOf(devices, name)
    return attributeOf(node, 'supported') === 'yes' ? node : null
  }
  const maxVcpus = Number(attributeOf(childOf(root, 'vcpu'), 'max') ?? NaN)
  const hyperv = childOf(childOf(root, 'features'), 'hyperv')
  return {
    ...kind,
    kvm: kind.kvm && textOf(root, 'domain') === 'kvm',
    firmwares: firmwaresOf(childOf(root, 'os'), kind),
    tpm: enumOf(supported('tpm'), 'backendModel').includes('emulator'),
    maxVcpus: Number.isSafeInteger(maxVcpus) ? maxVcpus : null,
    diskBuses: enumOf(supported('disk'), 'bus'),
    videoModels: enumOf(supported('video'), 'modelType'),
    cpuModes: childrenOf(childOf(root, 'cpu'), 'mode')
      .filter((mode) => attributeOf(mode, 'supported') === 'yes')
      .map((mode) => attributeOf(mode, 'name') ?? ''),
    hyperv:
      hyperv === null ? null : attributeOf(hyperv, 'supported') === 'yes' ? enumOf(hyperv, 'features') : [],
    rng: enumOf(supported('rng'), 'backendModel').includes('random')
  }
}

/** libvirt picks a firmware by itself where it lists `efi`; a secure one needs a loader that can be. */
function firmwaresOf(os: XmlNode | null, { architecture }: GuestKind): MachineFirmware[] {
  const firmwares: MachineFirmware[] = architecture === 'x86_64' || architecture === 'i686' ? ['bios'] : []
  if (!enumOf(os, 'firmware').includes('efi')) return firmwares
  firmwares.push('uefi')
  if (enumOf(childOf(os, 'loader'), 'secure').includes('yes')) firmwares.push('uefiSecure')
  return firmwares
}

/** `<enum name='bus'><value>…</value></enum>`. */
function enumOf(node: XmlNode | null, name: string): string[] {
  const list = childrenOf(node, 'enum').find((one) => attributeOf(one, 'name') === name) ?? null
  return childrenOf(list, 'value')
    .slice(0, MAX_WORDS)
    .flatMap((value) => ownTextOf(value) ?? [])
}
