/** What a family of systems wants of its virtual machine, and what a server has of it. Pure. */

export type OsPreset = 'linux' | 'windows11' | 'windows10' | 'bsd' | 'other'
export type MachineFirmware = 'bios' | 'uefi' | 'uefiSecure'

/** What a server's libvirt says it can do for one kind of machine (`virsh capabilities`, `virsh domcapabilities`). */
export interface HostAbilities {
  readonly architecture: string
  /** The machine type that was asked about: q35, pc or virt. */
  readonly machine: string
  readonly kvm: boolean
  readonly firmwares: readonly MachineFirmware[]
  /** swtpm is there. */
  readonly tpm: boolean
  readonly maxVcpus: number | null
  readonly diskBuses: readonly string[]
  readonly videoModels: readonly string[]
  /** Modes of `<cpu>` that can be used. */
  readonly cpuModes: readonly string[]
  /** Enlightenments for Windows; null = an older libvirt, which does not tell. */
  readonly hyperv: readonly string[] | null
  readonly rng: boolean
}

export interface Preset {
  /** Best first. */
  readonly firmwares: readonly MachineFirmware[]
  readonly tpm: boolean
  /** Best first. Systems without virtio drivers of their own get what every system has a driver for. */
  readonly diskBuses: readonly string[]
  readonly networkModel: string
  readonly videoModels: readonly string[]
  readonly clock: 'utc' | 'localtime'
  readonly hyperv: boolean
}

const VIRTIO = { diskBuses: ['virtio', 'scsi', 'sata'], networkModel: 'virtio' } as const
const PLAIN = { diskBuses: ['sata', 'ide', 'usb', 'scsi'], networkModel: 'e1000e' } as const

const WINDOWS = {
  ...PLAIN,
  tpm: true,
  videoModels: ['vga', 'qxl', 'virtio', 'ramfb'],
  clock: 'localtime',
  hyperv: true
} as const

const PRESETS: Readonly<Record<OsPreset, Preset>> = {
  linux: {
    ...VIRTIO,
    firmwares: ['bios', 'uefi'],
    tpm: false,
    videoModels: ['virtio', 'vga', 'bochs', 'ramfb'],
    clock: 'utc',
    hyperv: false
  },
  // Its installer refuses a machine without secure boot and a TPM 2.0.
  windows11: { ...WINDOWS, firmwares: ['uefiSecure'] },
  windows10: { ...WINDOWS, firmwares: ['uefiSecure', 'uefi', 'bios'] },
  bsd: {
    ...VIRTIO,
    firmwares: ['bios', 'uefi'],
    tpm: false,
    videoModels: ['vga', 'bochs', 'virtio', 'ramfb'],
    clock: 'utc',
    hyperv: false
  },
  other: {
    ...PLAIN,
    firmwares: ['bios', 'uefi'],
    tpm: false,
    videoModels: ['vga', 'cirrus', 'virtio', 'ramfb'],
    clock: 'utc',
    hyperv: false
  }
}

export const presetOf = (os: OsPreset): Preset => PRESETS[os]

/** The firmware that is taken: the chosen one, or the best of the preset that the server has. null = it has none of them. */
export function firmwareFor(
  os: OsPreset,
  chosen: MachineFirmware | null,
  host: HostAbilities
): MachineFirmware | null {
  const wanted = chosen === null ? presetOf(os).firmwares : [chosen]
  return wanted.find((firmware) => host.firmwares.includes(firmware)) ?? null
}

/** The first that the server has; the last resort where it does not tell. */
export const firstOf = (wanted: readonly string[], has: readonly string[]): string =>
  wanted.find((one) => has.includes(one)) ?? wanted[0] ?? ''

/** Enlightenments in the order of what they need of each other. */
const HYPERV = [
  'relaxed',
  'vapic',
  'spinlocks',
  'vpindex',
  'runtime',
  'synic',
  'stimer',
  'frequencies',
  'tlbflush',
  'ipi'
]
/** What every QEMU with KVM has had for ten years. */
const HYPERV_PLAIN = ['relaxed', 'vapic', 'spinlocks']
const HYPERV_NEEDS: Readonly<Record<string, readonly string[]>> = {
  synic: ['vpindex'],
  stimer: ['vpindex', 'synic'],
  tlbflush: ['vpindex'],
  ipi: ['vpindex']
}

/** The enlightenments that the server has, whole: none without what it needs. */
export function hypervFor(host: HostAbilities): readonly string[] {
  if (!host.kvm) return []
  const has = host.hyperv ?? HYPERV_PLAIN
  return HYPERV.filter(
    (name) => has.includes(name) && (HYPERV_NEEDS[name] ?? []).every((needed) => has.includes(needed))
  )
}
