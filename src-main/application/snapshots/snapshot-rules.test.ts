import { describe, expect, it } from 'vitest'
import type { SnapshotFacts, VmSnapshots } from './snapshot-host.ts'
import { boardOf, isAtLeast, mergePlanOf, refusalOfCreate } from './snapshot-rules.ts'

const IMAGES = '/var/lib/libvirt/images'

function snapshot(
  name: string,
  parentName: string | null,
  change: Partial<SnapshotFacts> = {}
): SnapshotFacts {
  return {
    name,
    parentName,
    isCurrent: false,
    state: 'running',
    createdAtMs: 1_000,
    description: null,
    memory: 'internal',
    memoryPath: null,
    disks: [{ target: 'vda', kind: 'internal', overlayPath: null }],
    pathsWhenTaken: new Map([['vda', `${IMAGES}/a.qcow2`]]),
    ...change
  }
}

const external = (
  name: string,
  parentName: string | null,
  before: string,
  isCurrent = false
): SnapshotFacts =>
  snapshot(name, parentName, {
    isCurrent,
    memory: 'no',
    state: 'diskOnly',
    disks: [{ target: 'vda', kind: 'external', overlayPath: `${IMAGES}/a.${name}` }],
    pathsWhenTaken: new Map([['vda', before]])
  })

function vm(change: Partial<VmSnapshots> = {}): VmSnapshots {
  return {
    name: 'web',
    state: 'running',
    isHung: false,
    isPersistent: true,
    isUefi: false,
    agent: 'connected',
    disks: [{ target: 'vda', path: `${IMAGES}/a.qcow2`, format: 'qcow2', readOnly: false, backingPaths: [] }],
    snapshots: [],
    isCut: false,
    sizes: new Map(),
    ...change
  }
}

/** Base ← e1 ← e2 ← now. */
const chain = (change: Partial<VmSnapshots> = {}): VmSnapshots =>
  vm({
    disks: [
      {
        target: 'vda',
        path: `${IMAGES}/a.e2`,
        format: 'qcow2',
        readOnly: false,
        backingPaths: [`${IMAGES}/a.e1`, `${IMAGES}/a.qcow2`, `${IMAGES}/template.qcow2`]
      }
    ],
    snapshots: [external('e1', null, `${IMAGES}/a.qcow2`), external('e2', 'e1', `${IMAGES}/a.e1`, true)],
    ...change
  })

