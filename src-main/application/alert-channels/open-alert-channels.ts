/** Puts channels, their secrets and the teller of alerts together, for the engine. */
import type { alertChannelsContract } from '#contract/alert-channels.ts'
import type { Handlers } from '#contract/define.ts'
import type { AlertTeller } from '../alerts/alert-teller.ts'
import type { Clock } from '../clock.ts'
import type { EngineHttp } from '../engines/http.ts'
import type { Platform } from '../platform/platform.ts'
import { SealedTexts } from '../sealed-texts.ts'
import type { Secret } from '../servers/connection.ts'
import type { BlobStore } from '../storage.ts'
import { alertChannelHandlers } from './alert-channel-handlers.ts'
import { AlertChannels, type AlertChannelsDeps } from './alert-channels.ts'
import { ChannelVault } from './channel-vault.ts'
import type { Mailer } from './mailer.ts'

export interface OpenChannelsDeps {
  readonly storage: { readonly blobs: BlobStore }
  readonly platform: Pick<Platform, 'cipher' | 'log' | 'notifier'>
  readonly engineHttp: EngineHttp
  readonly mailer: Mailer
  readonly clock: Clock
  readonly random: () => number
  readonly secretOf: (text: string) => Secret
}

export interface OpenedChannels {
  readonly channels: AlertChannels
  readonly vault: ChannelVault
  readonly teller: AlertTeller
  /** For mail that is no alert. */
  readonly mailer: {
    mailboxes(): Promise<ReturnType<AlertChannels['mailboxes']>>
    send: AlertChannels['sendMail']
  }
  readonly handlers: Handlers<typeof alertChannelsContract>
}

export function openAlertChannels(
  deps: OpenChannelsDeps,
  sight: Pick<AlertChannelsDeps, 'zone' | 'lasting'>
): OpenedChannels {
  const { storage, platform, engineHttp: http, mailer, clock, random, secretOf } = deps
  const { cipher, log, notifier } = platform
  const { blobs } = storage
  const vault = new ChannelVault({ sealed: new SealedTexts({ cipher, blobs }), secretOf })
  const channels = new AlertChannels({ blobs, vault, http, mailer, notifier, clock, log, random, ...sight })
  return {
    channels,
    vault,
    teller: {
      raised: (news) => channels.tell('raised', news),
      escalated: (news) => channels.tell('escalated', news),
      again: (news) => channels.tell('again', news),
      recovered: (news) => channels.tell('recovered', news)
    },
    mailer: {
      mailboxes: async () => channels.mailboxes(),
      send: (mailbox, mail, signal) => channels.sendMail(mailbox, mail, signal)
    },
    handlers: alertChannelHandlers({ channels, vault, clock })
  }
}
