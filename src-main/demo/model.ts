/**
 * What a demo server is made of. `fleet.ts` makes hosts and lets them live; the players of the lanes
 * (`lane-sampler.ts`, `virsh-player.ts`, …) only read and change this model.
 */
import type { DemoStores } from './stores.ts'
import type { ServerDraft } from '#contract/servers.ts'
import type { DomainState, MachineAction } from '#contract/vocabulary.ts'

/** A disk of a demo VM. Counters only grow while the VM runs; they start at 0 with each start of the VM. */
export interface DemoVmDisk {
  readonly target: string
  source: string
  /** Images below it, nearest first; external snapshots make them. */
  backing?: string[]
  readonly format: 'qcow2' | 'raw'
  capacityBytes: number
  allocationBytes: number
  readBytes: number
  writeBytes: number
  readOps: number
  writeOps: number
}

export interface DemoVmInterface {
  readonly mac: string
  readonly source: string
  readonly model: string
  /** The host's name of the device while the VM runs (vnet0); null when it is off. */
  target: string | null
  rxBytes: number
  txBytes: number
  rxPackets: number
  txPackets: number
}

/** A domain of a demo server. `advance` of the host moves the counters; the virsh player changes the state. */
export interface DemoDomain {
  readonly uuid: string
  name: string
  /** libvirt's number while it runs; null when off. */
  id: number | null
  state: DomainState
  /** libvirt's words as in `virsh domstate --reason`: booted, user, shutdown, destroyed, unpaused, … */
  stateReason: string
  autostart: boolean
  persistent: boolean
  /** The console's element under <metadata>, without its prefix; null = none. */
  readonly marks: string | null
  /** Its memory is saved: it goes on there when it is started. */
  managedSave: boolean
  vcpus: number
  memoryMaxBytes: number
  /** `balloon.current`. */
  memoryBalloonBytes: number
  /** Guest statistics, when the domain has a balloon period; null = the guest tells nothing. */
  memoryUsedBytes: number | null
  balloonPeriodSec: number
  /** Nanoseconds of CPU since the start; grows with the load while it runs. */
  cpuTimeNs: number
  /** Its QEMU does not answer (fault): domstats would block, domcontrol says occupied. */
  hung: boolean
  hungSinceMs: number | null
  readonly disks: DemoVmDisk[]
  readonly interfaces: DemoVmInterface[]
  readonly osType: string
  readonly machineType: string
  readonly firmware: 'bios' | 'uefi'
  readonly title: string | null
  readonly description: string | null
}

/** What happened to a domain, in virsh event's words. */
export interface DemoDomainEvent {
  readonly domain: DemoDomain
  /** Text of `virsh event --event lifecycle`: "Started", "Stopped", "Suspended", "Resumed", "Defined", … */
  readonly event: string
  /** "Booted", "Destroyed", "Shutdown", "Paused", "Unpaused", … */
  readonly detail: string
}

/** What the player asks the host to do; each changes the model, then tells the listeners. */
export type DemoDomainAction = MachineAction

/** Faults that tests switch on and off while the fleet runs. */
export interface DemoFaults {
  /** Channels take everything and answer nothing. */
  silent: boolean
  /** The socket stays open and nothing moves any more (frozen link). */
  frozen: boolean
  refuseLogin: boolean
  /** Milliseconds that each answer waits. */
  delayMs: number
  /** virsh cannot reach libvirtd. */
  libvirtDown: boolean
}

/** One demo server. Implemented in `host.ts`. */
export interface DemoHost {
  readonly name: string
  /** What the operator would have typed about it; `connection` is filled in when it listens. */
  readonly draft: Omit<ServerDraft, 'connection'>
  readonly hostName: string
  /** null = libvirt is not installed there. */
  readonly libvirt: { readonly libvirtVersion: string; readonly qemuVersion: string } | null
  /** In the order of their definition. Empty without libvirt. */
  readonly domains: readonly DemoDomain[]
  readonly stores: DemoStores
  readonly faults: DemoFaults
  /** Moves the simulation to now; players call it before they answer. Cheap when little time has passed. */
  advance(): void
  /**
   * Does it as libvirt would (events included). Returns null when done, or libvirt's message without "error: "
   * (`Requested operation is not valid: domain is already running`).
   */
  act(domain: DemoDomain, action: DemoDomainAction): string | null
  /** Defines a VM like another one, off, with one disk of its own. */
  addClone(
    source: DemoDomain,
    clone: {
      readonly uuid: string
      readonly name: string
      readonly path: string
      readonly format: DemoVmDisk['format']
      readonly allocationBytes: number
    }
  ): void
  removeDomain(uuid: string): void
  /** Tells the listeners of an event that changed nothing of the model (a snapshot was taken). */
  tell(domain: DemoDomain, event: string, detail: string): void
  /** Its definition was changed; "Defined" is told. */
  redefined(domain: DemoDomain): void
  /** Adds a domain, or takes another definition of it; "Defined" is told. */
  define(domain: DemoDomain): void
  /** It is gone from the list; "Undefined" is told. */
  undefine(domain: DemoDomain): void
  /** Told after each event; returns the function that ends it. */
  onDomainEvent(listener: (event: DemoDomainEvent) => void): () => void
}

/** The two ends of a channel as a lane's player sees them. */
export interface LaneIo {
  /** The marker of line 1 of the channel. */
  readonly marker: string
  /** The script of the channel (everything up to `: virthelm end`), for players that look into it. */
  readonly script: string
  /** Lines after the script, as they come; without their line feed. */
  onLine(listener: (line: string) => void): void
  /** From now on everything comes as bytes, and no line is told any more. */
  onBytes(listener: (bytes: Uint8Array) => void): void
  /** stdin ended, or the link is gone: stop timers and listeners. */
  onEnd(listener: () => void): void
  /** stdout. */
  write(text: string): void
  writeBytes(bytes: Uint8Array): void
  /** stderr. */
  writeError(text: string): void
  /** The answer takes its time: the end of stdin does not end the lane. */
  keepOpen(): void
  /** Ends the channel with this exit code. */
  exit(code: number): void
}

export type LaneName = 'sampler' | 'mounts' | 'virsh' | 'virsh-event' | 'upload' | 'download' | 'run'

/** Plays lanes of one host. `attach` returns false for a lane that it does not play. */
export interface LanePlayer {
  attach(lane: string, io: LaneIo): boolean
}

/** Implemented in `virsh-player.ts`: `createVirshPlayer(host): VirshPlayer`. */
export type VirshPlayer = LanePlayer
