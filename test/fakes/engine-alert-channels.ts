/** Channels of the fake engine: the desktop's alone; tests of it always succeed. */
import type { alertChannelsContract, ChannelView } from '#contract/alert-channels.ts'
import { ChannelDraft } from '#contract/alert-channels.ts'
import type { Handlers } from '#contract/define.ts'
import type { ChannelId } from '#contract/ids.ts'
import { createTopic } from '../../src-main/application/streams.ts'

export function fakeAlertChannels(): Handlers<typeof alertChannelsContract> {
  const desktop: ChannelView = {
    id: '5f0c7d1e-0000-4000-8000-00000000de5c' as ChannelId,
    channel: ChannelDraft.parse({ name: 'Desktop', target: { kind: 'desktop' } }),
    secretKept: false,
    lastSentAtMs: null,
    waiting: 0,
    failure: null
  }
  return {
    'alertChannels.watch': (_input, { signal }) =>
      createTopic({ channels: [desktop], canKeepSecrets: true }).latest(signal),
    'alertChannels.save': async ({ channelId }) => ({ channelId: channelId ?? desktop.id }),
    'alertChannels.remove': async () => null,
    'alertChannels.test': async () => ({ durationMs: 12 })
  }
}
