/** Rules and channels of the engine in memory. */
import type { AlertRule, RuleCondition } from '#contract/alert-rules.ts'
import type { ChannelView } from '#contract/alert-channels.ts'
import { ChannelDraft } from '#contract/alert-channels.ts'
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type { ChannelId, RuleId } from '#contract/ids.ts'
import type { VirthelmContract } from '#contract/index.ts'
import { createTopic } from '../../src-main/application/streams.ts'
import type { FakeServer } from './engine-model.ts'
import { fakeId } from './fake-id.ts'

const MINUTE = 60_000

const condition = (change: Partial<RuleCondition> = {}): RuleCondition => ({
  direction: 'above',
  threshold: 0.8,
  recoverAt: 0.75,
  forMs: MINUTE,
  recoverForMs: MINUTE,
  minSamples: 3,
  forecastWithinMs: null,
  noDataForMs: null,
  ...change
})

/** Those that come with the console, and one of the operator's. */
export function fakeRules(servers: readonly FakeServer[], nowMs: number): AlertRule[] {
  const rule = (index: number, preset: string | null, change: Partial<AlertRule>): AlertRule => ({
    id: fakeId(index) as RuleId,
    name: null,
    preset,
    enabled: true,
    watch: { kind: 'serverOff' },
    level: 'RED',
    scopes: [{ kind: 'fleet' }],
    condition: condition(),
    overrides: [],
    telling: { channels: 'all', againEveryMs: null, recovery: true },
    changedAtMs: nowMs - 86_400_000,
    ...change
  })
  const first = servers[0]?.view.record.id
  return [
    rule(1, 'processCpu', { watch: { kind: 'process', measure: 'cpuUsedRatio', pattern: '' } }),
    rule(2, 'cpu', {
      watch: { kind: 'metric', entityKind: 'server', metric: 'cpuUsedRatio', pattern: '' },
      condition: condition({ forMs: 5 * MINUTE })
    }),
    rule(3, 'memory', {
      watch: { kind: 'metric', entityKind: 'server', metric: 'memoryUsedRatio', pattern: '' },
      condition: condition({
        threshold: 0.9,
        recoverAt: 0.85,
        forMs: 10 * MINUTE,
        forecastWithinMs: 4 * 60 * MINUTE
      }),
      overrides:
        first === undefined
          ? []
          : [
              { scope: { kind: 'server', serverId: first }, enabled: true, condition: { threshold: 0.95 } },
              { scope: { kind: 'tag', tag: 'cuda' }, enabled: false, condition: {} }
            ]
    }),
    rule(4, 'disk', {
      watch: { kind: 'metric', entityKind: 'mount', metric: 'usedRatio', pattern: '' },
      condition: condition({ threshold: 0.9, recoverAt: 0.88, forecastWithinMs: 24 * 60 * MINUTE })
    }),
    rule(5, 'serverOff', { watch: { kind: 'serverOff' } }),
    rule(6, 'vmNotResponding', { watch: { kind: 'vmNotResponding' } }),
    rule(7, null, {
      name: '夜间 <b>backup</b> writes too slowly on the storage nodes of the old data centre',
      enabled: false,
      watch: { kind: 'metric', entityKind: 'disk', metric: 'writeBytesPerSec', pattern: 'nvme*' },
      level: 'AMBER',
      scopes: [
        { kind: 'location', location: 'Beijing DC-2' },
        { kind: 'tag', tag: 'nfs' }
      ],
      condition: condition({ direction: 'below', threshold: 5e6, recoverAt: 6e6, forMs: 15 * MINUTE }),
      telling: { channels: [fakeId(801) as ChannelId], againEveryMs: 6 * 60 * MINUTE, recovery: false }
    })
  ]
}

type ChannelHandlers = Pick<
  Handlers<VirthelmContract>,
  Extract<keyof VirthelmContract, `alertChannels.${string}`>
>

const fakeChannels = (some: boolean, nowMs: number): ChannelView[] => {
  const view = (index: number, channel: unknown, change: Partial<ChannelView> = {}): ChannelView => ({
    id: fakeId(index) as ChannelId,
    channel: ChannelDraft.parse(channel),
    secretKept: false,
    lastSentAtMs: null,
    waiting: 0,
    failure: null,
    ...change
  })
  const desktop = view(
    800,
    { name: 'Desktop', target: { kind: 'desktop' } },
    { lastSentAtMs: nowMs - 6 * MINUTE }
  )
  if (!some) return [desktop]
  return [
    desktop,
    view(
      801,
      {
        name: 'ntfy 值班',
        target: { kind: 'ntfy', server: 'https://ntfy.example.net', topic: 'virthelm-ops' }
      },
      { secretKept: true, lastSentAtMs: nowMs - 24 * MINUTE }
    ),
    view(
      802,
      {
        name: 'Mail to the night shift',
        leastLevel: 'RED',
        target: {
          kind: 'email',
          host: 'mail.example.net',
          port: 587,
          security: 'startTls',
          user: 'ops',
          from: 'virthelm@example.net',
          to: ['night@example.net', 'ops@example.net']
        }
      },
      {
        secretKept: true,
        waiting: 3,
        failure: {
          error: { code: 'connectTimeout', params: { host: 'mail.example.net', port: 587 }, retryable: true },
          atMs: nowMs - 90_000,
          nextTryAtMs: nowMs + 4 * MINUTE
        }
      }
    ),
    view(803, {
      name: 'Pager',
      enabled: false,
      target: { kind: 'webhook', url: 'https://pager.example.net/hooks/very/long/path/that/does/not/end' }
    })
  ]
}

export function fakeChannelHandlers(
  some: boolean,
  seen: (name: string, input: unknown) => void = () => undefined
): ChannelHandlers {
  let channels = fakeChannels(some, Date.now())
  const state = () => ({ channels, canKeepSecrets: true })
  const topic = createTopic(state())
  let made = 850
  return {
    'alertChannels.watch': (_input, { signal }) => topic.latest(signal),
    'alertChannels.save': async (input) => {
      seen('alertChannels.save', input)
      const { channelId, draft, secret } = input
      if (channels.some(({ id, channel }) => id !== channelId && channel.name === draft.name))
        throw new AppError('conflict', { params: { what: 'channelName', name: draft.name } })
      const before = channels.find(({ id }) => id === channelId)
      const id = channelId ?? (fakeId((made += 1)) as ChannelId)
      const next: ChannelView = {
        id,
        channel: draft,
        secretKept: secret === undefined ? (before?.secretKept ?? false) : secret !== null,
        lastSentAtMs: before?.lastSentAtMs ?? null,
        waiting: 0,
        failure: null
      }
      channels =
        before === undefined ? [...channels, next] : channels.map((view) => (view.id === id ? next : view))
      topic.publish(state())
      return { channelId: id }
    },
    'alertChannels.remove': async (input) => {
      seen('alertChannels.remove', input)
      channels = channels.filter(({ id }) => id !== input.channelId)
      topic.publish(state())
      return null
    },
    'alertChannels.test': async (input) => {
      seen('alertChannels.test', input)
      const { target } = input.draft
      if (target.kind === 'email')
        throw new AppError('connectTimeout', { params: { host: target.host, port: target.port } })
      return { durationMs: 184 }
    }
  }
}
