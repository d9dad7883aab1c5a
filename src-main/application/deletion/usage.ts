/** Who uses which file of a server: the whole graph of VMs, volumes and what lies below them. Pure. */
import type { VmUuid } from '#contract/ids.ts'
import type { DiskSource, HostSurvey, SurveyedDomain, SurveyedVolume } from './host-survey.ts'

export const MISSING = 'missing'

export class FileUsage {
  readonly survey: HostSurvey
  /** By identity: what each image lies on. */
  readonly #below = new Map<string, string>()
  readonly #volumes = new Map<string, SurveyedVolume>()
  readonly #used = new Map<VmUuid, ReadonlySet<string>>()

  constructor(survey: HostSurvey) {
    this.survey = survey
    for (const volume of survey.volumes) {
      const identity = this.identityOf(volume.path)
      this.#volumes.set(identity, this.#volumes.get(identity) ?? volume)
      if (volume.backingPath !== null) this.#below.set(identity, volume.backingPath)
    }
    for (const [path, below] of survey.imagesBelow)
      if (below !== null) this.#below.set(this.identityOf(path), below)
    for (const { disks } of survey.domains)
      for (const { path, chain } of disks) {
        const levels = path === null ? [] : [path, ...(chain ?? [])]
        for (const [level, above] of levels.slice(0, -1).entries())
          this.#below.set(this.identityOf(above), levels[level + 1] ?? '')
      }
  }

  /** The same for two paths of one file; the path itself where the file cannot be looked at. */
  identityOf(path: string): string {
    const known = this.survey.identities.get(path)
    return known === undefined || known === MISSING ? normalized(path) : known
  }

  isMissing(path: string): boolean {
    return this.survey.identities.get(path) === MISSING
  }

  /** A file or device as a volume of a readable pool; only by its own path, which is what would be deleted. */
  volumeAt(path: string): SurveyedVolume | null {
    const volume = this.#volumes.get(this.identityOf(path))
    return volume !== undefined && normalized(volume.path) === normalized(path) ? volume : null
  }

  pathOf({ path, volume }: DiskSource): string | null {
    if (volume === null) return path
    return (
      this.survey.volumes.find(({ pool, name }) => pool === volume.pool && name === volume.name)?.path ?? null
    )
  }

  /** Paths below this one, nearest first. */
  chainBelow(path: string): readonly string[] {
    const chain: string[] = []
    const seen = new Set([this.identityOf(path)])
    for (
      let next = this.#below.get(this.identityOf(path));
      next !== undefined;
      next = this.#below.get(this.identityOf(next))
    ) {
      if (seen.has(this.identityOf(next))) break
      seen.add(this.identityOf(next))
      chain.push(next)
    }
    return chain
  }

  /** Whether the domain names the file itself, somewhere in its documents. */
  names(domain: SurveyedDomain, identity: string): boolean {
    return this.#usedBy(domain).has(identity)
  }

  /** Whether something that the domain names lies on the file. */
  liesOn(domain: SurveyedDomain, identity: string): boolean {
    return [...this.#usedBy(domain)].some((used) => this.#isBelow(used, identity))
  }

  /** Volumes that lie on the file. */
  volumesOn(identity: string): readonly SurveyedVolume[] {
    return this.survey.volumes.filter(({ path }) => this.#isBelow(this.identityOf(path), identity))
  }

  /** Whether it cannot be seen what an image of the domain lies on. */
  hasUnknownChain({ disks, snapshotDisks }: SurveyedDomain): boolean {
    return [...disks, ...snapshotDisks].some((disk) => {
      if (disk.device === 'cdrom' || disk.format === 'raw' || disk.chain !== null) return false
      if (disk.kind === 'volume') return this.pathOf(disk) === null
      if (disk.path === null || this.isMissing(disk.path)) return false
      return !this.#volumes.has(this.identityOf(disk.path)) && !this.survey.imagesBelow.has(disk.path)
    })
  }

  #usedBy(domain: SurveyedDomain): ReadonlySet<string> {
    let used = this.#used.get(domain.uuid)
    if (used === undefined) {
      const volumes = [...domain.disks, ...domain.snapshotDisks].flatMap((disk) => this.pathOf(disk) ?? [])
      used = new Set([...domain.mentions, ...volumes].map((path) => this.identityOf(path)))
      this.#used.set(domain.uuid, used)
    }
    return used
  }

  #isBelow(above: string, identity: string): boolean {
    const seen = new Set<string>()
    for (let at = this.#below.get(above); at !== undefined;) {
      const id = this.identityOf(at)
      if (id === identity) return true
      if (seen.has(id)) return false
      seen.add(id)
      at = this.#below.get(id)
    }
    return false
  }
}

function normalized(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return `/${parts.join('/')}`
}
