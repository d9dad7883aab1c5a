/** One demo server: its VMs and what happens to them. How its counters grow is in `host-load.ts`. */
import type { DemoDomain, DemoDomainAction, DemoDomainEvent, DemoFaults, DemoHost } from './model.ts'
import { makeDomain, type SimulatedDomain, transitionOf } from './domains.ts'
import { type HostCounters, initialCounters } from './host-counters.ts'
import { advanceCounters } from './host-load.ts'
import { clamp } from './noise.ts'
import { filledShare, type HostProfile, type MountProfile } from './profiles/model.ts'
import { DemoProcesses } from './processes.ts'
import { makeStores } from './stores.ts'

const SHUTDOWN_TAKES_MS = 1_500
/** Longer pauses (a suspended workstation) are jumped over in steps, so that averages stay right. */
const MAX_STEP_SEC = 5
const MAX_STEPS = 200

export class SimulatedHost implements DemoHost {
  readonly profile: HostProfile
  readonly seed: number
  readonly name: string
  readonly hostName: string
  readonly libvirt: DemoHost['libvirt']
  readonly draft: DemoHost['draft']
  readonly faults: DemoFaults = {
    silent: false,
    frozen: false,
    refuseLogin: false,
    delayMs: 0,
    libvirtDown: false
  }
  readonly stores: DemoHost['stores']
  readonly counters: HostCounters
  readonly processes: DemoProcesses
  #domains: SimulatedDomain[]
  #nextDomainId = 1
  #bootedAtMs: number
  #advancedToMs: number
  readonly #startedAtMs: number
  readonly #listeners = new Set<(event: DemoDomainEvent) => void>()
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor(profile: HostProfile, seed: number, nowMs: number) {
    this.profile = profile
    this.seed = seed
    this.name = profile.name
    this.hostName = profile.hostName
    this.libvirt = profile.libvirt
    this.draft = {
      name: profile.name,
      location: profile.location,
      tags: [...profile.tags],
      note: profile.note,
      lookOnly: false,
      useSudo: profile.allowsSudo ?? false,
      collecting: true,
      intervalMs: null
    }
    const uptimeSec = profile.uptimeDays * 86_400
    this.#bootedAtMs = nowMs - uptimeSec * 1000
    this.#advancedToMs = nowMs
    this.#startedAtMs = nowMs
    this.counters = initialCounters(profile, uptimeSec)
    this.#domains = profile.vms.map((vm, index) => makeDomain(profile.name, vm, seed * 31 + index * 101))
    this.processes = new DemoProcesses(this)
    this.stores = makeStores({ ...profile, seed }, this.#domains)
    for (const domain of this.#domains) {
      if (!domain.profile.running) continue
      this.#begin(domain)
      domain.cpuTimeNs = domain.profile.cpu * domain.vcpus * uptimeSec * 0.5e9
    }
    advanceCounters(this, nowMs / 1000, 0)
  }

  get domains(): readonly SimulatedDomain[] {
    return this.#domains
  }

  uptimeSec(): number {
    return (Date.now() - this.#bootedAtMs) / 1000
  }

  advance(): void {
    const nowMs = Date.now()
    const behindSec = (nowMs - this.#advancedToMs) / 1000
    if (behindSec < 0.02) return
    const steps = clamp(Math.ceil(behindSec / MAX_STEP_SEC), 1, MAX_STEPS)
    for (let step = 1; step <= steps; step++) {
      const atMs = this.#advancedToMs + (behindSec * 1000 * step) / steps
      advanceCounters(this, atMs / 1000, behindSec / steps)
    }
    this.#advancedToMs = nowMs
  }

  /** Used bytes of a mount right now. */
  mountUsedBytes(mount: MountProfile): number {
    const days = (this.uptimeSec() / 86_400) % 30
    const share =
      mount.used +
      (mount.growthPerDay ?? 0) * (days - 15) * 0.2 +
      filledShare(mount, Date.now() - this.#startedAtMs)
    return Math.round(mount.sizeBytes * clamp(share, 0.01, 0.97))
  }

  act(domain: DemoDomain, action: DemoDomainAction): string | null {
    const target = this.#domains.find((candidate) => candidate.uuid === domain.uuid)
    if (target === undefined) return `failed to get domain '${domain.uuid}'`
    if (target.hung && action !== 'forceOff') {
      return 'Timed out during operation: cannot acquire state change lock'
    }
    this.advance()
    const transition = transitionOf(target, action)
    if (transition.refusal !== null) return transition.refusal
    if (!transition.slow) {
      this.#apply(target, transition, action)
      return null
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      if (target.state !== 'shutOff') this.#apply(target, transition, action)
    }, SHUTDOWN_TAKES_MS)
    this.#timers.add(timer)
    return null
  }

  addClone(source: DemoDomain, clone: Parameters<DemoHost['addClone']>[1]): void {
    const original = this.#domains.find(({ uuid }) => uuid === source.uuid)
    if (original === undefined) return
    const { tags: _tags, ...origin } = original.profile
    const profile = { ...origin, name: clone.name, autostart: false, running: false }
    const made = makeDomain(this.name, profile, original.seed + this.#domains.length * 7)
    const disks = made.disks.map((disk) => ({
      ...disk,
      source: clone.path,
      format: clone.format,
      allocationBytes: clone.allocationBytes
    }))
    const domain = { ...made, uuid: clone.uuid, disks }
    this.#domains = [...this.#domains, domain]
    this.tell(domain, 'Defined', 'Added')
  }

  removeDomain(uuid: string): void {
    const domain = this.#domains.find((candidate) => candidate.uuid === uuid)
    if (domain === undefined) return
    this.#domains = this.#domains.filter((candidate) => candidate !== domain)
    this.tell(domain, 'Undefined', 'Removed')
  }

  tell(domain: DemoDomain, event: string, detail: string): void {
    for (const listener of this.#listeners) listener({ domain, event, detail })
  }

  redefined(domain: DemoDomain): void {
    this.tell(domain, 'Defined', 'Updated')
  }

  define(domain: DemoDomain): void {
    const known = this.#domains.some(({ uuid }) => uuid === domain.uuid)
    if (!known) this.#domains.push(domain as SimulatedDomain)
    this.tell(domain, 'Defined', known ? 'Updated' : 'Added')
  }

  undefine(domain: DemoDomain): void {
    this.#domains = this.#domains.filter(({ uuid }) => uuid !== domain.uuid)
    this.tell(domain, 'Undefined', 'Removed')
  }

  onDomainEvent(listener: (event: DemoDomainEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A VM of another server, on this one from now on: running as it was there, or off. */
  takeIn(domain: SimulatedDomain, runs: boolean): void {
    this.#domains = [...this.#domains, domain]
    this.#end(domain, 'shutdown')
    if (runs) this.#begin(domain)
    const event = runs ? (['Resumed', 'Migrated'] as const) : (['Defined', 'Added'] as const)
    for (const listener of this.#listeners) listener({ domain, event: event[0], detail: event[1] })
  }

  /** It went to another server and is off here. */
  sentAway(domain: SimulatedDomain): void {
    this.#end(domain, 'migrated')
    for (const listener of this.#listeners) listener({ domain, event: 'Stopped', detail: 'Migrated' })
  }

  /** Its definition is gone. */
  forget(domain: SimulatedDomain): void {
    this.#domains = this.#domains.filter((other) => other !== domain)
    for (const listener of this.#listeners) listener({ domain, event: 'Undefined', detail: 'Removed' })
  }

  /** The server loses power and starts again: counters at zero, VMs with autostart running. */
  reboot(): void {
    this.#bootedAtMs = Date.now()
    Object.assign(this.counters, initialCounters(this.profile, 1))
    for (const domain of this.#domains) {
      this.#end(domain, 'shutdown')
      if (domain.autostart) this.#begin(domain)
    }
  }

  hang(domain: DemoDomain, hung: boolean): void {
    domain.hung = hung
    domain.hungSinceMs = hung ? Date.now() : null
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    this.#listeners.clear()
  }

  #apply(
    domain: SimulatedDomain,
    transition: ReturnType<typeof transitionOf>,
    action: DemoDomainAction
  ): void {
    if (action === 'autostartOn' || action === 'autostartOff') domain.autostart = action === 'autostartOn'
    if (action === 'save' || action === 'discardSaved' || action === 'start')
      domain.managedSave = action === 'save'
    if (transition.to === 'running' && domain.id === null) this.#begin(domain)
    else if (transition.to === 'shutOff') this.#end(domain, transition.reason)
    else if (transition.to !== null) domain.state = transition.to
    if (transition.to !== null) domain.stateReason = transition.reason
    for (const [event, detail] of transition.events) this.tell(domain, event, detail)
  }

  #begin(domain: SimulatedDomain): void {
    domain.id = this.#nextDomainId++
    domain.state = 'running'
    domain.stateReason = 'booted'
    domain.cpuTimeNs = 0
    domain.interfaces.forEach((nic, index) => {
      nic.target = `vnet${(domain.id ?? 0) * 2 + index}`
      nic.rxBytes = nic.txBytes = nic.rxPackets = nic.txPackets = 0
    })
    for (const disk of domain.disks) disk.readBytes = disk.writeBytes = disk.readOps = disk.writeOps = 0
  }

  #end(domain: SimulatedDomain, reason: string): void {
    domain.id = null
    domain.state = 'shutOff'
    domain.stateReason = reason
    domain.memoryUsedBytes = null
    domain.hung = false
    domain.hungSinceMs = null
    for (const nic of domain.interfaces) nic.target = null
  }
}
