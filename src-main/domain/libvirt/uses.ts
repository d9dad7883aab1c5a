/** Who uses which file: from what every VM refers to, and from the images' own backing files. */

/** How a VM refers to a file. */
export type ReferenceKind =
  | 'disk'
  | 'cdrom'
  | 'floppy'
  | 'backing'
  | 'kernel'
  | 'initrd'
  | 'dtb'
  | 'loader'
  | 'nvram'
  | 'nvramTemplate'
  | 'snapshot'
  | 'other'

export interface FileReference {
  readonly path: string
  readonly kind: ReferenceKind
  /** Its device in the VM (vda), where it has one. */
  readonly target: string | null
  readonly readOnly: boolean
}

/** All files and networks that a VM refers to: now, after its next start, and in its snapshots. */
export interface DomainReferences {
  readonly uuid: string
  readonly name: string
  readonly running: boolean
  readonly files: readonly FileReference[]
  /** Volumes named by pool and name instead of a path. */
  readonly volumes: readonly (Omit<FileReference, 'path'> & {
    readonly poolName: string
    readonly volumeName: string
  })[]
  readonly interfaces: readonly { readonly network: string; readonly mac: string | null }[]
}

export interface Use {
  readonly vmUuid: string
  readonly vmName: string
  readonly running: boolean
  readonly kind: ReferenceKind
  readonly target: string | null
  readonly readOnly: boolean
}

/** An image as it lies on the server. */
export interface StoredImage {
  readonly path: string
  readonly poolName: string
  readonly name: string
  readonly backingPath: string | null
}

export interface UsesInput {
  readonly domains: readonly DomainReferences[]
  readonly images: readonly StoredImage[]
  /** Device and inode of a path; where it is not known, the path itself is compared. */
  readonly identityOf: (path: string) => string
}

export interface Uses {
  /** VMs that use the file, by themselves or through images above it; each VM and way once. */
  usedBy(path: string): readonly Use[]
  /** Images that hold only the differences to this one. */
  backingOf(path: string): readonly string[]
}

/** A chain longer than this is a loop or no chain of ours. */
const MAX_CHAIN = 256

/**
 * Follows every reference down its backing chain. A file that is reached twice by one VM in the same way counts once; the
 * chain that a VM's own definition names counts as `backing` too.
 */
export function usesOf({ domains, images, identityOf }: UsesInput): Uses {
  const backing = new Map<string, string>()
  const above = new Map<string, string[]>()
  const pathOf = new Map<string, string>()
  for (const image of images) {
    pathOf.set(volumeKey(image.poolName, image.name), image.path)
    if (image.backingPath === null) continue
    const below = identityOf(image.backingPath)
    backing.set(identityOf(image.path), below)
    above.set(below, [...(above.get(below) ?? []), image.path])
  }
  const uses = new Map<string, Map<string, Use>>()
  const add = (identity: string, use: Use): void => {
    const known = uses.get(identity) ?? new Map<string, Use>()
    known.set(`${use.vmUuid} ${use.kind} ${use.target ?? ''}`, use)
    uses.set(identity, known)
  }
  for (const domain of domains) {
    for (const { path, kind, target, readOnly } of filesOf(domain, pathOf)) {
      const { uuid: vmUuid, name: vmName, running } = domain
      const use: Use = { vmUuid, vmName, running, kind, target, readOnly }
      let identity = identityOf(path)
      add(identity, use)
      for (let depth = 0; depth < MAX_CHAIN; depth++) {
        const below = backing.get(identity)
        if (below === undefined) break
        add(below, { ...use, kind: 'backing', readOnly: true })
        identity = below
      }
    }
  }
  return {
    usedBy: (path) => [...(uses.get(identityOf(path))?.values() ?? [])],
    backingOf: (path) => above.get(identityOf(path)) ?? []
  }
}

/**
 * Disks of stopped VMs that lie in no known pool: libvirt writes a chain into the XML of running VMs only, so what these
 * are based on cannot be told.
 */
export function unknownChainsOf(
  domains: readonly DomainReferences[],
  images: readonly StoredImage[],
  identityOf: (path: string) => string
): readonly { readonly vmName: string; readonly path: string }[] {
  const known = new Set(images.map(({ path }) => identityOf(path)))
  return domains
    .filter(({ running }) => !running)
    .flatMap(({ name, files }) =>
      files
        .filter(({ path, kind }) => kind === 'disk' && !known.has(identityOf(path)))
        .map(({ path }) => ({ vmName: name, path }))
    )
}

/** By path, wherever a volume that is named by its pool is known; an unknown one cannot be any of the images. */
function* filesOf(
  domain: DomainReferences,
  pathOf: ReadonlyMap<string, string>
): Generator<FileReference, void> {
  yield* domain.files
  for (const { poolName, volumeName, ...rest } of domain.volumes) {
    const path = pathOf.get(volumeKey(poolName, volumeName))
    if (path !== undefined) yield { ...rest, path }
  }
}

/** A slash is in no name of a pool or a volume. */
const volumeKey = (poolName: string, volumeName: string): string => `${poolName}/${volumeName}`
