/** What is known of each domain by UUID: read from the server when it is new or may have changed. */
import { AppError } from '#contract/errors.ts'
import { concernsXmlOf, type EventHint } from '../../domain/libvirt/events.ts'
import { type ListedDomain, parseListing } from '../../domain/libvirt/listing.ts'
import type { VmFacts } from '../../domain/libvirt/vm-values.ts'
import type { Clock } from '../../application/clock.ts'
import type { Log } from '../../application/platform/platform.ts'
import { comparableLines, differ } from './configuration/comparable.ts'
import { parseXml, XmlProblem } from './configuration/xml-tree.ts'
import { type DomainXml, parseDomainXml } from './domain-xml.ts'
import type { LaneHolder } from './lane-holder.ts'
import type { VirshAnswer } from './virsh-lane.ts'

export const LISTING = 'list --all --uuid --id --name'

/** XML is read again after this time, because not every change has an event (a vCPU that was unplugged, say). */
const MAX_AGE_MS = 10 * 60_000
/** Domains per request: some 8 KB of XML each, twice of a running one. */
const BATCH = 15
const DEADLINE_MS = 5_000

interface Entry {
  readonly id: number | null
  readonly readAtMs: number
  /** null when the XML could not be read: tried again when it is old. */
  readonly xml: DomainXml | null
  readonly needsShutdown: boolean
  stale: boolean
}

const NO_FACTS: VmFacts = { vcpus: null, removableTargets: new Set(), balloonPeriodSec: null }

export class MachineCatalogue {
  readonly #lane: LaneHolder
  readonly #clock: Clock
  readonly #log: Log
  readonly #entries = new Map<string, Entry>()

  constructor(lane: LaneHolder, clock: Clock, log: Log) {
    this.#lane = lane
    this.#clock = clock
    this.#log = log
  }

  xmlOf(uuid: string): DomainXml | null {
    return this.#entries.get(uuid)?.xml ?? null
  }

  /** It runs with another definition than the one it will start with next. Of a transient one there is no other. */
  needsShutdown(uuid: string): boolean {
    return this.#entries.get(uuid)?.needsShutdown ?? false
  }

  factsOf(uuid: string): VmFacts {
    const xml = this.xmlOf(uuid)
    if (xml === null) return NO_FACTS
    const removable = xml.detail.disks.filter(({ device }) => device === 'cdrom' || device === 'floppy')
    return {
      vcpus: xml.vcpus,
      balloonPeriodSec: xml.detail.balloonPeriodSec,
      removableTargets: new Set(removable.map(({ target }) => target))
    }
  }

  /** Name of another VM that runs and has the file or device as a disk it writes to. */
  otherUserOf(uuid: string, path: string): string | null {
    for (const [other, { id, xml }] of this.#entries) {
      if (other === uuid || id === null || xml === null) continue
      if (xml.detail.disks.some((disk) => disk.source === path && !disk.readOnly)) return xml.name
    }
    return null
  }

  /** Forgets what the event may have changed. */
  invalidate(hint: EventHint): void {
    for (const entry of this.#entries.values())
      if (entry.xml === null || concernsXmlOf(hint, entry.xml.name)) entry.stale = true
  }

  invalidateAll(): void {
    for (const entry of this.#entries.values()) entry.stale = true
  }

  /** Reads what is missing or stale of these domains and forgets the others. dumpxml is safe while a VM hangs. */
  async refresh(domains: readonly ListedDomain[], signal: AbortSignal): Promise<void> {
    const listed = new Set(domains.map(({ uuid }) => uuid))
    for (const uuid of this.#entries.keys()) if (!listed.has(uuid)) this.#entries.delete(uuid)
    const wanted = domains.filter((domain) => this.#isStale(domain))
    for (let from = 0; from < wanted.length; from += BATCH) {
      const batch = wanted.slice(from, from + BATCH)
      const commands = batch.flatMap(({ uuid, id }) =>
        id === null ? [`dumpxml ${uuid}`] : [`dumpxml ${uuid}`, `dumpxml --inactive ${uuid}`]
      )
      const answers = (await this.#lane.call(commands, { signal, deadlineMs: DEADLINE_MS })).values()
      for (const domain of batch)
        this.#take(domain, answers.next().value, domain.id === null ? undefined : answers.next().value)
    }
  }

  #isStale({ uuid, id, name }: ListedDomain): boolean {
    const entry = this.#entries.get(uuid)
    if (entry === undefined || entry.stale || entry.id !== id) return true
    if (entry.xml !== null && entry.xml.name !== name) return true
    return this.#clock.monotonicMs() - entry.readAtMs > MAX_AGE_MS
  }

  #take(
    { uuid, id }: ListedDomain,
    answer: VirshAnswer | undefined,
    nextBoot: VirshAnswer | undefined
  ): void {
    let xml: DomainXml | null = null
    try {
      const read =
        answer === undefined || answer.error !== '' ? null : parseDomainXml(answer.output.trimStart())
      // virsh takes a UUID that is gone for a name: then this is another domain's.
      if (read?.uuid === uuid) xml = read
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      this.#log.warn('libvirt.xmlUnreadable', { vmUuid: uuid, ...error.params })
    }
    const needsShutdown = xml !== null && differs(answer, nextBoot)
    this.#entries.set(uuid, { id, xml, needsShutdown, readAtMs: this.#clock.monotonicMs(), stale: false })
  }
}

/** false too when either could not be read: the badge is only shown of what is known. */
function differs(live: VirshAnswer | undefined, nextBoot: VirshAnswer | undefined): boolean {
  if (live === undefined || nextBoot === undefined || live.error !== '' || nextBoot.error !== '') return false
  try {
    return differ(comparableLines(parseXml(live.output.trim()), parseXml(nextBoot.output.trim())))
  } catch (error) {
    if (error instanceof XmlProblem) return false
    throw error
  }
}

/**
 * The answer of `LISTING`. Where names hold line feeds no pair can be trusted: the list is refused as a whole.
 * @throws AppError protocolViolation, libvirtFailed
 */
export function listingOf(answer: VirshAnswer | undefined): readonly ListedDomain[] {
  if (answer === undefined || answer.error !== '')
    throw new AppError('libvirtFailed', { params: { stderr: answer?.error ?? '' }, retryable: true })
  const { domains, sound } = parseListing(answer.output)
  if (!sound) throw new AppError('protocolViolation', { params: { subject: 'list' } })
  return domains
}
