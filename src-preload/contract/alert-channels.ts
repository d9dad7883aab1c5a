/** Ways by which alerts are told. Secrets go in and never come back out. */
import { z } from 'zod'
import { call, stream } from './define.ts'
import { ErrorInfo } from './errors.ts'
import { ChannelId } from './ids.ts'
import { SecretText } from './servers.ts'
import { AtMs, DurationMs } from './units.ts'
import { AlertLevel } from './vocabulary.ts'

const HttpUrl = z.url({ protocol: /^https?$/ }).max(2_000)
const MailAddress = z.email().max(254)

export const ChannelTarget = z.discriminatedUnion('kind', [
  /** The desktop's own notifications (browser mode: the browser's). Always there. */
  z.object({ kind: z.literal('desktop') }),
  /** A POST of JSON; its shape is in docs/alert-channels.md. `secret`, where there is one, signs it (HMAC-SHA256). */
  z.object({ kind: z.literal('webhook'), url: HttpUrl }),
  /** `secret` = access token. */
  z.object({
    kind: z.literal('ntfy'),
    server: HttpUrl,
    topic: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)
  }),
  /** `secret` = password. */
  z.object({
    kind: z.literal('email'),
    host: z.string().trim().min(1).max(253),
    port: z.int().min(1).max(65_535),
    /** tls: from the first byte (465). startTls: asked for and required (587). none: only for a relay that is trusted. */
    security: z.enum(['tls', 'startTls', 'none']),
    user: z.string().max(254).nullable(),
    from: MailAddress,
    to: z.array(MailAddress).min(1).max(20)
  })
])
export type ChannelTarget = z.infer<typeof ChannelTarget>

export const ChannelDraft = z.object({
  name: z.string().trim().min(1).max(80),
  enabled: z.boolean().default(true),
  target: ChannelTarget,
  /** Told are those of this level and above. */
  leastLevel: AlertLevel.default('AMBER'),
  /** At most so many messages an hour; what is more is gathered into one. */
  mostPerHour: z.int().min(1).max(1_000).default(20),
  /** News of this span become one message; 0 = each at once. RED is never held back longer than 30 s. */
  gatherMs: DurationMs.max(86_400_000).default(10_000)
})
export type ChannelDraft = z.infer<typeof ChannelDraft>

export const ChannelView = z.object({
  id: ChannelId,
  channel: ChannelDraft,
  secretKept: z.boolean(),
  lastSentAtMs: AtMs.nullable(),
  /** Messages that wait: gathered, held back by the limit, or to be tried again. */
  waiting: z.int(),
  /** The last try failed; null = it did not. */
  failure: z.object({ error: ErrorInfo, atMs: AtMs, nextTryAtMs: AtMs.nullable() }).nullable()
})
export type ChannelView = z.infer<typeof ChannelView>

export const MAX_CHANNELS = 32

export const alertChannelsContract = {
  'alertChannels.watch': stream(
    z.object({}),
    z.object({ channels: z.array(ChannelView).max(MAX_CHANNELS), canKeepSecrets: z.boolean() }),
    'latest'
  ),
  /** `secret`: undefined = as it is, null = none. Throws conflict for a name that is taken. */
  'alertChannels.save': call(
    z.object({
      channelId: ChannelId.nullable(),
      draft: ChannelDraft,
      secret: SecretText.nullable().optional()
    }),
    z.object({ channelId: ChannelId })
  ),
  /** Throws refused for the desktop's. */
  'alertChannels.remove': call(z.object({ channelId: ChannelId }), z.null()),
  /** Sends a test message now, also of a draft that is not saved (then with the kept secret of `channelId`, or a new one). */
  'alertChannels.test': call(
    z.object({
      channelId: ChannelId.nullable(),
      draft: ChannelDraft,
      secret: SecretText.nullable().optional()
    }),
    z.object({ durationMs: z.number() })
  )
}
