/** What the window can ask about the console itself. */
import type { ConsoleHealth } from '#contract/console.ts'
import type { Handlers } from '#contract/define.ts'
import type { VirthelmContract } from '#contract/index.ts'
import { sleepUnlessAborted, type Clock } from '../clock.ts'
import type { Storage } from '../storage.ts'
import type { Platform } from './platform.ts'

type PlatformHandlers = Pick<Handlers<VirthelmContract>, Extract<keyof VirthelmContract, `console.${string}`>>

const HEALTH_EVERY_MS = 10_000

export function platformHandlers(platform: Platform, storage: Storage, clock: Clock): PlatformHandlers {
  return {
    'console.notifications': (_input, { signal }) => platform.notifications?.(signal) ?? nothing(),
    'console.info': async () => platform.info,
    'console.health': (_input, { signal }) => watchHealth(storage, clock, signal),
    'console.openDemo': async () => ({ address: await platform.openDemo() })
  }
}

async function* nothing(): AsyncGenerator<never, void> {}

async function* watchHealth(
  storage: Storage,
  clock: Clock,
  signal: AbortSignal
): AsyncGenerator<ConsoleHealth, void> {
  while (!signal.aborted) {
    yield await storage.health()
    await sleepUnlessAborted(clock, HEALTH_EVERY_MS, signal)
  }
}
