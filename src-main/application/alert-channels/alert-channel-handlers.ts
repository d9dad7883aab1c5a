/** What the window can ask about channels. Secrets go in; none comes out. */
import type { alertChannelsContract } from '#contract/alert-channels.ts'
import type { EventOf, Handlers } from '#contract/define.ts'
import { sleepUnlessAborted, type Clock } from '../clock.ts'
import type { AlertChannels } from './alert-channels.ts'
import type { ChannelVault } from './channel-vault.ts'

/** An eye cannot follow more. */
const WATCH_INTERVAL_MS = 250

interface HandlerDeps {
  readonly channels: AlertChannels
  readonly vault: ChannelVault
  readonly clock: Clock
}

export function alertChannelHandlers(deps: HandlerDeps): Handlers<typeof alertChannelsContract> {
  const { channels } = deps
  return {
    'alertChannels.watch': (_input, { signal }) => watch(deps, signal),
    'alertChannels.save': async ({ channelId, draft, secret }) => ({
      channelId: await channels.save(channelId, draft, secret)
    }),
    'alertChannels.remove': async ({ channelId }) => {
      await channels.remove(channelId)
      return null
    },
    'alertChannels.test': async (given, { signal }) => ({
      durationMs: await channels.test({ ...given, secret: given.secret }, signal)
    })
  }
}

async function* watch(
  { channels, vault, clock }: HandlerDeps,
  signal: AbortSignal
): AsyncGenerator<EventOf<(typeof alertChannelsContract)['alertChannels.watch']>, void> {
  for await (const _changed of channels.changes(signal)) {
    yield { channels: channels.view(), canKeepSecrets: vault.canKeep }
    await sleepUnlessAborted(clock, WATCH_INTERVAL_MS, signal)
  }
}
