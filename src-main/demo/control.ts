/** Switches faults of a running fleet; the same commands in process, by message and as lines on stdin. */
import { z } from 'zod'
import type { SimulatedHost } from './host.ts'
import type { DemoSshServer } from './ssh-server.ts'

const Server = z.string().min(1)
const Vm = z.string().min(1)

export const DemoCommand = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('faults'),
    server: Server,
    faults: z
      .object({
        silent: z.boolean(),
        frozen: z.boolean(),
        refuseLogin: z.boolean(),
        delayMs: z.number().min(0).max(600_000),
        libvirtDown: z.boolean()
      })
      .partial()
  }),
  /** Resets every connection of the server. */
  z.object({ kind: z.literal('drop'), server: Server }),
  /** New connections see another host key. */
  z.object({ kind: z.literal('changeHostKey'), server: Server }),
  /** Off: nobody listens. On again: the counters begin at 0. */
  z.object({ kind: z.literal('power'), server: Server, on: z.boolean() }),
  z.object({ kind: z.literal('hang'), server: Server, vm: Vm, hung: z.boolean() }),
  /** Somebody else acts on a VM. */
  z.object({
    kind: z.literal('act'),
    server: Server,
    vm: Vm,
    action: z.enum(['start', 'shutDown', 'reboot', 'forceOff', 'pause', 'resume'])
  })
])
export type DemoCommand = z.infer<typeof DemoCommand>

/** `problem` null = done. `hostKey` after changeHostKey. */
export interface DemoAnswer {
  readonly problem: string | null
  readonly hostKey?: { readonly fingerprint: string }
}

export interface DemoMachine {
  readonly host: SimulatedHost
  readonly ssh: DemoSshServer
}

/** In-process form: servers by name, for tests that look inside. */
export interface DemoControl {
  server(name: string): DemoMachine
  execute(command: DemoCommand): Promise<DemoAnswer>
}

export function createControl(machines: readonly DemoMachine[]): DemoControl {
  const find = (name: string): DemoMachine => {
    const machine = machines.find((candidate) => candidate.host.name === name)
    if (machine === undefined) throw new Error(`no demo server is called ${name}`)
    return machine
  }
  return { server: find, execute: (command) => execute(find(command.server), command) }
}

async function execute(machine: DemoMachine, command: DemoCommand): Promise<DemoAnswer> {
  const { host, ssh } = machine
  switch (command.kind) {
    case 'faults': {
      Object.assign(host.faults, command.faults)
      ssh.setFrozen(host.faults.frozen)
      return { problem: null }
    }
    case 'drop':
      ssh.dropConnections()
      return { problem: null }
    case 'changeHostKey':
      return { problem: null, hostKey: ssh.changeHostKey() }
    case 'power':
      if (!command.on) await ssh.stop()
      else {
        host.reboot()
        await ssh.listen()
      }
      return { problem: null }
    case 'hang':
    case 'act': {
      const domain = host.domains.find((candidate) => candidate.name === command.vm)
      if (domain === undefined) return { problem: `no VM is called ${command.vm}` }
      if (command.kind === 'act') return { problem: host.act(domain, command.action) }
      host.hang(domain, command.hung)
      return { problem: null }
    }
  }
}
