/** What is there before an import, and what it changes, in every table that it writes. */
import type { AlertRule } from '#contract/alert-rules.ts'
import { ServerId } from '#contract/ids.ts'
import type { HostKey } from '#contract/servers.ts'
import { Settings } from '#contract/settings.ts'
import type { ConfigurationChange } from '../application/configuration-file/configuration-store.ts'
import { presetRules } from '../domain/alerts/presets.ts'
import type { ConsoleFile } from './console-file.ts'
import { serverRecord } from './test-support.ts'

export const OPENED_AT_MS = Date.UTC(2026, 10, 28, 12)
export const idOf = (number: number): string => `00000000-0000-4000-8000-00000000000${String(number)}`
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
/** Rules that come with the console, whatever they are. */
const rule = (index: number): AlertRule => {
  const found = presetRules(1)[index]
  if (found === undefined) throw new Error('no such rule')
  return found
}
const server = (name: string, number: number): ReturnType<typeof serverRecord> =>
  serverRecord(name, ServerId.parse(idOf(number)))
const key = (name: string): HostKey => ({
  host: 'a.example',
  port: 22,
  type: 'ssh-ed25519',
  fingerprint: `SHA256:${name}`,
  keyBase64: name
})

export function fillBefore({ servers, pins, settings, alerts, blobs }: ConsoleFile): void {
  servers.insert(server('alpha', 1))
  servers.insert(server('beta', 2))
  pins.pin(key('old'), true, 1)
  settings.write(Settings.parse({ intervalMs: 10_000 }))
  alerts.commit({ rules: [rule(0), rule(1)] })
  blobs.set(`secret:${idOf(2)}`, bytes('sealed'))
  blobs.set('alert-channels', bytes('{"channels":[]}'))
}

/** One gone, one new, names that change hands, another key, settings, rules and blobs. */
export const CHANGE: ConfigurationChange = {
  servers: [server('beta', 1), server('gamma', 3)],
  removedServers: [ServerId.parse(idOf(2))],
  hostKeys: [key('new')],
  unpinned: [{ host: 'a.example', port: 22 }],
  settings: Settings.parse({ intervalMs: 20_000, theme: 'light' }),
  alerts: { rules: [rule(2)], removedRules: [rule(0).id] },
  blobs: new Map([
    ['alert-channels', bytes('{"channels":[1]}')],
    [`options/ports/${idOf(3)}`, bytes('{}')]
  ]),
  forgotten: [idOf(2)]
}
