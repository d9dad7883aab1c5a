/** The operator's choices: read once, changed field by field, watched by every window. */
import type { Handlers } from '#contract/define.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { Settings } from '#contract/settings.ts'
import type { SettingsStore } from '../storage.ts'
import { createTopic } from '../streams.ts'

type SettingsHandlers = Pick<
  Handlers<VirthelmContract>,
  Extract<keyof VirthelmContract, `settings.${string}`>
>

export interface SettingsKeeper {
  current(): Settings
  /** They were written past this. */
  reload(): Promise<void>
  readonly handlers: SettingsHandlers
}

export async function openSettings(store: SettingsStore): Promise<SettingsKeeper> {
  let settings = await store.read()
  const topic = createTopic<Settings>(settings)
  return {
    current: () => settings,
    async reload() {
      settings = await store.read()
      topic.publish(settings)
    },
    handlers: {
      'settings.watch': (_input, { signal }) => topic.latest(signal),
      'settings.change': async (change) => {
        const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
        const next: Settings = { ...settings, ...given }
        await store.write(next)
        settings = next
        topic.publish(next)
        return next
      }
    }
  }
}
