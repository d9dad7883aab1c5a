/**
 * Components that are handed on, for lists of which only what is in view exists: whoever leaves the view leaves its component
 * behind, hidden, for itself when it returns and for whoever comes. A filter that is cleared makes nothing anew then.
 */
import { computed, inject, provide, type ComputedRef, type InjectionKey } from 'vue'

export interface Placed<T> {
  /** The component's key. */
  readonly place: number
  readonly entry: T
  /** Left behind: to be hidden. The entry is as it was last seen. */
  readonly isSpare: boolean
}

/**
 * @param inView the entries to be shown, in their order
 * @param most as many are made before one is handed on to another entry
 * @param ahead entries that are likely to be shown soon: made as spare ones while there are fewer than `most`
 * @returns those in view, each in the place it had before if it can be, and the spare ones: by place, so that no element ever moves
 * (that costs as much as making it anew); `reading-flow` says in which order they are read
 */
export function usePlaces<T>(
  inView: () => readonly T[],
  keyOf: (entry: T) => string,
  { most = 0, ahead = () => [] }: { readonly most?: number; readonly ahead?: () => readonly T[] } = {}
): ComputedRef<readonly Placed<T>[]> {
  let shown = new Map<string, Placed<T>>()
  /** Whoever left first is the first to be given up. */
  let spare = new Map<string, Placed<T>>()
  let count = 0

  return computed(() => {
    const entries = inView()
    const wanted = new Set(entries.map(keyOf))
    const own = new Map([...spare, ...shown])
    const free = [...own].filter(([key]) => !wanted.has(key))
    const taken = (): number | undefined => (count < most ? undefined : free.shift()?.[1].place)
    shown = new Map(
      entries.map((entry) => {
        const key = keyOf(entry)
        return [key, { place: own.get(key)?.place ?? taken() ?? count++, entry, isSpare: false }]
      })
    )
    spare = new Map(free.map(([key, placed]) => [key, { ...placed, isSpare: true }]))
    for (const entry of ahead()) {
      const key = keyOf(entry)
      if (count < most && !own.has(key) && !wanted.has(key))
        spare.set(key, { place: count++, entry, isSpare: true })
    }
    return [...shown.values(), ...spare.values()].sort((a, b) => a.place - b.place)
  })
}

/**
 * The look of a spare component: nothing. Neither by display: none, after which all of it would have to be laid out again, nor by
 * something that all its elements inherit.
 */
export const SPARE_LOOK = '[content-visibility:hidden] [clip-path:inset(50%)]'

const OCCUPANT: InjectionKey<() => string | null> = Symbol('occupant')

/** Said to all inside a component that is handed on: the key of the entry that has it now; null = spare. */
export const provideOccupant = (occupant: () => string | null): void => provide(OCCUPANT, occupant)

/** Whoever this stands in. When it changes, what was opened for the one before has to close. */
export const useOccupant = (): (() => string | null) => inject(OCCUPANT, () => null)