describe('what can be done with snapshots', () => {
  it('compares versions by number, and takes none for old', () => {
    expect(isAtLeast('10.9.0', [10, 9])).toBe(true)
    expect(isAtLeast('10.10.0', [10, 9])).toBe(true)
    expect(isAtLeast('libvirt 9.10.0', [9, 9])).toBe(true)
    expect(isAtLeast('9.0.0', [9, 9])).toBe(false)
    expect(isAtLeast(null, [9, 9])).toBe(false)
    expect(isAtLeast('$(id)', [0, 0])).toBe(false)
  })

  it.each([
    ['a raw disk', { disks: [{ ...vm().disks[0], format: 'raw' }] }, '9.0.0', 'diskFormat'],
    ['UEFI of old', { isUefi: true }, '10.8.0', 'uefiNeedsNewerLibvirt'],
    ['UEFI of now', { isUefi: true }, '10.9.0', null],
    ['a hung one', { isHung: true }, '11.0.0', 'vmHangs'],
    ['no disks', { disks: [] }, '11.0.0', 'noDisks'],
    ['external ones there', { snapshots: [external('e', null, 'x')] }, '11.0.0', 'mixedChain']
  ])('internal: %s', (_what, change, version, reason) => {
    const refusal = refusalOfCreate(vm(change as Partial<VmSnapshots>), version, 'internal')
    expect(refusal?.reason ?? null).toBe(reason)
  })

  it('external: refused beside internal ones, and with memory only while it runs', () => {
    expect(refusalOfCreate(vm({ snapshots: [snapshot('i', null)] }), '9.0.0', 'external')?.reason).toBe(
      'mixedChain'
    )
    expect(refusalOfCreate(vm({ state: 'shutOff' }), '9.0.0', 'externalWithMemory')?.reason).toBe('vmOff')
    expect(refusalOfCreate(vm({ state: 'shutOff' }), '9.0.0', 'external')).toBeNull()
    expect(boardOf(vm({ agent: 'disconnected' }), '9.0.0').canCreate.quiesce?.reason).toBe('agentMissing')
  })

  it('offers nothing in a chain that is mixed already', () => {
    const [first, second] = boardOf(
      vm({ snapshots: [snapshot('i', null), external('e', 'i', 'x', true)] }),
      '11.0.0'
    ).snapshots
    for (const one of [first, second]) {
      expect(one?.canRevert?.reason).toBe('mixedChain')
      expect(one?.canDelete?.reason).toBe('mixedChain')
    }
  })

  it('external ones are deleted and reverted to by libvirt from 9.9 on, and merged back before', () => {
    const [old] = boardOf(chain(), '9.0.0').snapshots
    expect(old).toMatchObject({
      canRevert: { reason: 'externalRevertNeedsNewerLibvirt' },
      canDelete: { reason: 'externalDeleteNeedsNewerLibvirt' },
      canMergeBack: null
    })
    const [fresh] = boardOf(chain(), '9.9.0').snapshots
    expect(fresh).toMatchObject({ canRevert: null, canDelete: null, canDeleteWithChildren: null })
  })

  it('merges down to the image that was there when it was taken, and never into what lies below that', () => {
    const [e1, e2] = chain().snapshots as [SnapshotFacts, SnapshotFacts]
    expect(mergePlanOf(chain(), e1)).toMatchObject({
      plan: {
        disks: [
          { target: 'vda', basePath: `${IMAGES}/a.qcow2`, overlayPaths: [`${IMAGES}/a.e2`, `${IMAGES}/a.e1`] }
        ],
        snapshots: [{ name: 'e2' }, { name: 'e1' }]
      }
    })
    expect(mergePlanOf(chain(), e2)).toMatchObject({
      plan: { disks: [{ basePath: `${IMAGES}/a.e1`, overlayPaths: [`${IMAGES}/a.e2`] }] }
    })
  })

  it('goes on after an attempt that failed at another disk, and keeps the overlays of the one that is done', () => {
    const both = (name: string): Partial<SnapshotFacts> => ({
      disks: [
        { target: 'vda', kind: 'external', overlayPath: `${IMAGES}/a.${name}` },
        { target: 'vdb', kind: 'external', overlayPath: `${IMAGES}/b.${name}` }
      ],
      pathsWhenTaken: new Map([
        ['vda', `${IMAGES}/a.qcow2`],
        ['vdb', `${IMAGES}/b.qcow2`]
      ])
    })
    const e1 = { ...external('e1', null, '', true), ...both('e1') }
    const disk = (target: string, path: string, backingPaths: string[]) => ({
      target,
      path,
      format: 'qcow2',
      readOnly: false,
      backingPaths
    })
    const half = [disk('vda', `${IMAGES}/a.qcow2`, []), disk('vdb', `${IMAGES}/b.e1`, [`${IMAGES}/b.qcow2`])]
    expect(mergePlanOf(vm({ snapshots: [e1], disks: half }), e1)).toMatchObject({
      plan: {
        disks: [
          { target: 'vda', isOnBase: true },
          { target: 'vdb', isOnBase: false }
        ]
      }
    })
    const none = [disk('vda', `${IMAGES}/a.qcow2`, []), disk('vdb', `${IMAGES}/b.qcow2`, [])]
    expect(mergePlanOf(vm({ snapshots: [e1], disks: none }), e1)).toMatchObject({
      refusal: { reason: 'notUnderCurrent' }
    })
  })

  it('merges nothing that the present state does not stand on', () => {
    const reasonOf = (state: VmSnapshots, name: string): string | null => {
      const one = state.snapshots.find((each) => each.name === name)
      if (one === undefined) throw new Error(name)
      const answer = mergePlanOf(state, one)
      return 'refusal' in answer ? answer.refusal.reason : null
    }
    expect(reasonOf(chain({ state: 'shutOff' }), 'e1')).toBe('vmOff')
    const elsewhere = chain({
      disks: [{ ...vm().disks[0], backingPaths: [] } as VmSnapshots['disks'][number]]
    })
    expect(reasonOf(elsewhere, 'e1')).toBe('notUnderCurrent')
    const branched = chain({ snapshots: [...chain().snapshots, external('e3', 'e1', `${IMAGES}/a.e1`)] })
    expect(reasonOf(branched, 'e1')).toBe('hasBranches')
    expect(reasonOf(branched, 'e3')).toBe('notUnderCurrent')
    expect(reasonOf(vm({ snapshots: [snapshot('i', null, { isCurrent: true })] }), 'i')).toBe('notExternal')
  })

  it('refuses to revert to a name that QEMU reads otherwise', () => {
    const [quoted] = boardOf(vm({ snapshots: [snapshot('a "b"', null)] }), '9.0.0').snapshots
    expect(quoted?.canRevert?.reason).toBe('nameUnsafe')
  })

  it('says the space where all files are known, and else why not', () => {
    const known = boardOf(chain({ sizes: new Map([[`${IMAGES}/a.e1`, 7]]) }), '9.0.0').snapshots
    expect(known.map(({ spaceBytes, spaceUnknown }) => [spaceBytes, spaceUnknown])).toEqual([
      [7, null],
      [null, 'fileUnknown']
    ])
    expect(boardOf(vm({ snapshots: [snapshot('i', null)] }), null).snapshots[0]?.spaceUnknown).toBe('inImage')
  })
})
