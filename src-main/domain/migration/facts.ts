/** What is known of a VM that is to leave its server, and of both hosts. Texts are the servers'. */

export interface DomainDisk {
  /** `vda`. */
  readonly target: string
  readonly device: 'disk' | 'cdrom' | 'floppy' | 'other'
  /** `file`, `block`, `network`, `volume`, … */
  readonly type: string
  /** Path of a file or a block device; null without a medium, and for other types. */
  readonly path: string | null
  readonly format: string | null
  readonly readOnly: boolean
  readonly shareable: boolean
  /** A running VM's XML names what stands below. */
  readonly hasBacking: boolean
}

export interface DomainNetwork {
  readonly kind: 'network' | 'bridge' | 'other'
  /** null for kinds that name none. */
  readonly name: string | null
}

export interface DomainFacts {
  readonly uuid: string
  readonly name: string
  /** `kvm`, `qemu`. */
  readonly virtType: string
  readonly architecture: string
  readonly machineType: string
  readonly emulator: string | null
  readonly memoryBytes: number
  readonly cpuMode: string | null
  /** The <cpu> element, for comparing; null when there is none. */
  readonly cpuXml: string | null
  readonly disks: readonly DomainDisk[]
  readonly networks: readonly DomainNetwork[]
  /** Kernel, initrd, device tree, ROM files: named by their path and read by QEMU at its start. */
  readonly bootFiles: readonly string[]
  readonly nvram: string | null
  readonly hasTpmState: boolean
  /** hostdev of any kind: a device of this very server. */
  readonly hostDevices: number
  /** Folders of the server that the guest mounts. */
  readonly sharedFolders: number
  /** Where a serial line is logged to. */
  readonly logFiles: readonly string[]
  readonly isProtected: boolean
}

export interface HostGuest {
  readonly architecture: string
  /** `kvm`, `qemu`. */
  readonly virtTypes: readonly string[]
  readonly machineTypes: readonly string[]
  readonly emulators: readonly string[]
}

export interface HostCapabilities {
  /** libvirt's identity of the host: two connections that show the same one lead to the same libvirtd. */
  readonly hostUuid: string | null
  /** The host's own <cpu>. */
  readonly cpuXml: string | null
  readonly guests: readonly HostGuest[]
}

export interface PoolFacts {
  readonly name: string
  readonly type: string
  readonly targetPath: string | null
  readonly availableBytes: number | null
  /** Where a network pool's files really are (`netfs server:/export`); null for the server's own disks. */
  readonly sharedSource: string | null
}

export interface VolumeFacts {
  readonly name: string
  readonly path: string | null
  readonly format: string | null
  readonly capacityBytes: number
  readonly allocationBytes: number
  /** Length of the file; the allocation where libvirt does not say. */
  readonly lengthBytes: number
  readonly backingPath: string | null
  /** When its contents last changed, in the file system's own words. */
  readonly changedAt: string | null
}

export interface JobFacts {
  readonly isActive: boolean
  readonly processedBytes: number
  readonly remainingBytes: number
  readonly totalBytes: number
}

export interface DomainChanges {
  readonly name?: string
  /** Of a copy: a UUID of its own. The MACs are made from it then. */
  readonly newUuid?: string
  /** New path of each file that lies elsewhere, by the disk's target. */
  readonly diskPaths: ReadonlyMap<string, string>
  /** Drives whose medium is not on the new server. */
  readonly emptied: ReadonlySet<string>
  /** By `network:default`. */
  readonly networks: ReadonlyMap<string, { readonly kind: 'network' | 'bridge'; readonly name: string }>
}
