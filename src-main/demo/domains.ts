/** The VMs of a demo server: how they are made, how their counters grow, what they do when they are told to. */
import { createHash } from 'node:crypto'
import {
  NO_METADATA,
  virthelmMetadataElement,
  type VirthelmMetadata
} from '../domain/libvirt/virthelm-metadata.ts'
import type { DomainXml } from '../remote/libvirt/domain-xml.ts'
import type { DemoDomain, DemoDomainAction, DemoVmDisk, DemoVmInterface } from './model.ts'
import { burst, clamp, daily, hash, smooth } from './noise.ts'
import type { VmProfile } from './profiles.ts'

/** A domain and what drives it. */
export interface SimulatedDomain extends DemoDomain {
  readonly profile: VmProfile
  readonly seed: number
  /** Share of its own CPUs right now; the host adds it to its own load. */
  cpuShare: number
  rxRate: number
  txRate: number
  readRate: number
  writeRate: number
}

/** A UUID that is the same for the same server, VM and seed, so that history goes on over restarts of the demo. */
export function stableUuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  const variant = ((parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

export function makeDomain(hostName: string, profile: VmProfile, seed: number): SimulatedDomain {
  const uuid = stableUuid(`${hostName}/${profile.name}/${seed}`)
  const mac = `52:54:00:${uuid.slice(0, 2)}:${uuid.slice(2, 4)}:${uuid.slice(4, 6)}`
  const disk: DemoVmDisk = {
    target: 'vda',
    source: `/var/lib/libvirt/images/${profile.name}.qcow2`,
    format: 'qcow2',
    capacityBytes: profile.diskBytes,
    allocationBytes: Math.round(profile.diskBytes * (0.2 + 0.6 * hash(seed, 7))),
    readBytes: 0,
    writeBytes: 0,
    readOps: 0,
    writeOps: 0
  }
  const nic: DemoVmInterface = {
    mac,
    source: 'br0',
    model: 'virtio',
    target: null,
    rxBytes: 0,
    txBytes: 0,
    rxPackets: 0,
    txPackets: 0
  }
  return {
    profile,
    seed,
    uuid,
    name: profile.name,
    id: null,
    state: 'shutOff',
    stateReason: 'shutdown',
    autostart: profile.autostart ?? false,
    persistent: true,
    managedSave: false,
    marks: marksOf({ tags: profile.tags ?? [] }),
    vcpus: profile.vcpus,
    memoryMaxBytes: profile.memoryBytes,
    memoryBalloonBytes: profile.memoryBytes,
    memoryUsedBytes: null,
    balloonPeriodSec: profile.balloonPeriodSec ?? 5,
    cpuTimeNs: 0,
    hung: false,
    hungSinceMs: null,
    disks: [disk],
    interfaces: [nic],
    osType: 'hvm',
    machineType: 'pc-q35-7.2',
    firmware: profile.firmware ?? 'bios',
    title: profile.title ?? null,
    description: null,
    cpuShare: 0,
    rxRate: 0,
    txRate: 0,
    readRate: 0,
    writeRate: 0
  }
}

const GIB = 1024 ** 3

/** As `virsh metadata` would have written them; null = none. */
function marksOf(marks: Partial<VirthelmMetadata>): string | null {
  const all = { ...NO_METADATA, ...marks }
  return all.protected || all.template || all.tags.length > 0 ? virthelmMetadataElement(all) : null
}

/** A domain that was defined while the demo runs: idle, with the devices of its XML. */
export function definedDomain(
  hostName: string,
  { uuid, name, vcpus, memoryMaxBytes, isProtected, template, tags, detail }: DomainXml
): SimulatedDomain {
  const profile: VmProfile = {
    name,
    vcpus: vcpus ?? 1,
    memoryBytes: memoryMaxBytes ?? GIB,
    diskBytes: 20 * GIB,
    cpu: 0.05,
    memory: 0.3,
    netBytesPerSec: 4_000,
    diskBytesPerSec: 12_000,
    running: false,
    balloonPeriodSec: detail.balloonPeriodSec ?? 0,
    ...(detail.firmware === 'uefi' ? { firmware: 'uefi' } : {})
  }
  const domain = makeDomain(hostName, profile, 7)
  const [disk] = domain.disks
  const [nic] = domain.interfaces
  const disks = detail.disks.filter(({ device }) => device === 'disk')
  return {
    ...domain,
    uuid,
    title: detail.title,
    description: detail.description,
    marks: marksOf({ protected: isProtected, template, tags }),
    disks: disks.flatMap(({ target, source }) =>
      disk === undefined ? [] : [{ ...disk, target, source: source ?? '', allocationBytes: 1024 ** 2 }]
    ),
    interfaces: detail.interfaces.flatMap(({ mac, source, model }) =>
      nic === undefined
        ? []
        : [{ ...nic, mac: mac ?? nic.mac, source: source ?? '', model: model ?? 'virtio' }]
    )
  }
}

/** Moves a domain on by `stepSec`. A paused or stopped one does nothing. */
export function advanceDomain(
  domain: SimulatedDomain,
  atSec: number,
  stepSec: number,
  utcOffset: number
): void {
  if (domain.state !== 'running' || domain.hung) {
    domain.cpuShare = domain.rxRate = domain.txRate = domain.readRate = domain.writeRate = 0
    if (domain.state === 'shutOff') domain.memoryUsedBytes = null
    return
  }
  const { profile, seed } = domain
  const office = 0.6 + 0.7 * daily(atSec, utcOffset)
  const peak = burst(seed, atSec, 420) * 0.35
  const swing =
    0.55 +
    0.5 * smooth(seed + 1, atSec, 23) +
    0.4 * smooth(seed + 2, atSec, 190) +
    0.4 * (smooth(seed + 9, atSec, 4) - 0.5)
  domain.cpuShare = clamp(profile.cpu * office * swing + peak, 0.004, 0.99)
  const traffic =
    office * (0.2 + smooth(seed + 3, atSec, 31) + 0.6 * smooth(seed + 10, atSec, 5)) +
    4 * burst(seed + 4, atSec, 600)
  domain.rxRate = profile.netBytesPerSec * traffic * 0.35
  domain.txRate = profile.netBytesPerSec * traffic * 0.65
  const writing = 0.4 + 1.2 * smooth(seed + 5, atSec, 41) + 5 * burst(seed + 6, atSec, 500)
  domain.writeRate = profile.diskBytesPerSec * writing * 0.7
  domain.readRate = profile.diskBytesPerSec * writing * 0.3
  domain.cpuTimeNs += domain.cpuShare * domain.vcpus * stepSec * 1e9
  if (domain.balloonPeriodSec > 0) {
    const used = profile.memory * (0.92 + 0.14 * smooth(seed + 8, atSec, 300))
    domain.memoryUsedBytes = Math.round(domain.memoryBalloonBytes * clamp(used, 0.05, 0.985))
  }
  for (const nic of domain.interfaces) {
    nic.rxBytes += domain.rxRate * stepSec
    nic.txBytes += domain.txRate * stepSec
    nic.rxPackets += (domain.rxRate * stepSec) / 900
    nic.txPackets += (domain.txRate * stepSec) / 900
  }
  for (const disk of domain.disks) {
    disk.readBytes += domain.readRate * stepSec
    disk.writeBytes += domain.writeRate * stepSec
    disk.readOps += (domain.readRate * stepSec) / 16_384
    disk.writeOps += (domain.writeRate * stepSec) / 12_288
    disk.allocationBytes = Math.min(
      disk.capacityBytes,
      disk.allocationBytes + domain.writeRate * stepSec * 0.002
    )
  }
}

/** What an action would do; `refusal` is libvirt's message. */
export interface Transition {
  readonly refusal: string | null
  readonly to: 'running' | 'shutOff' | 'paused' | null
  readonly reason: string
  /** [event, detail] as `virsh event` words them, in order. */
  readonly events: readonly (readonly [string, string])[]
  /** A guest needs a moment for it. */
  readonly slow: boolean
}

const refused = (message: string): Transition => ({
  refusal: `Requested operation is not valid: ${message}`,
  to: null,
  reason: '',
  events: [],
  slow: false
})

export function transitionOf(domain: DemoDomain, action: DemoDomainAction): Transition {
  const active = domain.state !== 'shutOff' && domain.state !== 'crashed'
  const to = (
    state: Transition['to'],
    reason: string,
    events: Transition['events'],
    slow = false
  ): Transition => ({ refusal: null, to: state, reason, events, slow })
  switch (action) {
    case 'start':
      if (active) return refused('domain is already running')
      // libvirt says Resumed before Started.
      return to('running', 'booted', [
        ['Resumed', 'Unpaused'],
        ['Started', 'Booted']
      ])
    case 'forceOff':
      return active
        ? to('shutOff', 'destroyed', [['Stopped', 'Destroyed']])
        : refused('domain is not running')
    case 'shutDown':
      if (!active) return refused('domain is not running')
      return to('shutOff', 'shutdown', [['Stopped', 'Shutdown']], true)
    case 'reboot':
      return active ? to(null, '', []) : refused('domain is not running')
    case 'pause':
      if (!active) return refused('domain is not running')
      return domain.state === 'paused' ? to(null, '', []) : to('paused', 'user', [['Suspended', 'Paused']])
    case 'resume':
      if (!active) return refused('domain is not running')
      if (domain.state !== 'paused') return refused('domain is already running')
      return to('running', 'unpaused', [['Resumed', 'Unpaused']])
    case 'reset':
      return active ? to(null, '', []) : refused('domain is not running')
    case 'save':
      return active ? to('shutOff', 'saved', [['Stopped', 'Saved']], true) : refused('domain is not running')
    case 'discardSaved':
    case 'autostartOn':
    case 'autostartOff':
      return to(null, '', [['Defined', 'Updated']])
  }
}
