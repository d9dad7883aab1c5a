/** One demo server: counters of a Linux host that grow as its profile and its VMs say. */
import type { DemoDomain, DemoDomainAction, DemoDomainEvent, DemoFaults, DemoHost } from './model.ts'
import { advanceDomain, makeDomain, type SimulatedDomain, transitionOf } from './domains.ts'
import { burst, clamp, daily, leak, smooth } from './noise.ts'
import { type HostCounters, initialCounters, TICKS_PER_SEC } from './host-counters.ts'
import type { HostProfile, MountProfile } from './profiles.ts'
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
    this.counters = initialCounters(profile, uptimeSec)
    this.#domains = profile.vms.map((vm, index) => makeDomain(profile.name, vm, seed * 31 + index * 101))
    this.processes = new DemoProcesses(this)
    this.stores = makeStores({ ...profile, seed }, this.#domains)
    for (const domain of this.#domains) {
      if (!domain.profile.running) continue
      this.#begin(domain)
      domain.cpuTimeNs = domain.profile.cpu * domain.vcpus * uptimeSec * 0.5e9
    }
    this.#step(nowMs / 1000, 0)
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
      this.#step((this.#advancedToMs + (behindSec * 1000 * step) / steps) / 1000, behindSec / steps)
    }
    this.#advancedToMs = nowMs
  }

  /** Used bytes of a mount right now. */
  mountUsedBytes(mount: MountProfile): number {
    const days = (this.uptimeSec() / 86_400) % 30
    const share = mount.used + (mount.growthPerDay ?? 0) * (days - 15) * 0.2
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
    const profile = { ...original.profile, name: clone.name, autostart: false, running: false }
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

  #step(atSec: number, stepSec: number): void {
    const { profile, seed, counters } = this
    let guestCpus = 0
    let guestMemory = 0
    const traffic = { rx: 0, tx: 0, read: 0, write: 0 }
    for (const domain of this.#domains) {
      advanceDomain(domain, atSec, stepSec, profile.utcOffsetHours)
      guestCpus += domain.cpuShare * domain.vcpus
      if (domain.state !== 'shutOff') guestMemory += domain.memoryUsedBytes ?? domain.memoryMaxBytes * 0.6
      traffic.rx += domain.rxRate
      traffic.tx += domain.txRate
      traffic.read += domain.readRate
      traffic.write += domain.writeRate
    }
    const office = 0.65 + 0.6 * daily(atSec, profile.utcOffsetHours)
    const swing =
      0.6 +
      0.5 * smooth(seed, atSec, 19) +
      0.35 * smooth(seed + 1, atSec, 160) +
      0.3 * (smooth(seed + 9, atSec, 4) - 0.5)
    const own = clamp(profile.cpu * office * swing + 0.25 * burst(seed + 2, atSec, 900), 0.005, 0.97)
    const guest = clamp(guestCpus / profile.threads, 0, 0.99 - own * 0.5)
    const flow =
      office * (0.3 + smooth(seed + 3, atSec, 27) + 0.5 * smooth(seed + 10, atSec, 5)) +
      3 * burst(seed + 4, atSec, 700)
    const writes =
      0.3 + smooth(seed + 5, atSec, 37) + 0.5 * smooth(seed + 11, atSec, 6) + 4 * burst(seed + 6, atSec, 800)
    this.#addCpu(Math.min(own, 0.99 - guest), guest, writes, stepSec)
    this.#addCores(Math.min(own + guest, 0.99), atSec, stepSec)
    counters.rxBytes += (traffic.rx + profile.netBytesPerSec * flow * 0.6) * stepSec
    counters.txBytes += (traffic.tx + profile.netBytesPerSec * flow * 0.4) * stepSec
    this.#addDisks(
      traffic.read + profile.diskBytesPerSec * writes * 0.4,
      traffic.write + profile.diskBytesPerSec * writes * 0.6,
      stepSec
    )
    this.#setMemory(guestMemory, atSec)
    this.#setLoad((own + guest) * profile.threads, stepSec)
  }

  #addCpu(own: number, guest: number, writes: number, stepSec: number): void {
    const { cpuTicks } = this.counters
    const ticks = this.profile.threads * TICKS_PER_SEC * stepSec
    const iowait = clamp(0.002 + writes * 0.004, 0, Math.max(0, 1 - own - guest))
    cpuTicks.user += (own * 0.7 + guest) * ticks
    cpuTicks.guest += guest * ticks
    cpuTicks.system += own * 0.24 * ticks
    cpuTicks.nice += own * 0.01 * ticks
    cpuTicks.softirq += own * 0.05 * ticks
    cpuTicks.iowait += iowait * ticks
    cpuTicks.idle += Math.max(0, 1 - own - guest - iowait) * ticks
    const busy = own + guest
    this.counters.pressureMicros.cpu += Math.max(0, busy - 0.6) * stepSec * 1e6
    this.counters.pressureMicros.io += iowait * 0.8 * stepSec * 1e6
  }

  /** The same work, unevenly: a few threads are busy, most are not, and it wanders. */
  #addCores(busy: number, atSec: number, stepSec: number): void {
    const { coreTicks } = this.counters
    const ticks = TICKS_PER_SEC * stepSec
    const weights = coreTicks.map((_ticks, core) => 0.12 + smooth(this.seed + 40 + core * 13, atSec, 28) ** 4)
    const sum = weights.reduce((total, weight) => total + weight, 0)
    weights.forEach((weight, core) => {
      const share = Math.min(0.995, (busy * coreTicks.length * weight) / sum)
      coreTicks[core] = (coreTicks[core] ?? 0) + share * ticks
    })
    this.counters.ticksPerCore += ticks
  }

  #addDisks(readRate: number, writeRate: number, stepSec: number): void {
    const disks = [...this.counters.disks.values()]
    const data = disks.length > 1 ? disks.slice(1) : disks
    for (const disk of disks) {
      const share = data.includes(disk) ? 0.95 / data.length : 0.05
      disk.readBytes += readRate * share * stepSec
      disk.writeBytes += writeRate * share * stepSec
      const capacity = disk.profile.name.startsWith('nvme') ? 1.5e9 : 180e6
      disk.busyMs += clamp(((readRate + writeRate) * share) / capacity, 0, 1) * stepSec * 1000
    }
  }

  #setMemory(guestBytes: number, atSec: number): void {
    const { profile, seed, counters } = this
    const leaking = profile.leakEverySec === null ? 0 : 0.12 * leak(seed, atSec, profile.leakEverySec)
    const own = profile.memory * (0.94 + 0.1 * smooth(seed + 8, atSec, 240)) + leaking
    const wanted = own * profile.memoryBytes + guestBytes
    counters.memoryUsedBytes = Math.min(profile.memoryBytes * 0.965, wanted)
    counters.swapUsedBytes = clamp(wanted - profile.memoryBytes * 0.9, 0, profile.swapBytes * 0.8)
    if (wanted > profile.memoryBytes * 0.93) counters.pressureMicros.memory += 20_000
  }

  #setLoad(busyCpus: number, stepSec: number): void {
    const { counters } = this
    counters.running = Math.max(1, Math.round(busyCpus))
    const windows = [60, 300, 900]
    counters.load = counters.load.map((load, index) => {
      const part = stepSec === 0 ? 0 : Math.exp(-stepSec / (windows[index] ?? 60))
      return load * part + busyCpus * (1 - part)
    }) as [number, number, number]
  }
}
