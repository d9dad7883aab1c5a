/** A libvirt session over a played demo server and a clock that the test owns. */
import { VmUuid } from '#contract/ids.ts'
import type { MachineAction } from '#contract/vocabulary.ts'
import type { HypervisorSession, MachineStats } from '../../src-main/application/machines/hypervisor.ts'
import { SimulatedHost } from '../../src-main/demo/host.ts'
import { demoProfiles } from '../../src-main/demo/profiles.ts'
import { createVirshPlayer } from '../../src-main/demo/virsh-player.ts'
import { createHypervisor } from '../../src-main/remote/libvirt/hypervisor.ts'
import { FakeClock, silentLog } from './engine-parts.ts'
import { createPlayedConnection } from './played-connection.ts'

export type PlayedSession = Awaited<ReturnType<typeof openPlayedSession>>

const signal = new AbortController().signal

/** A demo server with at least three running VMs, and one that is off. */
export async function openPlayedSession() {
  const clock = new FakeClock()
  const profile = demoProfiles(6, 1).find(({ vms }) => vms.filter((vm) => vm.running).length >= 3)
  if (profile === undefined) throw new Error('no demo server with three running VMs')
  const host = new SimulatedHost(profile, 1, Date.now())
  const connection = createPlayedConnection(createVirshPlayer(host))
  const hypervisor = createHypervisor({ log: silentLog, clock })
  const session: HypervisorSession = await hypervisor.open(connection, { signal })
  const running = () => host.domains.filter(({ state }) => state === 'running')

  function domainAt(index: number) {
    const domain = running()[index]
    if (domain === undefined) throw new Error('not enough running VMs')
    return domain
  }

  return {
    clock,
    host,
    connection,
    hypervisor,
    session,
    running,
    /** The nth running VM. */
    domainAt,

    /** Its QEMU has not answered for five seconds. */
    hang(index: number): string {
      const domain = domainAt(index)
      host.hang(domain, true)
      domain.hungSinceMs = Date.now() - 5_000
      return domain.uuid
    },

    /** Runs something that waits on the clock, and moves the clock by so much. */
    async during<T>(work: Promise<T>, ms: number): Promise<T> {
      const settled = work.then(
        (value) => ({ value }),
        (error: unknown) => ({ error })
      )
      await clock.advance(ms)
      const outcome = await settled
      if ('error' in outcome) throw outcome.error
      return outcome.value
    },

    /** One round, by UUID. */
    async values(tier: 'fast' | 'full'): Promise<ReadonlyMap<string, MachineStats>> {
      const { machines } = await session.stats(tier, signal)
      return new Map(machines.map((machine) => [machine.uuid as string, machine]))
    },

    /** Acts under the VM's own name unless another is given; `rows` gets what the journal would. */
    act(action: MachineAction, uuid: string, rows: unknown[] = [], seenName?: string) {
      const name = seenName ?? host.domains.find((domain) => domain.uuid === uuid)?.name ?? ''
      return session.act(
        { uuid: VmUuid.parse(uuid), action, seenName: name },
        {
          beforeSend: async (command) => void rows.push(command),
          afterSend: async ({ exitCode, stderr }) => void rows.push([exitCode, stderr])
        },
        signal
      )
    }
  }
}
