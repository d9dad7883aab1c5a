/** How much of something: vCPUs, memory, the size of a disk. */
import type { ConfiguredDisk, MachineChange } from '#contract/configuration.ts'
import type { PlanDraft, ScopeOf, Situation } from './plan.ts'

type SizeChange = Extract<MachineChange, { kind: 'vcpus' | 'memory' | 'diskGrow' }>

const KIB = 1024

export function planSizes(
  change: SizeChange,
  scopes: readonly ScopeOf[],
  situation: Situation,
  draft: PlanDraft
): void {
  if (change.kind === 'diskGrow') planGrow(change, situation, draft)
  else
    for (const scope of scopes)
      (scope.scope === 'live' ? planLive : planNextBoot)(change, scope, situation, draft)
}

/** While it runs only what it has within its maximum can change. */
function planLive(
  change: Exclude<SizeChange, { kind: 'diskGrow' }>,
  { definition }: ScopeOf,
  { uuid }: Situation,
  draft: PlanDraft
): void {
  const { vcpus, vcpusMax, memoryBytes, memoryMaxBytes } = definition.hardware
  const isVcpus = change.kind === 'vcpus'
  const [wanted, wantedMax] = isVcpus ? [change.count, change.max] : [change.bytes, change.maxBytes]
  const [present, presentMax] = isVcpus ? [vcpus, vcpusMax] : [memoryBytes, memoryMaxBytes]
  if (wanted > presentMax) {
    draft.refuse('live', isVcpus ? 'vcpusAboveMax' : 'memoryAboveMax', { max: presentMax })
    return
  }
  if (wantedMax !== presentMax) draft.refuse('live', 'maxNextBootOnly', { max: presentMax })
  if (wanted === present) return
  draft.send(
    'live',
    isVcpus
      ? ['setvcpus', uuid, String(wanted), '--live']
      : ['setmem', uuid, String(Math.round(wanted / KIB)), '--live']
  )
}

/** The maximum never falls below what it has in between: libvirt would refuse, or lower both. */
function planNextBoot(
  change: Exclude<SizeChange, { kind: 'diskGrow' }>,
  { definition }: ScopeOf,
  { uuid }: Situation,
  draft: PlanDraft
): void {
  const { vcpus, vcpusMax, memoryBytes, memoryMaxBytes } = definition.hardware
  const isVcpus = change.kind === 'vcpus'
  const [wanted, wantedMax] = isVcpus ? [change.count, change.max] : [change.bytes, change.maxBytes]
  const [present, presentMax] = isVcpus ? [vcpus, vcpusMax] : [memoryBytes, memoryMaxBytes]
  if (wanted > wantedMax) {
    draft.refuse(null, 'maxBelowPresent', { wanted, max: wantedMax })
    return
  }
  const setMax = isVcpus
    ? ['setvcpus', uuid, String(wantedMax), '--maximum', '--config']
    : ['setmaxmem', uuid, String(Math.round(wantedMax / KIB)), '--config']
  const set = isVcpus
    ? ['setvcpus', uuid, String(wanted), '--config']
    : ['setmem', uuid, String(Math.round(wanted / KIB)), '--config']
  const needed = [...(wantedMax === presentMax ? [] : [setMax]), ...(wanted === present ? [] : [set])]
  for (const args of wantedMax < present ? needed.reverse() : needed) draft.send('nextBoot', args)
}

/** The file is one and the same now and at the next start; a running QEMU is told, else libvirt's storage. */
function planGrow(
  change: Extract<SizeChange, { kind: 'diskGrow' }>,
  situation: Situation,
  draft: PlanDraft
): void {
  const { uuid, live, nextBoot, capacityBytes } = situation
  const definition = live ?? nextBoot
  const disk = definition?.hardware.disks.find(({ target }) => target === change.target)
  if (disk === undefined || disk.source === null || disk.device === 'cdrom' || disk.device === 'floppy') {
    draft.refuse(null, 'notThere', { device: change.target })
    return
  }
  if (capacityBytes === null) draft.refuse(null, 'sizeUnknown', { device: change.target })
  else if (change.capacityBytes < capacityBytes) draft.refuse(null, 'shrinks', { present: capacityBytes })
  else if (change.capacityBytes > capacityBytes) {
    const size = `${change.capacityBytes}B`
    if (live !== null) draft.send('live', ['blockresize', uuid, change.target, size])
    else if (situation.otherUser !== null) draft.refuse(null, 'usedByRunning', { vm: situation.otherUser })
    else if (!situation.isVolume) draft.refuse(null, 'notInPool', { path: disk.source })
    else draft.send('nextBoot', ['vol-resize', ...volumeOf(disk), '--capacity', size])
  }
}

/** A volume by its path, or by its name and pool. */
export function volumeOf({ sourceKind, source }: ConfiguredDisk): readonly string[] {
  const text = source ?? ''
  const slash = text.indexOf('/')
  if (sourceKind !== 'volume' || slash < 0) return ['--vol', text]
  return ['--vol', text.slice(slash + 1), '--pool', text.slice(0, slash)]
}
