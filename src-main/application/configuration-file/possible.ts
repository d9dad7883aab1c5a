/** What the schema cannot see: names and ids that stand twice, rules that cannot be, keys that are not what they claim. */
import { createHash } from 'node:crypto'
import type { HostKey } from '#contract/servers.ts'
import { ruleProblem } from '../../domain/alerts/rule-problem.ts'
import { isZone } from '../../domain/alerts/zone-time.ts'
import { DESKTOP_CHANNEL, loginIn } from '../alert-channels/alert-channels.ts'
import type { Configuration } from './configuration.ts'
import { nameKey } from './name-key.ts'

export interface Impossible {
  readonly reason: 'notUnderstood' | 'duplicate'
  /** What of the file it is about. */
  readonly part: string
}

/** null = it can be. */
export function impossibleIn(configuration: Configuration): Impossible | null {
  return twiceIn(configuration) ?? wrongIn(configuration)
}

function twiceIn(configuration: Configuration): Impossible | null {
  const { servers, rules, silences, maintenances, channels, engines } = configuration
  const lists: readonly (readonly [string, readonly string[]])[] = [
    ['servers', servers.map(({ id }) => id)],
    ['servers', servers.map(({ name }) => nameKey(name))],
    ['rules', rules.map(({ id }) => id)],
    ['silences', silences.map(({ id }) => id)],
    ['maintenances', maintenances.map(({ id }) => id)],
    ['channels', channels.map(({ id }) => id)],
    ['channels', channels.map(({ channel }) => nameKey(channel.name))],
    ['engines', engines.map(({ id }) => id)],
    ['engines', engines.map(({ settings }) => nameKey(settings.name))]
  ]
  for (const [part, keys] of lists) {
    const twice = keys.find((key, index) => keys.indexOf(key) !== index)
    if (twice !== undefined) return { reason: 'duplicate', part: `${part}: ${twice}`.slice(0, 300) }
  }
  return null
}

function wrongIn({ servers, rules, maintenances, channels, hostKeys }: Configuration): Impossible | null {
  const wrong = [
    ...rules
      .filter((rule) => ruleProblem(rule) !== null || (rule.name === null && rule.preset === null))
      .map(({ id, name }) => `rules: ${name ?? id}`),
    ...maintenances.filter(({ zone }) => !isZone(zone)).map(({ name }) => `maintenances: ${name}`),
    ...channels
      .filter(({ id, channel }) => {
        const isDesktop = channel.target.kind === 'desktop'
        return isDesktop !== (id === DESKTOP_CHANNEL) || loginIn(channel.target)
      })
      .map(({ channel }) => `channels: ${channel.name}`),
    ...servers
      .filter(({ options }) => {
        const ids = options.processes?.patterns.map(({ id }) => id) ?? []
        return new Set(ids).size < ids.length
      })
      .map(({ name }) => `servers: ${name}`),
    ...hostKeys.filter((key) => !isWhatItClaims(key)).map(({ host, port }) => `hostKeys: ${host}:${port}`)
  ]
  return wrong[0] === undefined ? null : { reason: 'notUnderstood', part: wrong[0].slice(0, 300) }
}

/** The fingerprint is what the operator is shown, the key what is trusted. */
function isWhatItClaims({ type, fingerprint, keyBase64 }: HostKey): boolean {
  const blob = Buffer.from(keyBase64, 'base64')
  if (blob.toString('base64') !== keyBase64 || blob.byteLength < 4) return false
  const length = blob.readUInt32BE(0)
  const printed = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')
  return fingerprint === `SHA256:${printed}` && blob.subarray(4, 4 + length).toString('latin1') === type
}
