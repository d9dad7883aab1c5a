/** Ticking rows of a DataTable: by key, so that it holds over sorting and filtering. */
import { computed, type ComputedRef, type Ref } from 'vue'

export interface TableSelection {
  /** Of the rows that are shown. */
  readonly headTick: ComputedRef<boolean | 'mixed'>
  readonly tick: (key: string, on: boolean) => void
  readonly tickRows: (keys: readonly string[], on: boolean) => void
  /** All that are shown, or none of them. */
  readonly tickAll: (on: boolean) => void
  /** Ticks the shown rows between two places, both included. */
  readonly tickBetween: (from: number, to: number) => void
  /** True when the key was one of ticking: Space, Ctrl+A, Esc. */
  readonly takeKey: (event: KeyboardEvent, activeKey: string | null) => boolean
}

/** @param shownKeys keys of the rows shown, in their order */
export function useTableSelection(
  selected: Ref<ReadonlySet<string>>,
  shownKeys: () => readonly string[]
): TableSelection {
  const change = (keys: readonly string[], on: boolean): void => {
    const next = new Set(selected.value)
    for (const key of keys) {
      if (on) next.add(key)
      else next.delete(key)
    }
    selected.value = next
  }
  const tickAll = (on: boolean): void => change(shownKeys(), on)
  return {
    headTick: computed(() => {
      if (selected.value.size === 0) return false
      const keys = shownKeys()
      const ticked = keys.filter((key) => selected.value.has(key)).length
      return ticked === 0 ? false : ticked === keys.length ? true : 'mixed'
    }),
    tick: (key, on) => change([key], on),
    tickRows: change,
    tickAll,
    tickBetween: (from, to) =>
      change(shownKeys().slice(Math.max(0, Math.min(from, to)), Math.max(from, to) + 1), true),
    takeKey(event, activeKey) {
      if (event.key === ' ' && activeKey !== null) change([activeKey], !selected.value.has(activeKey))
      else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) tickAll(true)
      else if (event.key === 'Escape' && selected.value.size > 0) selected.value = new Set()
      else return false
      event.preventDefault()
      event.stopPropagation()
      return true
    }
  }
}
