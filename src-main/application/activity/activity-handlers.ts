/** The operation journal for the window. */
import type { JournalEntry } from '#contract/activity.ts'
import type { Handlers } from '#contract/define.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { JournalStore } from '../storage.ts'
import type { Topic } from '../streams.ts'

type ActivityHandlers = Pick<
  Handlers<VirthelmContract>,
  Extract<keyof VirthelmContract, `activity.${string}`>
>

export function activityHandlers(journal: JournalStore, topic: Topic<JournalEntry>): ActivityHandlers {
  return {
    'activity.list': async ({ serverId, vmUuid, beforeId, limit }) => ({
      entries: [
        ...(await journal.list({
          ...(serverId !== undefined && { serverId }),
          ...(vmUuid !== undefined && { vmUuid }),
          ...(beforeId !== undefined && { beforeId }),
          limit
        }))
      ]
    }),
    'activity.watch': (_input, { signal }) => topic.all(signal)
  }
}
