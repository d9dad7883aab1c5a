/** The demo servers as data: what each is made of and how busy it is. */
import { hash } from './noise.ts'
import type { HostProfile, VmProfile } from './profiles/model.ts'
import { DEBIAN } from './profiles/parts.ts'
import { BUILD, EDGE, GPU, STORAGE } from './profiles/special.ts'
import { ALPHA, BRAVO } from './profiles/virtualisation.ts'

export type { DiskProfile, HostProfile, MountProfile, NicProfile, VmProfile } from './profiles/model.ts'

/** The six servers of the demo. */
export const DEMO_PROFILES: readonly HostProfile[] = [ALPHA, BRAVO, GPU, STORAGE, EDGE, BUILD]

/** Any number of servers: the six, then variations of them. */
export function demoProfiles(count: number, seed: number): HostProfile[] {
  return Array.from({ length: count }, (_unused, index) => {
    const base = DEMO_PROFILES[index % DEMO_PROFILES.length] ?? ALPHA
    return index < DEMO_PROFILES.length ? base : variation(base, index, seed)
  })
}

const SITES = ['Beijing DC-2', 'Shanghai Lab', 'Seoul', 'Berlin office', 'Frankfurt', 'São Paulo']

function variation(base: HostProfile, index: number, seed: number): HostProfile {
  const number = String(index + 1).padStart(3, '0')
  const factor = 0.4 + hash(seed, index) * 1.1
  return {
    ...base,
    name: `server-${number}`,
    hostName: `server-${number}.example`,
    location: SITES[index % SITES.length] ?? '',
    tags: [...base.tags.slice(0, 1), `rack-${1 + (index % 12)}`],
    note: '',
    clockSkewMs: Math.round((hash(seed + 1, index) - 0.5) * 200),
    uptimeDays: 1 + Math.floor(hash(seed + 2, index) * 400),
    cpu: Math.min(0.9, base.cpu * factor),
    memory: Math.min(0.6, base.memory * factor),
    netBytesPerSec: base.netBytesPerSec * factor,
    diskBytesPerSec: base.diskBytesPerSec * factor,
    vms: base.vms.map((profile) => ({ ...profile, cpu: Math.min(0.95, profile.cpu * factor) }))
  }
}

/** The server with another number of VMs, four of five running: variations of those of the first server. */
export function withMachines(profile: HostProfile, count: number): HostProfile {
  const vms = Array.from({ length: count }, (_unused, index): VmProfile => {
    const base = ALPHA.vms[index % ALPHA.vms.length] as VmProfile
    return { ...base, name: `vm-${String(index + 1).padStart(2, '0')}`, running: index % 5 !== 4 }
  })
  return { ...profile, libvirt: profile.libvirt ?? DEBIAN.libvirt, vms }
}
