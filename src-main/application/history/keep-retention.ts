/** Thins the history by the operator's levels, every hour, until it is told to end. */
import { sleepUnlessAborted } from '../clock.ts'
import type { EngineDeps } from '../engine-deps.ts'
import type { SettingsKeeper } from '../settings/settings-keeper.ts'

const RETENTION_EVERY_MS = 3_600_000

/** Never rejects. */
export async function keepRetention(
  { storage, clock, platform }: EngineDeps,
  settings: SettingsKeeper,
  signal: AbortSignal
): Promise<void> {
  while (!signal.aborted) {
    await sleepUnlessAborted(clock, RETENTION_EVERY_MS, signal)
    if (signal.aborted) return
    try {
      await storage.history.applyRetention(settings.current().retention, clock.nowMs())
    } catch (cause) {
      // Tried again in an hour; a full disk frees its own reserve meanwhile.
      platform.log.error('history.retentionFailed', cause)
    }
  }
}
