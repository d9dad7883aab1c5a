/** Ticking the entries of a list (rows, cards): by key, so that it holds over sorting and filtering. */
import { computed, type ComputedRef, type Ref } from 'vue'

export interface ListSelection {
  /** Of the entries that are shown. */
  readonly headTick: ComputedRef<boolean | 'mixed'>
  /**
   * Turns the tick at this place around. `range`: the entries from the one that was turned around last to this one get
   * what this one gets, as Shift with a click does everywhere.
   */
  readonly pick: (index: number, range: boolean) => void
  readonly tickKeys: (keys: readonly string[], on: boolean) => void
  /** All that are shown, or none of them. */
  readonly tickAll: (on: boolean) => void
  /** Ticks the shown entries between two places, both included. */
  readonly tickBetween: (from: number, to: number) => void
  /** True when the key was one of ticking: Space, Shift+Space, Ctrl+A, Esc. `activeIndex` -1: no entry is active. */
  readonly takeKey: (event: KeyboardEvent, activeIndex: number) => boolean
}

/** @param shownKeys keys of the entries shown, in their order; one that is shown twice may stand there twice */
export function useListSelection(
  selected: Ref<ReadonlySet<string>>,
  shownKeys: () => readonly string[]
): ListSelection {
  /** Where a range begins. The key finds it again when the order changed. */
  let anchor: { readonly index: number; readonly key: string } | null = null

  const change = (keys: readonly string[], on: boolean): void => {
    const next = new Set(selected.value)
    for (const key of keys) {
      if (on) next.add(key)
      else next.delete(key)
    }
    selected.value = next
  }
  const between = (from: number, to: number): readonly string[] =>
    shownKeys().slice(Math.max(0, Math.min(from, to)), Math.max(from, to) + 1)
  const anchorIndex = (keys: readonly string[]): number => {
    if (anchor === null) return -1
    return keys[anchor.index] === anchor.key ? anchor.index : keys.indexOf(anchor.key)
  }

  function pick(index: number, range: boolean): void {
    const keys = shownKeys()
    const key = keys[index]
    if (key === undefined) return
    const from = range ? anchorIndex(keys) : -1
    change(from === -1 ? [key] : between(from, index), !selected.value.has(key))
    anchor = { index, key }
  }
  const tickAll = (on: boolean): void => change(shownKeys(), on)
  return {
    headTick: computed(() => {
      if (selected.value.size === 0) return false
      const keys = shownKeys()
      const ticked = keys.filter((key) => selected.value.has(key)).length
      return ticked === 0 ? false : ticked === keys.length ? true : 'mixed'
    }),
    pick,
    tickKeys: change,
    tickAll,
    tickBetween: (from, to) => change(between(from, to), true),
    takeKey(event, activeIndex) {
      if (event.key === ' ' && activeIndex !== -1) pick(activeIndex, event.shiftKey)
      else if (event.key.toLowerCase() === 'a' && (event.ctrlKey || event.metaKey)) tickAll(true)
      else if (event.key === 'Escape' && selected.value.size > 0) selected.value = new Set()
      else return false
      event.preventDefault()
      event.stopPropagation()
      return true
    }
  }
}
