/** What was measured on the chosen servers, and since when: for telling how large an export will be. */
import type { EntityInfo, HistoryUsage } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'

export interface ExportSize {
  /** By server; null until those of all chosen servers are known. */
  readonly entities: Readonly<Ref<ReadonlyMap<ServerId, readonly EntityInfo[]> | null>>
  /** Of each level; null until it is known. */
  readonly oldestAtMs: Readonly<Ref<HistoryUsage['oldestAtMs'] | null>>
  /** It could not be read; an export may still be made. */
  readonly failed: Readonly<Ref<boolean>>
}

export function useExportSize(serverIds: Readonly<Ref<readonly ServerId[]>>): ExportSize {
  const rpc = useRpc()
  const known = new Map<ServerId, readonly EntityInfo[]>()
  const entities = shallowRef<ReadonlyMap<ServerId, readonly EntityInfo[]> | null>(null)
  const oldestAtMs = shallowRef<HistoryUsage['oldestAtMs'] | null>(null)
  const failed = ref(false)
  const life = new AbortController()
  const { signal } = life
  onScopeDispose(() => life.abort())

  async function readEntities(wanted: readonly ServerId[]): Promise<void> {
    // One after another: a hundred servers must not crowd out what the screens ask for.
    for (const serverId of wanted) {
      if (known.has(serverId)) continue
      known.set(serverId, (await rpc.call('history.entities', { serverId }, { signal })).entities)
    }
    if (wanted === serverIds.value) entities.value = new Map(known)
  }
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      if (signal.aborted) return
      console.warn('the size of an export is not known', error)
      failed.value = true
    }
  }

  watch(
    serverIds,
    (wanted) => {
      if (wanted.some((serverId) => !known.has(serverId))) entities.value = null
      void attempt(() => readEntities(wanted))
    },
    { immediate: true }
  )
  void attempt(async () => {
    oldestAtMs.value = (await rpc.call('history.usage', {}, { signal })).oldestAtMs
  })
  return { entities, oldestAtMs, failed }
}
