/** Servers that are ticked on the fleet's page. Kept while other pages are looked at; gone with the window. */
import type { ServerView } from '#contract/servers.ts'
import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'
import { useServersStore } from '../servers/index.ts'

export const useServerSelection = defineStore('serverSelection', () => {
  const servers = useServersStore()
  const ticked = shallowRef<ReadonlySet<string>>(new Set())
  /** Ids of those that the page shows; null while no page shows a part of the fleet. */
  const shown = shallowRef<ReadonlySet<string> | null>(null)

  /** Removed servers lose their tick. */
  watch(
    () => servers.all,
    (all) => {
      if (ticked.value.size === 0) return
      const there = all.flatMap(({ record: { id } }) => (ticked.value.has(id) ? [id] : []))
      if (there.length < ticked.value.size) ticked.value = new Set(there)
    }
  )

  const chosen = computed<readonly ServerView[]>(() =>
    ticked.value.size === 0 ? [] : servers.all.filter(({ record }) => ticked.value.has(record.id))
  )
  const notShown = computed<readonly ServerView[]>(() => {
    const { value: page } = shown
    return page === null ? [] : chosen.value.filter(({ record }) => !page.has(record.id))
  })
  return {
    /** Ids of the ticked servers. */
    ticked,
    shown,
    /** The ticked servers as they are now. */
    chosen,
    /** Those among them that a filter hides. They are acted on too, so they are told. */
    notShown,
    clear: (): void => {
      ticked.value = new Set()
    },
    /** Unticks what a filter hides. */
    dropNotShown: (): void => {
      const hidden = new Set<string>(notShown.value.map(({ record }) => record.id))
      ticked.value = new Set([...ticked.value].filter((id) => !hidden.has(id)))
    }
  }
})
