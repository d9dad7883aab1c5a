/**
 * What a window remembers of its own: groupings, sortings, columns. The window keeps each as a text under its name; this list
 * says which there are and what may stand in them, so that a file brings nothing else into a window.
 */
import { z } from 'zod'

const oneOf = (...values: [string, ...string[]]): z.ZodType<string> => z.enum(values)
/** Names of columns or series, however they are put in a row; who reads it checks each. */
const words = z
  .string()
  .max(4_000)
  .regex(/^[^\p{Cc}]*(\n[^\p{Cc}]*)*$/u)

/** What each remembered text may be. A name that is not here is no part of the layout. */
export const LAYOUT_TEXTS = {
  tree: oneOf('shown', 'hidden'),
  'tree.group': oneOf('location', 'tag'),
  'fleet.group': oneOf('none', 'location', 'tag'),
  'fleet.sort': oneOf('attention', 'name', 'cpu', 'memory', 'disk', 'network', 'machines'),
  'fleet.hiddenColumns': words,
  'fleet.bestBy': oneOf('gpuMemory', 'cpu', 'memory'),
  'machines.group': oneOf('none', 'server', 'location', 'tag', 'state'),
  'machines.hiddenColumns': words,
  'machines.pictures': oneOf('off', 'on'),
  'processes.columns': words,
  'processes.shape': oneOf('flat', 'tree'),
  'processes.kernel': oneOf('shown', 'hidden'),
  'history.series.server': words,
  'history.series.machine': words,
  'history.range.server': words,
  'history.range.machine': words
} as const

export type LayoutName = keyof typeof LAYOUT_TEXTS
export const LAYOUT_NAMES = Object.keys(LAYOUT_TEXTS) as LayoutName[]

/** Remembered texts by name; what was never chosen is not there. Unknown names and texts that cannot be are left out. */
export const WindowLayout = z.record(z.string().max(64), z.string().max(4_000)).transform(knownLayout)
export type WindowLayout = Partial<Record<LayoutName, string>>

function knownLayout(given: Readonly<Record<string, string>>): WindowLayout {
  const known = LAYOUT_NAMES.flatMap((name) => {
    const text = given[name]
    return text !== undefined && LAYOUT_TEXTS[name].safeParse(text).success ? [[name, text] as const] : []
  })
  return Object.fromEntries(known)
}
