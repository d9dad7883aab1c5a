/** Everything that is looked at on both servers before a migration is judged. Nothing is changed. */
import type { VmUuid } from '#contract/ids.ts'
import type { MigrationChoice } from '#contract/migration.ts'
import type { DomainDisk, DomainFacts } from '../../domain/migration/facts.ts'
import type { PoolFacts } from '../../domain/migration/facts.ts'
import type {
  DirectWay,
  DomainLook,
  HostLook,
  MigrationPort,
  PlacedVolume,
  Presence,
  Waits
} from './migration-port.ts'

export interface Looks {
  readonly choice: MigrationChoice
  readonly source: HostLook
  readonly target: HostLook
  readonly domain: DomainLook
  readonly disks: readonly DiskLook[]
  readonly media: readonly FileLook[]
  readonly files: readonly FileLook[]
  readonly cpu: CpuLook
  /** null: not asked, because nothing depends on it. */
  readonly direct: { readonly works: boolean; readonly words: string } | null
}

export interface DiskLook {
  readonly disk: DomainDisk
  /** null: in no active pool of the source. */
  readonly volume: PlacedVolume | null
  /** The pool that was chosen, or the one of the same name; null: neither is there. */
  readonly pool: PoolFacts | null
  /** A name that is free in that pool, and its path; null: no pool, or all names are taken. */
  readonly place: { readonly name: string; readonly path: string; readonly isRenamed: boolean } | null
  /** The file at the same path as the target sees it; asked for where storage is said to be shared. */
  readonly seenThere: PlacedVolume | null
}

export interface FileLook {
  /** The drive, or the file's part in the boot. */
  readonly target: string
  readonly path: string
  readonly presence: Presence
}

export type CpuLook =
  | { readonly kind: 'none' }
  | { readonly kind: 'guest' | 'host'; readonly fits: boolean; readonly words: string }

/** Pools whose volumes are files of a folder: what the console copies into. */
export const FILE_POOLS: ReadonlySet<string> = new Set(['dir', 'fs', 'netfs'])
const MAX_NAMES_TRIED = 9

export interface Sides {
  readonly source: MigrationPort
  readonly target: MigrationPort
  /** Where the target is for the source, when they are to speak to each other directly. */
  readonly way: DirectWay
}

export async function gather(sides: Sides, choice: MigrationChoice, waits: Waits): Promise<Looks> {
  const { source, target } = sides
  const uuid: VmUuid = choice.vmUuid
  const [here, domain, there] = await Promise.all([
    source.host(waits),
    source.domain(uuid, waits),
    target.host(waits)
  ])
  const { facts } = domain
  const [disks, media, files, cpu, direct] = await Promise.all([
    lookAtDisks(sides, choice, facts, there, waits),
    lookAtFiles(
      target,
      facts.disks.filter((disk) => disk.device !== 'disk' && disk.path !== null),
      waits
    ),
    lookAtFiles(target, bootFilesOf(facts), waits),
    lookAtCpu(target, here, facts, waits),
    choice.way === 'live' && choice.route === 'direct' ? source.reaches(sides.way, waits) : null
  ])
  return { choice, source: here, target: there, domain, disks, media, files, cpu, direct }
}

async function lookAtDisks(
  { source, target }: Sides,
  choice: MigrationChoice,
  facts: DomainFacts,
  there: HostLook,
  waits: Waits
): Promise<DiskLook[]> {
  const looks: DiskLook[] = []
  const given = new Set<string>()
  for (const disk of facts.disks.filter((one) => one.device === 'disk')) {
    const volume = disk.path === null ? null : await source.volumeAt(disk.path, waits)
    const isShared = choice.storage === 'shared'
    const wanted = choice.pools[disk.target] ?? volume?.pool ?? null
    const pool = there.pools.find((one) => one.name === wanted && FILE_POOLS.has(one.type)) ?? null
    const place =
      pool === null || isShared || disk.path === null
        ? null
        : await freePlace(target, pool, nameFor(choice, facts, disk), given, waits)
    if (place !== null) given.add(place.path)
    const seenThere = isShared && disk.path !== null ? await target.volumeAt(disk.path, waits) : null
    looks.push({ disk, volume, pool, place, seenThere })
  }
  return looks
}

/** A moved disk keeps its name; a copy's is called after the copy. */
function nameFor(choice: MigrationChoice, facts: DomainFacts, disk: DomainDisk): string {
  const old = (disk.path ?? '').split('/').pop() ?? ''
  if (choice.kind === 'move') return old
  const name = (choice.newName ?? facts.name).replaceAll(/[/\0]/g, '-').replace(/^[.-]+/, '')
  return `${name === '' ? 'copy' : name}-${disk.target}${/\.[a-z0-9]{2,6}$/i.exec(old)?.[0] ?? ''}`
}

/** Never a name that is taken: what lies there is somebody's. */
async function freePlace(
  target: MigrationPort,
  pool: PoolFacts,
  wanted: string,
  given: ReadonlySet<string>,
  waits: Waits
): Promise<DiskLook['place']> {
  const [, stem = wanted, extension = ''] = /^(.+?)(\.[a-z0-9]{2,6})?$/i.exec(wanted) ?? []
  for (let attempt = 1; attempt <= MAX_NAMES_TRIED; attempt++) {
    const name = attempt === 1 ? wanted : `${stem}-${attempt}${extension}`
    const path = `${pool.targetPath ?? ''}/${name}`
    if (given.has(path) || (await target.volume(pool.name, name, waits)) !== null) continue
    return { name, path, isRenamed: attempt > 1 }
  }
  return null
}

async function lookAtFiles(
  target: MigrationPort,
  files: readonly { readonly target: string; readonly path: string | null }[],
  waits: Waits
): Promise<FileLook[]> {
  const named = files.map(({ target: use, path }) => ({ target: use, path: path ?? '' }))
  const seen = await target.presence(
    named.map((file) => file.path),
    waits
  )
  const looks: FileLook[] = []
  for (const [index, file] of named.entries()) {
    let presence = seen[index] ?? 'unknown'
    // The account may not look into the folder, but libvirt does.
    if (presence === 'unknown' && (await target.volumeAt(file.path, waits)) !== null) presence = 'there'
    looks.push({ ...file, presence })
  }
  return looks
}

function bootFilesOf(facts: DomainFacts): { target: string; path: string }[] {
  const folder = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/'
  return [
    ...facts.bootFiles.map((path) => ({ target: 'boot', path })),
    ...facts.logFiles.map((path) => ({ target: 'log', path: folder(path) }))
  ]
}

/** A named CPU is asked for as it is; one that is the host's own depends on both hosts. */
async function lookAtCpu(
  target: MigrationPort,
  here: HostLook,
  facts: DomainFacts,
  waits: Waits
): Promise<CpuLook> {
  const ofHost = facts.cpuMode !== 'custom'
  const xml = ofHost ? here.capabilities.cpuXml : facts.cpuXml
  if (facts.cpuXml === null || xml === null || (ofHost && facts.virtType !== 'kvm')) return { kind: 'none' }
  const kind = ofHost ? 'host' : 'guest'
  return { kind, ...(await target.compareCpu({ xml, as: kind }, facts, waits)) }
}
