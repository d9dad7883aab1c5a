/** What is on the disks, where it goes, and whether there is room for it. Pure. */
import type { MigrationCheck } from '#contract/migration.ts'
import { fail, ok, warn } from './check.ts'
import type { DiskLook, FileLook, Looks } from './gather.ts'

/** Bytes that travel: a file as it is, or what is in use of it. */
export function bytesOf({ volume }: DiskLook, way: 'live' | 'cold'): number {
  if (volume === null) return 0
  return way === 'cold' ? volume.lengthBytes : volume.allocationBytes
}

export function diskChecks(looks: Looks): MigrationCheck[] {
  const { choice, disks } = looks
  const kinds = disks.flatMap((look) => kindProblem(look, choice))
  const media = mediaChecks(looks.media, choice.way)
  const files = looks.files.flatMap(fileProblem)
  return [
    ...(kinds.length === 0 ? [ok('diskKinds', disks.length === 0 ? 'none' : 'ok')] : kinds),
    ...(choice.storage === 'shared' ? sharedChecks(looks) : copyChecks(looks)),
    ...(media.length === 0 ? [ok('media')] : media),
    ...(files.length === 0 ? [ok('bootFiles')] : files)
  ]
}

function kindProblem({ disk }: DiskLook, { storage }: Looks['choice']): MigrationCheck[] {
  const params = { disk: disk.target, kind: disk.type }
  if (disk.type === 'file' && disk.path !== null) {
    if (storage === 'copy' && (disk.shareable || disk.readOnly))
      return [fail('diskKinds', 'shareable', params)]
    return []
  }
  return storage === 'shared'
    ? [warn('diskKinds', 'notSeen', params)]
    : [fail('diskKinds', 'notAFile', params)]
}

/** Both servers must see the same bytes: by the same export, or at least by the same length, size and moment of change. */
function sharedChecks({ choice, disks, source, target }: Looks): MigrationCheck[] {
  if (choice.kind === 'copy') return [fail('sharedStorage', 'copyNeedsDisks')]
  return disks
    .filter(({ disk }) => disk.type === 'file' && disk.path !== null)
    .map((look) => {
      const { disk, volume, seenThere } = look
      const params = { disk: disk.target, path: disk.path ?? '' }
      const here = source.pools.find((pool) => pool.name === volume?.pool)
      const there = target.pools.find((pool) => pool.name === seenThere?.pool)
      const isSameExport = typeof here?.sharedSource === 'string' && here.sharedSource === there?.sharedSource
      if (isSameExport && here.targetPath === there.targetPath)
        return ok('sharedStorage', 'sameExport', { ...params, export: here.sharedSource })
      return looksTheSame(look)
        ? warn('sharedStorage', 'looksShared', params)
        : fail('sharedStorage', 'notShared', params)
    })
}

function looksTheSame({ volume, seenThere }: DiskLook): boolean {
  return (
    volume !== null &&
    seenThere !== null &&
    volume.changedAt !== null &&
    volume.changedAt === seenThere.changedAt &&
    volume.capacityBytes === seenThere.capacityBytes &&
    volume.lengthBytes === seenThere.lengthBytes
  )
}

/** Whether libvirt has to be told that the storage is shared, because it cannot see it by itself. */
export const isSharedByWord = (looks: Looks): boolean =>
  sharedChecks(looks).some((check) => check.id === 'sharedStorage' && check.level === 'warn')

function copyChecks(looks: Looks): MigrationCheck[] {
  const { choice, disks } = looks
  return [
    ...disks.filter(({ disk }) => disk.path !== null).flatMap((look) => placeProblems(look, choice)),
    ...spaceChecks(disks, choice.way)
  ]
}

function placeProblems(look: DiskLook, choice: Looks['choice']): MigrationCheck[] {
  const { disk, volume, pool, place } = look
  const params = { disk: disk.target, path: disk.path ?? '' }
  const found: MigrationCheck[] = []
  if (volume === null) found.push(fail('sourcePool', 'none', params))
  const hasBacking = disk.hasBacking || typeof volume?.backingPath === 'string'
  if (hasBacking)
    found.push(
      choice.way === 'live'
        ? warn('backing', 'flattened', params)
        : fail('backing', 'linked', { ...params, backing: volume?.backingPath ?? '' })
    )
  const wanted = choice.pools[disk.target] ?? volume?.pool ?? ''
  if (pool === null || pool.targetPath === null)
    found.push(fail('targetPool', wanted === '' ? 'none' : 'missing', { ...params, pool: wanted }))
  else if (place === null) found.push(fail('targetFiles', 'allTaken', { ...params, pool: pool.name }))
  else
    found.push(
      place.isRenamed
        ? warn('targetFiles', 'renamed', { ...params, pool: pool.name, name: place.name })
        : ok('targetPool', 'ok', { ...params, pool: pool.name })
    )
  return found
}

/** Per pool, all of its disks together. */
function spaceChecks(disks: readonly DiskLook[], way: 'live' | 'cold'): MigrationCheck[] {
  const pools = new Map<string, { available: number | null; needed: number; atMost: number }>()
  for (const look of disks) {
    if (look.pool === null || look.volume === null) continue
    const sum = pools.get(look.pool.name) ?? { available: look.pool.availableBytes, needed: 0, atMost: 0 }
    sum.needed += bytesOf(look, way)
    sum.atMost += look.volume.capacityBytes
    pools.set(look.pool.name, sum)
  }
  return [...pools].map(([pool, { available, needed, atMost }]) => {
    const params = { pool, availableBytes: available ?? 0, neededBytes: needed, capacityBytes: atMost }
    if (available === null) return warn('space', 'unknown', params)
    if (available < needed) return fail('space', 'full', params)
    return available < atMost ? warn('space', 'grows', params) : ok('space', 'ok', params)
  })
}

function mediaChecks(media: readonly FileLook[], way: 'live' | 'cold'): MigrationCheck[] {
  return media.map(({ target, path, presence }) => {
    const params = { drive: target, path }
    if (presence === 'there') return ok('media', 'there', params)
    if (presence === 'unknown') return warn('media', 'unknown', params)
    return way === 'live' ? fail('media', 'missing', params) : warn('media', 'emptied', params)
  })
}

function fileProblem({ target, path, presence }: FileLook): MigrationCheck[] {
  if (presence === 'there') return []
  const params = { path }
  if (presence === 'unknown') return [warn('bootFiles', 'unknown', params)]
  return [fail('bootFiles', target === 'log' ? 'logFolder' : 'missing', params)]
}
