/** Making machines in the engine in memory: every server can all of it, and nothing is ever in the way. */
import type { CreateOptions } from '#contract/create.ts'
import type { Handlers } from '#contract/define.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { CreationSession } from '../../src-main/application/create-machine/creation.ts'
import { createTopic } from '../../src-main/application/streams.ts'

type CreateHandlers = Pick<
  Handlers<VirthelmContract>,
  Extract<keyof VirthelmContract, `machines.create${string}`>
>

export const fakeCreateOptions = (change: Partial<CreateOptions> = {}): CreateOptions => ({
  architecture: 'x86_64',
  kvm: true,
  firmwares: ['bios', 'uefi', 'uefiSecure'],
  tpm: true,
  maxVcpus: 288,
  cpuThreads: 32,
  memoryTotalBytes: 128 * 2 ** 30,
  memoryAvailableBytes: 50 * 2 ** 30,
  running: { machines: 6, vcpus: 22, memoryBytes: 64 * 2 ** 30 },
  ...change
})

export function fakeCreate(): CreateHandlers {
  const none = createTopic<[]>([])
  return {
    'machines.createOptions': async () => fakeCreateOptions(),
    'machines.createPlan': async ({ spec }) => ({
      checks: [{ id: 'name', state: 'ok', reason: 'free', params: { name: spec.name } }],
      xml: `<domain type='kvm'>\n  <name>${spec.name}</name>\n</domain>\n`,
      commands: ['virsh -c qemu:///system define --validate --file /dev/stdin']
    }),
    'machines.create': async ({ serverId, spec }, { progress }) => {
      progress({ step: 'define', doneRatio: 0.5 })
      return { serverId, vmUuid: spec.vmUuid, name: spec.name, started: spec.start }
    },
    'machines.createUnfinished': (_input, { signal }) => none.latest(signal),
    'machines.createFinish': async (ref) => ({ ...ref, name: 'vm', started: true }),
    'machines.createUndo': async () => ({ name: 'vm' })
  }
}

/** A session that makes no machines. */
export const noCreation: CreationSession = {
  identityOf: () => null,
  abilities: () => Promise.reject(new Error('not played')),
  shown: () => '',
  run: () => Promise.reject(new Error('not played')),
  domain: async () => null,
  hasVolume: async () => false
}
