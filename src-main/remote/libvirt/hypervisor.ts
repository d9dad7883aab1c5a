import type { Clock } from '../../application/clock.ts'
import type { Hypervisor } from '../../application/machines/hypervisor.ts'
import type { Log } from '../../application/platform/platform.ts'
import { capabilitiesOfFailure, probeLibvirt } from './probe.ts'
import { createSession } from './session.ts'

/** The system's VMs, whoever logs in: an account without the right to see them gets libvirtDenied, not an empty list. */
const SYSTEM_URI = 'qemu:///system'

export interface HypervisorDeps {
  readonly log: Log
  readonly clock: Clock
  /** libvirt's connection URI; another one in tests only. */
  readonly uri?: string
}

/** libvirt by virsh over ssh channels. See docs/libvirt.md. */
export function createHypervisor({ log, clock, uri = SYSTEM_URI }: HypervisorDeps): Hypervisor {
  return {
    async open(connection, { signal }) {
      const probe = await probeLibvirt(connection, uri, signal)
      return createSession({ connection, uri, probe, clock, log })
    },
    capabilitiesOf: capabilitiesOfFailure
  }
}
