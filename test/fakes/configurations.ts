/** Configurations for tests: one with something in every part, and made-up ones. */
import { createHash, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import type { HostKey } from '#contract/servers.ts'
import { DESKTOP, DESKTOP_CHANNEL } from '../../src-main/application/alert-channels/alert-channels.ts'
import {
  Configuration,
  type PortableServer
} from '../../src-main/application/configuration-file/configuration.ts'
import { presetRules } from '../../src-main/domain/alerts/presets.ts'

export const idOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`

export function hostKey(host: string, port = 22, seed = randomBytes(32)): HostKey {
  const type = 'ssh-ed25519'
  const blob = Buffer.concat([
    Buffer.of(0, 0, 0, type.length),
    Buffer.from(type),
    Buffer.of(0, 0, 0, 32),
    seed
  ])
  const printed = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')
  return { host, port, type, fingerprint: `SHA256:${printed}`, keyBase64: blob.toString('base64') }
}

export function portableServer(number: number, name: string, change: object = {}): PortableServer {
  return Configuration.shape.servers.element.parse({
    id: idOf(number),
    name,
    addedAtMs: 1_760_000_000_000 + number,
    connection: { host: `host${String(number)}.example`, user: 'root' },
    options: {},
    ...change
  })
}

const seed = Buffer.alloc(32, 7)

/** Something in every part; the same each time. */
export function sampleConfiguration(change: Partial<Configuration> = {}): Configuration {
  const channelId = idOf(201)
  return Configuration.parse({
    servers: [
      portableServer(1, 'alpha', {
        tags: ['web'],
        location: 'Zürich',
        note: 'rack 4',
        lookOnly: true,
        machinesNotCollected: [idOf(91)],
        connection: {
          host: 'host1.example',
          user: 'ops',
          port: 2222,
          jumps: [{ host: 'jump.example', user: 'j' }]
        },
        options: {
          ports: { ports: '22, 80', everyHours: 24 },
          traffic: { logs: [{ path: '/var/log/nginx/access.log' }] },
          wake: { mac: 'aa:bb:cc:dd:ee:ff', via: idOf(2) }
        }
      }),
      portableServer(2, 'beta')
    ],
    hostKeys: [hostKey('host1.example', 2222, seed), hostKey('host2.example', 22, seed)],
    settings: { intervalMs: 10_000, theme: 'dark' },
    rules: [
      ...presetRules(1_760_000_000_000),
      {
        ...presetRules(1_760_000_000_000)[1],
        id: idOf(101),
        name: 'Busy web servers',
        preset: null,
        scopes: [{ kind: 'server', serverId: idOf(1) }],
        telling: { channels: [channelId], againEveryMs: null, recovery: true }
      }
    ],
    silences: [
      {
        id: idOf(301),
        scope: { kind: 'server', serverId: idOf(2) },
        ruleId: idOf(101),
        untilAtMs: null,
        note: 'known',
        madeAtMs: 5
      }
    ],
    maintenances: [
      {
        id: idOf(302),
        name: 'Night',
        scopes: [{ kind: 'fleet' }],
        zone: 'Europe/Zurich',
        fromDay: '2026-01-01',
        at: '02:00',
        durationMs: 3_600_000,
        repeat: { kind: 'daily' }
      }
    ],
    channels: [
      { id: DESKTOP_CHANNEL, channel: DESKTOP },
      {
        id: channelId,
        channel: {
          name: 'Mail',
          target: {
            kind: 'email',
            host: 'mail.example',
            port: 465,
            security: 'tls',
            user: 'me',
            from: 'me@mail.example',
            to: ['ops@mail.example']
          }
        }
      }
    ],
    reports: { weekly: true, mailTo: channelId },
    engines: [
      {
        id: idOf(401),
        settings: {
          name: 'Influx',
          enabled: true,
          target: { kind: 'influx2', url: 'https://influx.example', org: 'o', bucket: 'b' }
        }
      }
    ],
    reading: null,
    layout: { tree: 'hidden', 'fleet.sort': 'cpu' },
    ...change
  })
}

const text = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: 'grapheme', minLength: 1, maxLength }).map((any) => `n${any.trim()}`.slice(0, maxLength))

const serversOf = (names: readonly string[]): fc.Arbitrary<PortableServer[]> =>
  fc.tuple(
    ...names.map((name, index) =>
      fc
        .record({
          note: text(200),
          location: text(40),
          lookOnly: fc.boolean(),
          useSudo: fc.boolean(),
          collecting: fc.boolean(),
          intervalMs: fc.option(fc.integer({ min: 2_000, max: 60_000 })),
          port: fc.integer({ min: 1, max: 65_535 }),
          everyHours: fc.constantFrom(0, 24)
        })
        .map(({ port, everyHours, ...draft }) =>
          portableServer(index + 1, name, {
            ...draft,
            connection: { host: `h${String(index)}.example`, user: 'root', port },
            options: everyHours === 0 ? {} : { ports: { everyHours } }
          })
        )
    )
  )

/** Names of servers differ; everything fits together. */
export const anyConfiguration: fc.Arbitrary<Configuration> = fc
  .uniqueArray(text(30), { maxLength: 6, selector: (name) => name.normalize('NFC').toLowerCase().trim() })
  .chain((names) =>
    fc.record({
      servers: serversOf(names),
      pinned: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 5 }),
      intervalMs: fc.integer({ min: 2_000, max: 60_000 }),
      theme: fc.constantFrom('system' as const, 'dark' as const, 'light' as const),
      rules: fc.subarray(sampleConfiguration().rules),
      daily: fc.boolean()
    })
  )
  .map(({ servers, pinned, intervalMs, theme, rules, daily }) => ({
    ...sampleConfiguration(),
    servers,
    hostKeys: pinned.map((number) => hostKey(`p${String(number)}.example`, 22, Buffer.alloc(32, number))),
    settings: { ...sampleConfiguration().settings, intervalMs, theme },
    rules,
    reports: { ...sampleConfiguration().reports, daily }
  }))
