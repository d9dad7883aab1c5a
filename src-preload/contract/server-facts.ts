/** What a server is made of: read once per connection. */
import { z } from 'zod'
import { AtMs, RemoteText } from './units.ts'

/** A memory module as the firmware's tables (SMBIOS type 17) name it. Texts are remote. */
export const MemoryModule = z.object({
  slot: RemoteText.nullable(),
  sizeBytes: z.number(),
  /** DDR4, DDR5, … */
  type: RemoteText.nullable(),
  /** Millions of transfers per second, as it runs (else as it could). */
  megatransfersPerSec: z.int().nullable(),
  manufacturer: RemoteText.nullable(),
  partNumber: RemoteText.nullable()
})
export type MemoryModule = z.infer<typeof MemoryModule>

/** Slots of the largest boards there are; more are left out. */
export const MAX_MEMORY_MODULES = 256

/** Facts kept by earlier versions have no such entry. */
const LaterText = RemoteText.nullable().default(null)

/** Facts read once per connection. null = could not be had. Texts are remote: hostile. */
export const ServerFacts = z.object({
  hostName: RemoteText.nullable(),
  /** os-release PRETTY_NAME. */
  distribution: RemoteText.nullable(),
  osName: RemoteText.nullable(),
  kernelRelease: RemoteText.nullable(),
  /** uname -m. */
  architecture: RemoteText.nullable(),
  bits: z.union([z.literal(32), z.literal(64)]).nullable(),
  cpuModel: RemoteText.nullable(),
  cpuSockets: z.int().nullable(),
  cpuCores: z.int().nullable(),
  cpuThreads: z.int().nullable(),
  memoryTotalBytes: z.number().nullable(),
  /** kvm, vmware, lxc, none, … as systemd-detect-virt or DMI tells. */
  virtualisation: RemoteText.nullable(),
  boardModel: RemoteText.nullable(),
  bootedAtMs: AtMs.nullable(),
  loginShell: RemoteText.nullable(),
  sshServer: RemoteText.nullable(),
  libvirtVersion: RemoteText.nullable(),
  hypervisorVersion: RemoteText.nullable(),
  /** The main board, where it is another thing than the whole machine (`boardModel`). */
  mainBoard: LaterText,
  /** The firmware's version with its maker. */
  biosVersion: LaterText,
  /** As the firmware prints it: MM/DD/YYYY on nearly all boards. */
  biosDate: LaterText,
  /** Only with root's rights. */
  serialNumber: LaterText,
  /** Installed modules; null where the firmware's tables cannot be read. */
  memoryModules: z.array(MemoryModule).max(MAX_MEMORY_MODULES).nullable().default(null),
  memorySlots: z.int().nullable().default(null),
  /** IANA name (Europe/Berlin) or what stands in its place (UTC, <+09>-9). */
  timeZone: LaterText,
  /** Address of the default route's next hop, IPv4 before IPv6. */
  defaultGateways: z.array(RemoteText).max(8).nullable().default(null),
  dnsServers: z.array(RemoteText).max(8).nullable().default(null),
  /** apt, dnf, apk, … */
  packageManager: LaterText,
  /** systemd, openrc, … */
  initSystem: LaterText
})
export type ServerFacts = z.infer<typeof ServerFacts>
