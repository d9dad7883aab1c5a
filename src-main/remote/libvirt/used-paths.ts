/** Who on a server uses a file: before it is written into, or deleted. Any doubt counts as use. */
import { parseUuidLines } from '../../domain/libvirt/listing.ts'
import type { ActionJournal } from '../../application/machines/hypervisor.ts'
import { pathsInDomain } from './snapshot-xml.ts'
import { parsePoolXml, parseVolumeXml } from './volume-xml.ts'
import type { Virsh, VirshOptions } from './virsh.ts'

const MAX_VOLUMES = 2_000

/**
 * Those of `paths` that some VM names (as a disk, below one, in a snapshot) or some image of the same pools stands on.
 * `exceptUuid`: a VM whose own use does not count, together with the images it uses itself.
 */
export async function pathsInUse(
  virsh: Virsh,
  paths: readonly string[],
  exceptUuid: string | null,
  options: VirshOptions
): Promise<ReadonlySet<string>> {
  const wanted = new Set(paths)
  const used = new Set<string>()
  const own = new Set<string>()
  const uuids = [...parseUuidLines(await virsh.read(['list', '--all', '--uuid'], options))]
  const documents = await readDomains(virsh, uuids, options)
  for (const { uuid, text, root } of documents) {
    for (const path of pathsInDomain(text, root)) {
      if (uuid === exceptUuid) own.add(path)
      else if (wanted.has(path)) used.add(path)
    }
  }
  for (const { path, backingPath } of await readPoolsOf(virsh, paths, options)) {
    if (backingPath === null || !wanted.has(backingPath)) continue
    // A file that is itself to go does not keep the one below it.
    if (!own.has(path) && !(exceptUuid === null && wanted.has(path))) used.add(backingPath)
  }
  return used
}

interface DomainDocument {
  readonly uuid: string
  readonly text: string
  readonly root: 'domain' | 'domainsnapshot'
}

/** What runs, what starts next time, and all snapshots of every VM. */
async function readDomains(
  virsh: Virsh,
  uuids: readonly string[],
  options: VirshOptions
): Promise<DomainDocument[]> {
  const commands = uuids.flatMap((uuid) => [
    { uuid, args: ['dumpxml', uuid] },
    { uuid, args: ['dumpxml', uuid, '--inactive'] },
    { uuid, args: ['snapshot-list', uuid, '--name'] }
  ])
  const answers = await virsh.readEach(
    commands.map(({ args }) => args),
    options
  )
  const documents: DomainDocument[] = []
  const snapshots: { uuid: string; args: string[] }[] = []
  for (const [index, { uuid, args }] of commands.entries()) {
    const answer = answers[index]
    // A VM that went away meanwhile uses nothing.
    if (typeof answer !== 'string') continue
    if (args[0] === 'dumpxml') documents.push({ uuid, text: answer, root: 'domain' })
    else
      for (const name of answer.split('\n').filter((line) => line !== ''))
        snapshots.push({ uuid, args: ['snapshot-dumpxml', uuid, `--snapshotname=${name}`] })
  }
  const texts = await virsh.readEach(
    snapshots.map(({ args }) => args),
    options
  )
  for (const [index, { uuid }] of snapshots.entries()) {
    const text = texts[index]
    if (typeof text === 'string') documents.push({ uuid, text, root: 'domainsnapshot' })
  }
  return documents
}

/** All volumes of the pools that the files lie in. */
async function readPoolsOf(
  virsh: Virsh,
  paths: readonly string[],
  options: VirshOptions
): Promise<{ path: string; backingPath: string | null }[]> {
  const pools = await virsh.readEach(
    paths.map((path) => ['vol-pool', '--uuid', path]),
    options
  )
  const uuids = new Set(pools.filter((pool) => typeof pool === 'string').map((pool) => pool.trim()))
  const volumes: { path: string; backingPath: string | null }[] = []
  for (const uuid of uuids) {
    const names = volumeNames(await virsh.read(['vol-list', uuid], options))
    const documents = await virsh.readEach(
      names.slice(0, MAX_VOLUMES).map((name) => ['vol-dumpxml', `--pool=${uuid}`, `--vol=${name}`]),
      options
    )
    for (const document of documents) if (typeof document === 'string') volumes.push(parseVolumeXml(document))
  }
  return volumes
}

/** Lines of `vol-list`: a name, spaces, a path that ends with that name. */
export function volumeNames(text: string): string[] {
  const names: string[] = []
  for (const line of text.split('\n')) {
    for (let at = line.indexOf('   /'); at >= 0; at = line.indexOf('   /', at + 1)) {
      const name = line.slice(1, at).trimEnd()
      if (name === '' || !line.trimEnd().endsWith(`/${name}`)) continue
      names.push(name)
      break
    }
  }
  return names
}

/** false: no pool knows it, also not after it has looked again. */
export async function deletePooledFile(
  virsh: Virsh,
  path: string,
  journal: ActionJournal,
  options: VirshOptions
): Promise<boolean> {
  const pool = await poolOfPath(virsh, path, journal, options)
  if (pool === null) return false
  await virsh.write({ args: ['vol-delete', `--pool=${pool}`, `--vol=${path}`] }, journal, options)
  return true
}

/** The pool of a file. Files made beside libvirt's pools (overlays, saved memory) are only known after a refresh. */
export async function poolOfPath(
  virsh: Virsh,
  path: string,
  journal: ActionJournal,
  options: VirshOptions
): Promise<string | null> {
  const known = async (): Promise<string | null> => {
    const [answer] = await virsh.readEach([['vol-pool', '--uuid', path]], options)
    return typeof answer === 'string' ? answer.trim() : null
  }
  const already = await known()
  if (already !== null) return already
  const pool = await poolOfFolder(virsh, path.slice(0, path.lastIndexOf('/')), options)
  if (pool === null) return null
  await virsh.write({ args: ['pool-refresh', pool] }, journal, options)
  return known()
}

/** The running pool whose target is this folder; its UUID. */
export async function poolOfFolder(
  virsh: Virsh,
  folder: string,
  options: VirshOptions
): Promise<string | null> {
  const uuids = [...parseUuidLines(await virsh.read(['pool-list', '--uuid'], options))]
  const documents = await virsh.readEach(
    uuids.map((uuid) => ['pool-dumpxml', uuid]),
    options
  )
  const index = documents.findIndex(
    (document) => typeof document === 'string' && parsePoolXml(document).folder === folder
  )
  return uuids[index] ?? null
}
