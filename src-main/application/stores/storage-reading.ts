/** One reading of a server's storage: pools first, then the volumes of each, then who uses them. */
import { AppError } from '#contract/errors.ts'
import type { Pool, PoolUuid, PoolVolumes, StorageView, Volume } from '#contract/storage.ts'
import { VmUuid } from '#contract/ids.ts'
import { unknownChainsOf, usesOf, type DomainReferences, type Uses } from '../../domain/libvirt/uses.ts'
import type { Clock } from '../clock.ts'
import type { References, StorageSession } from './stores.ts'

export const NOTHING_READ: StorageView = {
  readAtMs: null,
  pools: [],
  contents: [],
  usesKnown: false,
  unknownChains: [],
  error: null
}

interface Contents extends Omit<PoolVolumes, 'volumes'> {
  readonly volumes: readonly Volume[]
}

interface ReadingContext {
  readonly last: StorageView
  readonly again: boolean
  readonly signal: AbortSignal
  readonly publish: (view: StorageView) => void
}

/** Throws only when libvirt could not be asked at all. */
export async function readStorage(
  storage: StorageSession,
  clock: Pick<Clock, 'nowMs'>,
  { last, again, signal, publish }: ReadingContext
): Promise<StorageView> {
  const startedAtMs = clock.nowMs()
  const references = await storage.references(signal)
  const listing = await storage.pools(signal)
  const contents = new Map<PoolUuid, Contents>()
  for (const pool of listing.pools)
    if (pool.state === 'running') contents.set(pool.uuid, contentsOf(last, pool))
  const view = (identities: ReadonlyMap<string, string> | null): StorageView => ({
    readAtMs: clock.nowMs(),
    pools: listing.pools.map((pool) => withMark(pool, contents.get(pool.uuid), { startedAtMs, clock })),
    ...withUses(listing.pools, [...contents.values()], references, identities),
    error: listing.error?.toInfo() ?? null
  })
  publish(view(null))
  for (const pool of listing.pools) {
    const known = contents.get(pool.uuid)
    if (known === undefined) continue
    contents.set(pool.uuid, await readVolumes(storage, pool.uuid, known, { again, clock, signal }))
    publish(view(null))
  }
  const dead = listing.pools.filter((pool) => contents.get(pool.uuid)?.error?.code === 'storageNotResponding')
  return view(await storage.identities(pathsOf(references.domains, contents.values(), dead), signal))
}

function contentsOf(last: StorageView, { uuid: poolUuid }: Pool): Contents {
  const known = last.contents.find((contents) => contents.poolUuid === poolUuid)
  return known ?? { poolUuid, readAtMs: null, volumes: [], leftOut: 0, error: null }
}

async function readVolumes(
  storage: StorageSession,
  poolUuid: PoolUuid,
  known: Contents,
  { again, clock, signal }: { again: boolean; clock: Pick<Clock, 'nowMs'>; signal: AbortSignal }
): Promise<Contents> {
  try {
    const { volumes, leftOut } = await storage.volumes(poolUuid, { signal, again })
    return { poolUuid, readAtMs: clock.nowMs(), volumes, leftOut, error: null }
  } catch (error) {
    if (!(error instanceof AppError) || ENDS_READING.has(error.code)) throw error
    return { ...known, error: error.toInfo() }
  }
}

const ENDS_READING = new Set<string>([
  'disconnected',
  'cancelled',
  'libvirtDaemonDown',
  'libvirtDenied',
  'libvirtMissing'
])

/** What was found while its volumes were read counts in the same view: that it hangs, or that it answers again. */
function withMark(
  pool: Pool,
  contents: Contents | undefined,
  { startedAtMs, clock }: { readonly startedAtMs: number; readonly clock: Pick<Clock, 'nowMs'> }
): Pool {
  const hangs = contents?.error?.code === 'storageNotResponding'
  if (hangs) return { ...pool, notRespondingSinceAtMs: pool.notRespondingSinceAtMs ?? clock.nowMs() }
  const wasRead = contents?.error === null && (contents.readAtMs ?? 0) >= startedAtMs
  return wasRead ? { ...pool, notRespondingSinceAtMs: null } : pool
}

function withUses(
  pools: readonly Pool[],
  contents: readonly Contents[],
  { domains, complete }: References,
  identities: ReadonlyMap<string, string> | null
): Pick<StorageView, 'contents' | 'usesKnown' | 'unknownChains'> {
  const poolNames = new Map(pools.map((pool) => [pool.uuid, pool.name]))
  const images = contents.flatMap(({ volumes }) =>
    volumes.map(({ poolUuid, name, path, backingPath }) => ({
      path,
      name,
      backingPath,
      poolName: poolNames.get(poolUuid) ?? ''
    }))
  )
  const uses = usesOf({ domains, images, identityOf: (path) => identities?.get(path) ?? path })
  return {
    contents: contents.map((one) => ({ ...one, volumes: one.volumes.map((volume) => seen(volume, uses)) })),
    usesKnown: complete && identities !== null,
    unknownChains: unknownChainsOf(domains, images, (path) => identities?.get(path) ?? path).slice(
      0,
      MAX_SHOWN
    )
  }
}

const MAX_SHOWN = 256

function seen(volume: Volume, uses: Uses): StorageView['contents'][number]['volumes'][number] {
  const usedBy = uses.usedBy(volume.path).map((use) => ({ ...use, vmUuid: VmUuid.parse(use.vmUuid) }))
  return {
    ...volume,
    usedBy: usedBy.slice(0, MAX_SHOWN),
    backingOf: uses.backingOf(volume.path).slice(0, MAX_SHOWN)
  }
}

/** Every path that is compared, but none that would wait for a dead file system. */
function pathsOf(
  domains: readonly DomainReferences[],
  contents: Iterable<Contents>,
  dead: readonly Pool[]
): readonly string[] {
  const paths = new Set<string>()
  for (const { files } of domains) for (const { path } of files) paths.add(path)
  for (const { volumes } of contents)
    for (const { path, backingPath } of volumes) {
      paths.add(path)
      if (backingPath !== null) paths.add(backingPath)
    }
  const folders = dead.flatMap(({ targetPath }) => (targetPath === null ? [] : [`${targetPath}/`]))
  return [...paths].filter(
    (path) => path.startsWith('/') && !folders.some((folder) => path.startsWith(folder))
  )
}
