/** Energy of a server by the day: read when it is looked at, and once a minute, since it grows. */
import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import type { EnergyDay, PowerOptions } from '#contract/power.ts'
import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { useSettings } from '../settings/index.ts'
import { dateOf, daysBefore } from './energy.ts'

/** A month, and one day more for a month of 31 that began yesterday a month ago. */
export const SHOWN_DAYS = 31
const EVERY_MS = 60_000

export interface EnergyNow {
  readonly today: string
  readonly days: readonly EnergyDay[]
  readonly options: PowerOptions
}

export interface Energy {
  /** null until the first answer. */
  readonly energy: Readonly<ShallowRef<EnergyNow | null>>
  readonly error: Readonly<ShallowRef<AppError | null>>
  readonly read: () => Promise<void>
}

export function useEnergy(serverId: () => ServerId): Energy {
  const rpc = useRpc()
  const settings = useSettings()
  const energy = shallowRef<EnergyNow | null>(null)
  const error = shallowRef<AppError | null>(null)
  let reading: AbortController | null = null

  async function read(): Promise<void> {
    reading?.abort()
    const mine = new AbortController()
    reading = mine
    const today = dateOf(Date.now(), settings.zone === 'utc')
    try {
      const answer = await rpc.call(
        'power.energy',
        { serverId: serverId(), fromDay: daysBefore(today, SHOWN_DAYS - 1), toDay: today },
        { signal: mine.signal }
      )
      if (mine.signal.aborted) return
      energy.value = { today, ...answer }
      error.value = null
    } catch (cause) {
      if (mine.signal.aborted) return
      error.value = cause instanceof AppError ? cause : new AppError('internal', { cause })
    }
  }

  watch([serverId, rpc.generation, () => settings.zone], () => void read(), { immediate: true })
  const timer = setInterval(() => {
    if (!document.hidden) void read()
  }, EVERY_MS)
  onScopeDispose(() => {
    clearInterval(timer)
    reading?.abort()
  })
  return { energy, error, read }
}
