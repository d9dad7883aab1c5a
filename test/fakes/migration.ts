/** Migration as the window meets it: a plan that may be done, and a task that plays its bytes. */
import type { Handlers } from '#contract/define.ts'
import type { migrationContract, MigrationPlan } from '#contract/migration.ts'

const GIB = 1024 ** 3

export const fakePlan = (changes: Partial<MigrationPlan> = {}): MigrationPlan => ({
  seenName: 'web',
  state: 'running',
  targetName: 'web',
  checks: [
    { id: 'reached', level: 'ok', reason: 'ok', params: { server: 'mars' } },
    { id: 'cpu', level: 'ok', reason: 'ok', params: {} },
    {
      id: 'space',
      level: 'ok',
      reason: 'ok',
      params: { pool: 'default', availableBytes: 900 * GIB, neededBytes: 12 * GIB, capacityBytes: 40 * GIB }
    }
  ],
  possible: true,
  disks: [
    {
      target: 'vda',
      source: '/var/lib/libvirt/images/web.qcow2',
      format: 'qcow2',
      capacityBytes: 40 * GIB,
      allocationBytes: 12 * GIB,
      sourcePool: 'default',
      targetPool: 'default',
      targetPath: '/var/lib/libvirt/images/web.qcow2',
      does: 'copied'
    }
  ],
  networks: [
    {
      key: 'network:default',
      from: { kind: 'network', name: 'default' },
      to: { kind: 'network', name: 'default' },
      there: true
    }
  ],
  targetPools: [{ name: 'default', availableBytes: 900 * GIB }],
  targetNetworks: [{ kind: 'network', name: 'default' }],
  bytesToCopy: 12 * GIB,
  commands: [{ on: 'source', command: 'virsh -c qemu:///system migrate --live web' }],
  ...changes
})

export function fakeMigration(plan: MigrationPlan = fakePlan()): Handlers<typeof migrationContract> {
  return {
    'migration.plan': async () => plan,
    'machines.migrate': async ({ choice, seenName }, { progress }) => {
      for (const done of [0, 0.5, 1])
        progress({
          phase: 'copying',
          doneRatio: done,
          bytesDone: done * plan.bytesToCopy,
          bytesTotal: plan.bytesToCopy,
          bytesPerSec: 100 * 1024 ** 2,
          remainingMs: Math.round((1 - done) * 120_000)
        })
      return {
        targetUuid: choice.vmUuid,
        targetName: seenName,
        bytesCopied: plan.bytesToCopy,
        durationMs: 3_000,
        sourceUndefined: choice.kind === 'move',
        filesLeft: plan.disks.map((disk) => disk.source),
        checksums: []
      }
    }
  }
}
