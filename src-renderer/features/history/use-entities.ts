/** What was ever measured on a server: its disks, interfaces, mounts and VMs, with first and last time. */
import { AppError } from '#contract/errors.ts'
import type { EntityInfo } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import { onScopeDispose, shallowRef, toValue, watch, type MaybeRefOrGetter, type ShallowRef } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'

export interface Entities {
  /** null until the first answer. */
  readonly entities: Readonly<ShallowRef<readonly EntityInfo[] | null>>
  readonly error: Readonly<ShallowRef<AppError | null>>
  readonly retry: () => void
}

/** Read when the server or `refresh` changes, and once a minute: mounts and interfaces come and go. */
export function useEntities(
  serverId: MaybeRefOrGetter<ServerId>,
  refresh?: MaybeRefOrGetter<unknown>
): Entities {
  const rpc = useRpc()
  const entities = shallowRef<readonly EntityInfo[] | null>(null)
  const error = shallowRef<AppError | null>(null)
  let reading: AbortController | null = null

  async function read(): Promise<void> {
    reading?.abort()
    const mine = new AbortController()
    reading = mine
    try {
      const answer = await rpc.call(
        'history.entities',
        { serverId: toValue(serverId) },
        { signal: mine.signal }
      )
      if (mine.signal.aborted) return
      // The same list keeps its identity: charts that hang on it are not read again.
      if (entities.value === null || namesOf(entities.value) !== namesOf(answer.entities))
        entities.value = answer.entities
      error.value = null
    } catch (cause) {
      if (mine.signal.aborted) return
      error.value = cause instanceof AppError ? cause : new AppError('internal', { cause })
    }
  }

  watch(
    () => toValue(serverId),
    () => {
      entities.value = null
    }
  )
  watch([() => toValue(serverId), () => toValue(refresh), rpc.generation], () => void read(), {
    immediate: true
  })
  const timer = setInterval(() => {
    if (!document.hidden) void read()
  }, 60_000)
  onScopeDispose(() => {
    clearInterval(timer)
    reading?.abort()
  })
  return { entities, error, retry: () => void read() }
}

const namesOf = (list: readonly EntityInfo[]): string =>
  list.map(({ entity, label }) => `${entity.kind} ${entity.key} ${label}`).join('\n')
