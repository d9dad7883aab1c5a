/** The form of an edit of many servers: what is chosen, the change it makes, and what that would do. Pure. */
import { changedBy, changedFields, ServerChange } from '#contract/server-edits.ts'
import { MAX_TAGS, Tag, type ServerRecord } from '#contract/servers.ts'
import { tagsOf } from '../add-server/index.ts'

export type Switched = 'leave' | 'on' | 'off'
export const SWITCHES = ['lookOnly', 'useSudo', 'collecting'] as const
export type SwitchName = (typeof SWITCHES)[number]

export interface ChangeForm extends Record<SwitchName, Switched> {
  location: 'leave' | 'set' | 'clear'
  locationText: string
  /** What is done with tags that are there; those that are not in here stay as they are. */
  tags: ReadonlyMap<string, 'add' | 'remove'>
  /** More tags for all, separated by commas or spaces. */
  newTags: string
  interval: 'leave' | 'set' | 'default'
  intervalSec: number | null
}

export const untouchedForm = (): ChangeForm => ({
  location: 'leave',
  locationText: '',
  tags: new Map(),
  newTags: '',
  lookOnly: 'leave',
  useSudo: 'leave',
  collecting: 'leave',
  interval: 'leave',
  intervalSec: null
})

export type ChangeFormField = 'locationText' | 'newTags' | 'intervalSec'

export interface FormChange {
  /** Without what is wrong. */
  readonly change: ServerChange
  readonly wrong: ReadonlySet<ChangeFormField>
}

/** The change that the form makes. */
export function changeOf(form: ChangeForm): FormChange {
  const wrong = new Set<ChangeFormField>()
  const marked = (what: 'add' | 'remove'): string[] =>
    [...form.tags].flatMap(([tag, mark]) => (mark === what ? [tag] : []))
  const typed = tagsOf(form.newTags)
  if (typed.some((tag) => !Tag.safeParse(tag).success)) wrong.add('newTags')
  const addTags = [...new Set([...marked('add'), ...typed.filter((tag) => Tag.safeParse(tag).success)])]
  if (addTags.length > MAX_TAGS) wrong.add('newTags')
  // What is typed to be added is not removed.
  const removeTags = marked('remove').filter((tag) => !addTags.includes(tag))

  const location = form.location === 'clear' ? '' : form.locationText.trim()
  if (form.location === 'set' && (location === '' || location.length > 80)) wrong.add('locationText')
  const intervalMs =
    form.interval === 'default' || form.intervalSec === null ? null : Math.round(form.intervalSec * 1_000)
  const interval = ServerChange.safeParse({ intervalMs })
  if (form.interval === 'set' && (intervalMs === null || !interval.success)) wrong.add('intervalSec')

  const switched = Object.fromEntries(
    SWITCHES.flatMap((name) => (form[name] === 'leave' ? [] : [[name, form[name] === 'on']]))
  )
  return {
    change: {
      ...switched,
      ...(form.location !== 'leave' && !wrong.has('locationText') && { location }),
      ...(addTags.length > 0 && { addTags: addTags.slice(0, MAX_TAGS) }),
      ...(removeTags.length > 0 && { removeTags }),
      ...(form.interval !== 'leave' && !wrong.has('intervalSec') && { intervalMs })
    },
    wrong
  }
}

/** One thing that would be other, on how many servers. */
export interface ChangeLine {
  readonly what:
    'location' | 'clearLocation' | 'addTag' | 'removeTag' | 'interval' | 'defaultInterval' | SwitchName
  /** The location, the tag, or the seconds. */
  readonly value: string
  readonly on: boolean
  readonly count: number
}

export interface ChangePreview {
  readonly lines: readonly ChangeLine[]
  /** Servers on which anything would be other. */
  readonly changed: number
  /** Names of servers on which so many tags do not fit. */
  readonly tooManyTags: readonly string[]
}

/** What saving the change would do. Things that no server would feel are not in it. */
export function previewOf(records: readonly ServerRecord[], change: ServerChange): ChangePreview {
  const { location, addTags = [], removeTags = [], intervalMs } = change
  const countOf = (differs: (record: ServerRecord) => boolean): number => records.filter(differs).length
  const line = (
    what: ChangeLine['what'],
    differs: (record: ServerRecord) => boolean,
    value = '',
    on = true
  ): ChangeLine => ({ what, value, on, count: countOf(differs) })

  const lines = [
    ...(location === undefined
      ? []
      : [
          line(location === '' ? 'clearLocation' : 'location', (each) => each.location !== location, location)
        ]),
    ...addTags.map((tag) => line('addTag', ({ tags }) => !tags.includes(tag), tag)),
    ...removeTags.map((tag) => line('removeTag', ({ tags }) => tags.includes(tag), tag)),
    ...SWITCHES.flatMap((name) => {
      const on = change[name]
      return on === undefined ? [] : [line(name, (each) => each[name] !== on, '', on)]
    }),
    ...(intervalMs === undefined
      ? []
      : [
          line(
            intervalMs === null ? 'defaultInterval' : 'interval',
            (each) => each.intervalMs !== intervalMs,
            intervalMs === null ? '' : String(intervalMs / 1_000)
          )
        ])
  ]
  const edits = records.map((before) => ({ before, after: changedBy(change, before) }))
  const changed = edits.filter(({ before, after }) => changedFields(before, after).length > 0)
  return {
    lines: lines.filter(({ count }) => count > 0),
    changed: changed.length,
    tooManyTags: changed.flatMap(({ after }) => (after.tags.length > MAX_TAGS ? [after.name] : []))
  }
}

/** Values and on how many servers each is, most first. */
export function countsOf<V>(values: readonly V[]): readonly { readonly value: V; readonly count: number }[] {
  const counts = new Map<V, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count)
}
