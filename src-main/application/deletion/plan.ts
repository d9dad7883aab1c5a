/** The plan of a deletion: what would go, what must not, and why. Pure. */
import { AppError } from '#contract/errors.ts'
import type { DeletionFile, DeletionLock, DeletionPlan } from '#contract/deletion.ts'
import type { VmUuid } from '#contract/ids.ts'
import type { DeletionHost, DeletionStep, DiskSource, HostSurvey, SurveyedDomain } from './host-survey.ts'
import { FileUsage } from './usage.ts'

/** A file of the plan, with what it has to be when it is deleted. */
export interface PlannedFile {
  readonly view: DeletionFile
  readonly source: DiskSource
  /** null: no file or volume of this server. */
  readonly path: string | null
  readonly identity: string
  /** null while it is locked. */
  readonly step: Extract<DeletionStep, { kind: 'volume' }> | null
  /** What the volume is; another one at its place is not deleted. */
  readonly likeness: string
}

export interface PlannedDeletion {
  readonly uuid: VmUuid
  readonly view: Omit<DeletionPlan, 'token'>
  readonly files: readonly PlannedFile[]
  readonly undefine: Extract<DeletionStep, { kind: 'undefine' }>
  /** What must still hold of the VM itself, as one text. */
  readonly facts: string
}

export type CommandOf = DeletionHost['commandOf']

const MAX_USERS = 64

/** @throws AppError vmNotFound, vmChanged */
export function planDeletion(
  survey: HostSurvey,
  uuid: VmUuid,
  seenName: string,
  commandOf: CommandOf
): PlannedDeletion {
  const domain = survey.domains.find((one) => one.uuid === uuid)
  if (domain === undefined) throw new AppError('vmNotFound', { params: { vmUuid: uuid } })
  if (domain.name !== seenName) throw new AppError('vmChanged', { params: { seenName, name: domain.name } })
  const usage = new FileUsage(survey)
  const files = filesOf(usage, domain, commandOf)
  const nvramKept =
    domain.nvram !== null &&
    survey.domains.some(
      (other) => other.uuid !== uuid && usage.names(other, usage.identityOf(domain.nvram ?? ''))
    )
  const undefine = undefineOf(survey, domain, nvramKept)
  const view: PlannedDeletion['view'] = {
    name: domain.name,
    active: domain.active,
    persistent: domain.persistent,
    isProtected: domain.isProtected,
    snapshots: domain.snapshots.length,
    checkpoints: domain.checkpoints.length,
    managedSave: domain.managedSave,
    nvram: domain.nvram === null ? null : { path: domain.nvram, kept: nvramKept },
    tpm: domain.hasTpm,
    files: files.map((file) => file.view),
    commands: {
      forceOff: commandOf({ kind: 'forceOff', uuid, name: domain.name }),
      undefine: domain.persistent ? commandOf(undefine) : null
    },
    unseenPools: survey.pools.filter(({ readable }) => !readable).map(({ name }) => name)
  }
  return { uuid, view, files, undefine, facts: factsOf(domain, view) }
}

function undefineOf(
  survey: HostSurvey,
  domain: SurveyedDomain,
  nvramKept: boolean
): PlannedDeletion['undefine'] {
  const flags = ['--managed-save', '--snapshots-metadata', '--checkpoints-metadata']
  flags.push(nvramKept ? '--keep-nvram' : '--nvram')
  if (survey.undefineKnowsTpm && domain.hasTpm) flags.push('--tpm')
  return { kind: 'undefine', uuid: domain.uuid, name: domain.name, flags }
}

/** What is not about its files. Whether it runs is not in it: the plan itself forces it off. */
function factsOf({ uuid, snapshots, checkpoints }: SurveyedDomain, view: PlannedDeletion['view']): string {
  const { name, persistent, isProtected, managedSave, nvram, tpm, commands } = view
  return JSON.stringify({
    uuid,
    name,
    persistent,
    isProtected,
    managedSave,
    nvram,
    tpm,
    commands,
    snapshots,
    checkpoints
  })
}

