/**
 * What a history shows: which series, each in a colour that it keeps. Written into the address of the page, so that a
 * link, or going back, gives the same picture. Pure.
 */
import { EntityKindSchema, type EntityRef, type SeriesRef } from '#contract/history.ts'
import { ServerId, VmUuid } from '#contract/ids.ts'
import { metricDefinition } from '#contract/metric-catalogue.ts'
import { seriesKey } from './series-data.ts'

/** Whose page it is. */
export interface Subject {
  readonly serverId: ServerId
  /** null = the server itself. */
  readonly vmUuid: VmUuid | null
}

export interface SeriesId {
  readonly entity: EntityRef
  readonly metric: string
}

export interface Chosen extends SeriesId {
  /** Place among the colours of a chart, 0 to MOST_SERIES - 1; no two of a choice have the same. */
  readonly colour: number
}

/** More lines than this in one picture tell nobody anything. */
export const MOST_SERIES = 12

export const chosenKey = ({ entity, metric }: SeriesId): string =>
  `${entity.serverId} ${seriesKey(entity.kind, entity.key, metric)}`

export const subjectEntity = (subject: Subject): EntityRef =>
  subject.vmUuid === null
    ? { serverId: subject.serverId, kind: 'server', key: '' }
    : { serverId: subject.serverId, kind: 'vm', key: subject.vmUuid }

export const isEntity = (one: EntityRef, other: EntityRef): boolean =>
  one.serverId === other.serverId && one.kind === other.kind && one.key === other.key

/**
 * The series wanted, in the order in which they were chosen: those that are there keep place and colour, new ones take
 * the first colours that are free. Beyond MOST_SERIES they are left out.
 */
export function choose(before: readonly Chosen[], wanted: readonly SeriesId[]): Chosen[] {
  const wantedKeys = new Set(wanted.map(chosenKey))
  const kept = before.filter((chosen) => wantedKeys.has(chosenKey(chosen)))
  const keptKeys = new Set(kept.map(chosenKey))
  const taken = new Set(kept.map((chosen) => chosen.colour))
  const result = [...kept]
  for (const { entity, metric } of wanted) {
    const key = chosenKey({ entity, metric })
    if (keptKeys.has(key) || result.length >= MOST_SERIES) continue
    keptKeys.add(key)
    let colour = 0
    while (taken.has(colour)) colour += 1
    taken.add(colour)
    result.push({ entity, metric, colour })
  }
  return result
}

/** One entry per entity, as the history takes its questions. */
export function groupedSeries(chosen: readonly SeriesId[]): SeriesRef[] {
  const groups: SeriesRef[] = []
  for (const { entity, metric } of chosen) {
    const group = groups.find((candidate) => isEntity(candidate.entity, entity))
    if (group === undefined) groups.push({ entity, metrics: [metric] })
    else if (!group.metrics.includes(metric)) group.metrics.push(metric)
  }
  return groups
}

/** For each chosen series, its column in rows that were asked for by `groupedSeries`. */
export function columnsOf(chosen: readonly SeriesId[]): number[] {
  const flat = groupedSeries(chosen).flatMap(({ entity, metrics }) =>
    metrics.map((metric) => chosenKey({ entity, metric }))
  )
  return chosen.map((each) => flat.indexOf(chosenKey(each)))
}

/**
 * `colour~metric~kind~server~key`; the page's own server and VM are left out, so that the text means the same on
 * another page of the kind.
 */
export function encodeChosen({ entity, metric, colour }: Chosen, subject: Subject): string {
  const own = entity.serverId === subject.serverId
  const key = own && entity.kind === 'vm' && entity.key === subject.vmUuid ? '' : entity.key
  return [colour, metric, entity.kind, own ? '' : entity.serverId, key].join('~')
}

/** null for a text that names no metric of the catalogue, or nobody's. */
export function decodeChosen(text: string, subject: Subject): Chosen | null {
  const [colourText = '', metric = '', kindText = '', serverText = '', ...rest] = text.split('~')
  const colour = Number(colourText)
  const kind = EntityKindSchema.safeParse(kindText).data
  const serverId = serverText === '' ? subject.serverId : ServerId.safeParse(serverText).data
  if (kind === undefined || serverId === undefined) return null
  if (!/^\d{1,2}$/.test(colourText) || colour >= MOST_SERIES) return null
  if (metricDefinition(kind, metric) === undefined) return null
  const given = rest.join('~').slice(0, 1024)
  const key = kind === 'vm' && given === '' ? subject.vmUuid : given
  if (key === null || (kind === 'vm' && !VmUuid.safeParse(key).success)) return null
  return { entity: { serverId, kind, key }, metric, colour }
}

/** What stands in an address, without doubles: of two with the same colour, the later one gets a free one. */
export function decodeChoice(texts: readonly string[], subject: Subject): Chosen[] {
  const decoded = texts.map((text) => decodeChosen(text, subject)).filter((chosen) => chosen !== null)
  const colours = new Set<number>()
  const keys = new Set<string>()
  const sound = decoded.filter((chosen) => {
    const good = !colours.has(chosen.colour) && !keys.has(chosenKey(chosen))
    colours.add(chosen.colour)
    keys.add(chosenKey(chosen))
    return good
  })
  return choose(sound, decoded)
}
