/**
 * The choice of a History page, kept in its address: going back, going forward and a copied link give it again. What was
 * chosen last of the page's own series and spans is there on the next page of the kind.
 */
import { computed, type ComputedRef, type WritableComputedRef } from 'vue'
import { useRoute, useRouter, type LocationQueryRaw } from 'vue-router'
import { useRememberedText } from '../../app/remembered.ts'
import { useServersStore } from '../servers/index.ts'
import {
  choose,
  decodeChoice,
  encodeChosen,
  isEntity,
  subjectEntity,
  type Chosen,
  type SeriesId,
  type Subject
} from './choice.ts'
import { presetsOf } from './presets.ts'
import { rangeFields, rangeFrom, type TimeRange } from './time-range.ts'

export const PANELS = ['statistics', 'rows', 'busy'] as const
export type Panel = (typeof PANELS)[number]
export const LEVELS = ['charted', 'raw', 'minute', 'hour', 'day'] as const
export type LevelChoice = (typeof LEVELS)[number]

export interface HistoryChoice {
  readonly chosen: ComputedRef<readonly Chosen[]>
  /** Colours of the lines that are not drawn at present. */
  readonly hidden: ComputedRef<ReadonlySet<number>>
  readonly range: WritableComputedRef<TimeRange>
  readonly panel: WritableComputedRef<Panel>
  readonly level: WritableComputedRef<LevelChoice>
  /** Those already there keep their colours. */
  choose(series: readonly SeriesId[]): void
  toggle(colour: number): void
}

const START: TimeRange = { kind: 'preset', preset: 'hour' }

/** In the setup of a page at whose address `tab` is `history`. */
export function useChoice(subject: () => Subject): HistoryChoice {
  const route = useRoute()
  const router = useRouter()
  const servers = useServersStore()
  const kind = subject().vmUuid === null ? 'server' : 'machine'
  const kept = useRememberedText(`history.series.${kind}`)
  const keptRange = useRememberedText(`history.range.${kind}`)

  /** While the page is being left, the address is another page's already: the last one stands. */
  const query = computed<Record<string, unknown>>((before) =>
    route.params['tab'] === 'history' || before === undefined ? { ...route.query } : before
  )
  const listOf = (value: unknown): string[] =>
    (Array.isArray(value) ? value : [value]).filter((item): item is string => typeof item === 'string')

  /** A link may name a server that is gone from the list: of it there is nothing to read. */
  const decode = (from: readonly string[]): Chosen[] =>
    decodeChoice(from, subject()).filter(({ entity }) => servers.byId.has(entity.serverId))
  function choiceNow(): readonly Chosen[] {
    const fromAddress = listOf(query.value['s'])
    if (fromAddress.length > 0) return decode(fromAddress)
    const remembered = decode(kept.value.split('\n'))
    return remembered.length > 0 ? remembered : choose([], presetsOf(subject())[0]?.series ?? [])
  }
  const chosen = computed<readonly Chosen[]>((before) => {
    const now = choiceNow()
    // The same choice keeps its identity: nothing is read again for another range.
    return before !== undefined && JSON.stringify(before) === JSON.stringify(now) ? before : now
  })
  const hidden = computed<ReadonlySet<number>>(
    () =>
      new Set(
        listOf(query.value['hide'])
          .flatMap((text) => text.split('.'))
          .filter((text) => /^\d+$/.test(text))
          .map(Number)
      )
  )
  const shownRange = computed<TimeRange>(
    () => rangeFrom(query.value) ?? rangeFrom({ range: keptRange.value }) ?? START
  )

  const texts = (series: readonly Chosen[]): string[] => series.map((each) => encodeChosen(each, subject()))
  /** Nothing chosen is a choice too: an empty text, where an absent one means the usual. */
  const field = (series: readonly Chosen[]): string | string[] => (series.length === 0 ? '' : texts(series))
  /** `push`: a step that one can go back from. All that is shown goes into the address, so that it can be copied. */
  function write(change: LocationQueryRaw, push: boolean): void {
    const next: LocationQueryRaw = {
      ...query.value,
      s: field(chosen.value),
      ...rangeFields(shownRange.value),
      ...change
    }
    void router[push ? 'push' : 'replace']({ query: next, params: route.params })
  }
  if (listOf(route.query['s']).length === 0) write({}, false)

  return {
    chosen,
    hidden,
    range: computed({
      get: () => shownRange.value,
      set(range) {
        if (range.kind === 'preset') keptRange.value = range.preset
        write(rangeFields(range), true)
      }
    }),
    panel: computed({
      get: () => PANELS.find((id) => id === query.value['panel']) ?? 'statistics',
      set: (panel) => write({ panel }, false)
    }),
    level: computed({
      get: () => LEVELS.find((id) => id === query.value['level']) ?? 'charted',
      set: (level) => write({ level }, false)
    }),
    choose(series) {
      const next = choose(chosen.value, series)
      const own = next.filter(({ entity }) => isEntity(entity, subjectEntity(subject())))
      kept.value = texts(own).join('\n')
      write({ s: field(next), hide: undefined }, true)
    },
    toggle(colour) {
      const next = new Set(hidden.value)
      if (!next.delete(colour)) next.add(colour)
      write({ hide: next.size === 0 ? undefined : [...next].join('.') }, false)
    }
  }
}
