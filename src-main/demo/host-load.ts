/** The counters of a demo server's kernel: they grow as its profile and its VMs say. */
import { advanceDomain, type SimulatedDomain } from './domains.ts'
import { type HostCounters, TICKS_PER_SEC } from './host-counters.ts'
import { burst, clamp, daily, leak, smooth } from './noise.ts'
import type { HostProfile } from './profiles.ts'

export interface LoadedHost {
  readonly profile: HostProfile
  readonly seed: number
  readonly counters: HostCounters
  readonly domains: readonly SimulatedDomain[]
}

/** One step: what runs on it, what it does itself, and what of both its kernel counts. */
export function advanceCounters(host: LoadedHost, atSec: number, stepSec: number): void {
  const { profile, seed, counters } = host
  let guestCpus = 0
  let guestMemory = 0
  const traffic = { rx: 0, tx: 0, read: 0, write: 0 }
  for (const domain of host.domains) {
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
  addCpu(host, Math.min(own, 0.99 - guest), guest, writes, stepSec)
  addCores(host, Math.min(own + guest, 0.99), atSec, stepSec)
  counters.rxBytes += (traffic.rx + profile.netBytesPerSec * flow * 0.6) * stepSec
  counters.txBytes += (traffic.tx + profile.netBytesPerSec * flow * 0.4) * stepSec
  addDisks(
    host,
    traffic.read + profile.diskBytesPerSec * writes * 0.4,
    traffic.write + profile.diskBytesPerSec * writes * 0.6,
    stepSec
  )
  setMemory(host, guestMemory, atSec)
  setLoad(host, (own + guest) * profile.threads, stepSec)
}

function addCpu(host: LoadedHost, own: number, guest: number, writes: number, stepSec: number): void {
  const { cpuTicks } = host.counters
  const ticks = host.profile.threads * TICKS_PER_SEC * stepSec
  const iowait = clamp(0.002 + writes * 0.004, 0, Math.max(0, 1 - own - guest))
  cpuTicks.user += (own * 0.7 + guest) * ticks
  cpuTicks.guest += guest * ticks
  cpuTicks.system += own * 0.24 * ticks
  cpuTicks.nice += own * 0.01 * ticks
  cpuTicks.softirq += own * 0.05 * ticks
  cpuTicks.iowait += iowait * ticks
  cpuTicks.idle += Math.max(0, 1 - own - guest - iowait) * ticks
  const busy = own + guest
  host.counters.pressureMicros.cpu += Math.max(0, busy - 0.6) * stepSec * 1e6
  host.counters.pressureMicros.io += iowait * 0.8 * stepSec * 1e6
}

/** The same work, unevenly: a few threads are busy, most are not, and it wanders. */
function addCores({ seed, counters }: LoadedHost, busy: number, atSec: number, stepSec: number): void {
  const { coreTicks } = counters
  const ticks = TICKS_PER_SEC * stepSec
  const weights = coreTicks.map((_ticks, core) => 0.12 + smooth(seed + 40 + core * 13, atSec, 28) ** 4)
  const sum = weights.reduce((total, weight) => total + weight, 0)
  weights.forEach((weight, core) => {
    const share = Math.min(0.995, (busy * coreTicks.length * weight) / sum)
    coreTicks[core] = (coreTicks[core] ?? 0) + share * ticks
  })
  counters.ticksPerCore += ticks
}

function addDisks(host: LoadedHost, readRate: number, writeRate: number, stepSec: number): void {
  const disks = [...host.counters.disks.values()]
  const data = disks.length > 1 ? disks.slice(1) : disks
  for (const disk of disks) {
    const share = data.includes(disk) ? 0.95 / data.length : 0.05
    disk.readBytes += readRate * share * stepSec
    disk.writeBytes += writeRate * share * stepSec
    const capacity = disk.profile.name.startsWith('nvme') ? 1.5e9 : 180e6
    disk.busyMs += clamp(((readRate + writeRate) * share) / capacity, 0, 1) * stepSec * 1000
  }
}

function setMemory(host: LoadedHost, guestBytes: number, atSec: number): void {
  const { profile, seed, counters } = host
  const leaking = profile.leakEverySec === null ? 0 : 0.12 * leak(seed, atSec, profile.leakEverySec)
  const own = profile.memory * (0.94 + 0.1 * smooth(seed + 8, atSec, 240)) + leaking
  const wanted = own * profile.memoryBytes + guestBytes
  counters.memoryUsedBytes = Math.min(profile.memoryBytes * 0.965, wanted)
  counters.swapUsedBytes = clamp(wanted - profile.memoryBytes * 0.9, 0, profile.swapBytes * 0.8)
  if (wanted > profile.memoryBytes * 0.93) counters.pressureMicros.memory += 20_000
}

function setLoad(host: LoadedHost, busyCpus: number, stepSec: number): void {
  const { counters } = host
  counters.running = Math.max(1, Math.round(busyCpus))
  const windows = [60, 300, 900]
  counters.load = counters.load.map((load, index) => {
    const part = stepSec === 0 ? 0 : Math.exp(-stepSec / (windows[index] ?? 60))
    return load * part + busyCpus * (1 - part)
  }) as [number, number, number]
}
