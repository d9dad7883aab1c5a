/** Deletion of the engine in memory: every VM has a disk of its own, a shared base and an ISO. */
import type { Handlers } from '#contract/define.ts'
import type { DeletionPlan } from '#contract/deletion.ts'
import type { VirthelmContract } from '#contract/index.ts'

type DeletionHandlers = Pick<
  Handlers<VirthelmContract>,
  Extract<keyof VirthelmContract, `deletion.${string}`>
>

export function samplePlan(name: string, change: Partial<DeletionPlan> = {}): DeletionPlan {
  const disk = `/var/lib/libvirt/images/${name}.qcow2`
  const command = (words: string): string => `virsh -c qemu:///system ${words}`
  return {
    token: 'plan',
    name,
    active: false,
    persistent: true,
    isProtected: false,
    snapshots: 2,
    checkpoints: 0,
    managedSave: false,
    nvram: { path: `/var/lib/libvirt/qemu/nvram/${name}_VARS.fd`, kept: false },
    tpm: false,
    files: [
      {
        id: 0,
        path: disk,
        kind: 'disk',
        sizeBytes: 41.2e9,
        pool: 'default',
        users: [],
        lock: null,
        neededBy: [],
        command: command(`vol-delete --pool default --vol ${name}.qcow2`)
      },
      {
        id: 1,
        path: '/var/lib/libvirt/images/base-ubuntu.qcow2',
        kind: 'backing',
        sizeBytes: 2.6e9,
        pool: 'default',
        users: ['train-a', 'train-b'],
        lock: 'backing',
        neededBy: [0],
        command: null
      },
      {
        id: 2,
        path: '/srv/iso/ubuntu-24.04.iso',
        kind: 'medium',
        sizeBytes: 3.1e9,
        pool: 'iso',
        users: [],
        lock: 'medium',
        neededBy: [],
        command: null
      }
    ],
    commands: {
      forceOff: command('destroy 7c1e0000-0000-4000-8000-0000000091b0'),
      undefine: command(
        'undefine 7c1e0000-0000-4000-8000-0000000091b0 --managed-save --snapshots-metadata --checkpoints-metadata --nvram'
      )
    },
    unseenPools: [],
    ...change
  }
}

export const fakeDeletion = (): DeletionHandlers => ({
  'deletion.plan': async ({ seenName }) => samplePlan(seenName),
  'deletion.refreshPools': async () => null,
  'deletion.run': async ({ files }, { progress }) => {
    progress({ step: 'undefine', doneSteps: 0, totalSteps: 1 + files.length, files: [] })
    return {
      machine: 'deleted',
      files: files.map(() => ({ path: '/var/lib/libvirt/images/x.qcow2', outcome: 'deleted', error: null }))
    }
  }
})