/**
 * What is not any more as the plan says; null = nothing. A VM that was forced off no longer names what was only plugged
 * in, so each file of the plan is looked at by itself.
 */
export function differenceFrom(
  plan: PlannedDeletion,
  survey: HostSurvey,
  commandOf: CommandOf
): string | null {
  const now = planDeletion(survey, plan.uuid, plan.view.name, commandOf)
  if (now.view.isProtected && !plan.view.isProtected) return 'protected'
  if (now.facts !== plan.facts) return 'machine'
  const usage = new FileUsage(survey)
  const own = new Set(plan.files.map(({ identity }) => identity))
  if (now.files.some(({ identity }) => !own.has(identity))) return 'files'
  const isSame = ({ view, source, path, likeness }: PlannedFile): boolean => {
    const hold = holdOf(usage, source, view.kind, path, plan.uuid, own)
    const users = hold.users.slice(0, MAX_USERS).join('\n')
    return hold.lock === view.lock && users === view.users.join('\n') && likenessOf(usage, path) === likeness
  }
  return plan.files.every(isSame) ? null : 'files'
}

/** All that the operator sees, as one text. */
export const shownFactsOf = ({ facts, view, files }: PlannedDeletion): string =>
  JSON.stringify([
    facts,
    view.active,
    view.unseenPools,
    files.map(({ view: file, likeness, identity }) => [{ ...file, sizeBytes: null }, likeness, identity])
  ])

interface Candidate {
  readonly source: DiskSource
  readonly path: string | null
  readonly kind: DeletionFile['kind']
}

/** The VM's disks, what lies below them, and what only its snapshots name; each file once. */
function filesOf(usage: FileUsage, domain: SurveyedDomain, commandOf: CommandOf): readonly PlannedFile[] {
  const found = new Map<string, Candidate>()
  const add = (candidate: Candidate): void => {
    const key = candidate.path === null ? `? ${candidate.source.text}` : usage.identityOf(candidate.path)
    if (!found.has(key)) found.set(key, candidate)
  }
  const addDisk = (source: DiskSource, kind: DeletionFile['kind']): void => {
    if (source.kind === 'other') return
    const path = usage.pathOf(source)
    const isMedium = source.device === 'cdrom' || source.device === 'floppy'
    add({ source, path, kind: isMedium ? 'medium' : kind })
  }
  for (const source of domain.disks) addDisk(source, 'disk')
  for (const source of domain.snapshotDisks) addDisk(source, 'snapshot')
  for (const { source, path } of [...found.values()]) {
    for (const below of path === null ? [] : usage.chainBelow(path))
      add({ source, path: below, kind: 'backing' })
  }
  const candidates = [...found.values()]
  return candidates.map((candidate, id) => {
    const identity = candidate.path === null ? '' : usage.identityOf(candidate.path)
    const neededBy = candidates.flatMap(({ path }, other) =>
      path !== null &&
      other !== id &&
      usage.chainBelow(path).some((below) => usage.identityOf(below) === identity)
        ? [other]
        : []
    )
    const own = candidates.flatMap(({ path }) => (path === null ? [] : [usage.identityOf(path)]))
    return plannedFile(
      usage,
      candidate,
      { id, identity, neededBy, own: new Set(own), uuid: domain.uuid },
      commandOf
    )
  })
}

interface Place {
  readonly id: number
  readonly identity: string
  readonly neededBy: number[]
  /** Identities of all files of the plan. */
  readonly own: ReadonlySet<string>
  readonly uuid: VmUuid
}

function plannedFile(
  usage: FileUsage,
  { source, path, kind }: Candidate,
  { id, identity, neededBy, own, uuid }: Place,
  commandOf: CommandOf
): PlannedFile {
  const volume = path === null ? null : usage.volumeAt(path)
  const held = holdOf(usage, source, kind, path, uuid, own)
  const step =
    held.lock === null && volume !== null
      ? { kind: 'volume' as const, pool: volume.pool, name: volume.name }
      : null
  return {
    source,
    path,
    identity,
    step,
    likeness: likenessOf(usage, path),
    view: {
      id,
      path: path ?? source.text,
      kind,
      sizeBytes: volume?.allocationBytes ?? null,
      pool: volume?.pool ?? held.pool ?? source.volume?.pool ?? null,
      users: [...held.users].slice(0, MAX_USERS),
      lock: held.lock,
      neededBy,
      command: step === null ? null : commandOf(step)
    }
  }
}

