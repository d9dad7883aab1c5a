/** The demo fleet: several played servers behind real ssh on loopback. */
import { randomBytes } from 'node:crypto'
import type { HostKey, ServerDraft } from '#contract/servers.ts'
import { createConsoles } from './consoles/index.ts'
import { createControl, type DemoControl, type DemoMachine } from './control.ts'
import { SimulatedHost } from './host.ts'
import { createSamplerPlayer } from './lane-sampler.ts'
import { createToolsPlayer } from './tools/player.ts'
import { createLogPlayer } from './tools/traffic.ts'
import { createServicesRunPlayer } from './tools/services.ts'
import { createProcessActsPlayer } from './tools/processes.ts'
import { answersInside } from './tools/ports.ts'
import { runPlayer } from './lane-run.ts'
import { createPowerPlayer, type DemoPower } from './power-player.ts'
import { createMigrationPlayer } from './migration/player.ts'
import { demoProfiles, withMachines } from './profiles.ts'
import { DemoSshServer } from './ssh-server.ts'
import { createVirshPlayer } from './virsh-player.ts'

export interface DemoServer {
  readonly draft: ServerDraft
  readonly password: string
  readonly hostKey: HostKey
}

export interface DemoFleetOptions {
  /** How many; six by default. The first six are always the same ones. */
  readonly servers?: number
  /** The same seed gives the same servers, VMs (with their UUIDs) and loads. */
  readonly seed?: number
  /** `bare`: no VMs, for measuring the ssh and sampling paths alone. */
  readonly profile?: 'full' | 'bare'
  /** Every server has libvirt and so many VMs, named vm-01 and on. */
  readonly machinesPerServer?: number
}

export interface DemoFleet {
  readonly servers: readonly DemoServer[]
  readonly control: DemoControl
  close(): Promise<void>
}

const DEFAULT_SERVERS = 6
const MAX_SERVERS = 1_000
const USER = 'demo'

/** Starts the servers; resolves when all of them listen. */
export async function startDemoFleet(options: DemoFleetOptions = {}): Promise<DemoFleet> {
  const count = Math.min(MAX_SERVERS, Math.max(1, Math.floor(options.servers ?? DEFAULT_SERVERS)))
  const seed = options.seed ?? 1
  // Random per launch: nobody else on this machine can log in.
  const password = randomBytes(18).toString('base64url')
  const nowMs = Date.now()
  const hosts: SimulatedHost[] = []
  const powers: DemoPower[] = []
  const machines = demoProfiles(count, seed).map((profile, index): DemoMachine => {
    const { machinesPerServer } = options
    const shown =
      options.profile === 'bare'
        ? { ...profile, vms: [], libvirt: null }
        : machinesPerServer === undefined
          ? profile
          : withMachines(profile, machinesPerServer)
    const host = new SimulatedHost(shown, seed * 1_000 + index, nowMs)
    hosts.push(host)
    const power = createPowerPlayer({
      off: () => ssh.stop(),
      on: async (booted) => {
        if (booted) host.reboot()
        await ssh.listen()
      }
    })
    powers.push(power)
    const players = [
      power.player,
      createSamplerPlayer(host),
      createToolsPlayer(host),
      createLogPlayer(host),
      createServicesRunPlayer(host),
      createProcessActsPlayer(host),
      createVirshPlayer(host),
      createMigrationPlayer(host, () => hosts),
      runPlayer
    ]
    const consoles = createConsoles(host, USER)
    const ssh: DemoSshServer = new DemoSshServer({
      user: USER,
      password,
      faults: host.faults,
      players,
      consoles: { ...consoles, listens: (port) => answersInside(host, port) }
    })
    return { host, ssh }
  })
  await Promise.all(machines.map(({ ssh }) => ssh.listen()))
  return {
    servers: machines.map((machine) => demoServer(machine, password)),
    control: createControl(machines),
    async close() {
      for (const power of powers) power.close()
      for (const { host } of machines) host.close()
      await Promise.all(machines.map(({ ssh }) => ssh.stop()))
    }
  }
}

function demoServer({ host, ssh }: DemoMachine, password: string): DemoServer {
  return {
    draft: {
      ...host.draft,
      connection: {
        host: ssh.hostKey.host,
        port: ssh.port,
        user: USER,
        useAgent: false,
        keyFiles: [],
        usePassword: true,
        jumps: []
      }
    },
    password,
    hostKey: ssh.hostKey
  }
}