/** What a volume is, apart from what changes while it is written to. */
export function likenessOf(usage: FileUsage, path: string | null): string {
  const volume = path === null ? null : usage.volumeAt(path)
  if (volume === null) return 'none'
  const { pool, name, type, format, backingPath } = volume
  return JSON.stringify([pool, name, volume.path, type, format, backingPath])
}

export interface Hold {
  readonly lock: DeletionLock | null
  readonly users: readonly string[]
  readonly pool?: string
}

const held = (lock: DeletionLock | null, users: readonly string[] = [], pool?: string): Hold =>
  pool === undefined ? { lock, users } : { lock, users, pool }

/** Pools whose volumes are devices that libvirt itself can remove. */
const DEVICE_POOLS = new Set(['logical', 'disk', 'zfs'])

/** What keeps the file. `own`: identities of the files that go (or may go) along. */
export function holdOf(
  usage: FileUsage,
  source: DiskSource,
  kind: DeletionFile['kind'],
  path: string | null,
  uuid: VmUuid,
  own: ReadonlySet<string>
): Hold {
  if (path === null)
    return source.kind === 'volume' ? held('poolInactive', [], source.volume?.pool) : held('network')
  const identity = usage.identityOf(path)
  const others = usage.survey.domains.filter((domain) => domain.uuid !== uuid)
  const namesOf = (is: (domain: SurveyedDomain) => boolean): string[] =>
    others.filter(is).map(({ name }) => name)
  const sharers = namesOf((domain) => usage.names(domain, identity))
  if (kind === 'medium') return held('medium', sharers)
  if (sharers.length > 0) return held('shared', sharers)
  const above = namesOf((domain) => usage.liesOn(domain, identity))
  if (above.length > 0) return held('backing', above)
  const images = usage.volumesOn(identity).filter((volume) => !own.has(usage.identityOf(volume.path)))
  if (images.length > 0)
    return held(
      'backingOfVolume',
      images.map((volume) => volume.path)
    )
  if (kind !== 'backing' && source.shareable) return held('shareable')
  if (kind !== 'backing' && source.readOnly) return held('readOnly')
  const managed = managementOf(usage, source, path)
  if (managed.lock !== null) return managed
  const unknown = namesOf((domain) => usage.hasUnknownChain(domain))
  return unknown.length > 0 ? held('chainUnknown', unknown) : held(null)
}

/** Whether libvirt could delete it at all. */
function managementOf(usage: FileUsage, source: DiskSource, path: string): Hold {
  if (usage.isMissing(path)) return held('missing')
  const volume = usage.volumeAt(path)
  const poolOf = (is: (pool: HostSurvey['pools'][number]) => boolean): string | undefined =>
    usage.survey.pools.find(
      (pool) => is(pool) && pool.targetPath !== null && folderOf(path) === pool.targetPath
    )?.name
  if (volume === null) {
    const inactive = poolOf(({ readable }) => !readable)
    if (inactive !== undefined) return held('poolInactive', [], inactive)
    if (source.kind === 'block' || path.startsWith('/dev/')) return held('blockDevice')
    const stale = poolOf(({ type }) => type === 'dir' || type === 'fs' || type === 'netfs')
    return stale === undefined ? held('unmanaged') : held('poolStale', [], stale)
  }
  const pool = usage.survey.pools.find(({ name }) => name === volume.pool)
  if (volume.type === 'block' && !DEVICE_POOLS.has(pool?.type ?? '')) return held('blockDevice')
  if (volume.type !== 'file' && volume.type !== 'block') return held('unmanaged')
  return held(null)
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'))
