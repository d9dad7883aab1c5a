/** Where secrets of an export come from and those of an import go: the console's own vaults. */
import type { ChannelId, ServerId } from '#contract/ids.ts'
import { destinationOf, keptChannelSecret, type ChannelVault } from '../alert-channels/channel-vault.ts'
import { keptEngineSecret, originOf, type EngineVault } from '../engines/engine-vault.ts'
import { READING } from '../engines/outside-engines.ts'
import { keptWakePassword } from '../power/wake.ts'
import type { KeptSecret, SealedTexts } from '../sealed-texts.ts'
import type { Secret } from '../servers/connection.ts'
import { keptServerSecrets, type HeldSecrets, type SecretVault } from '../servers/secret-vault.ts'
import type { Configuration, PortableSecrets, PortableServer } from './configuration.ts'
import { hasOtherWay } from './plan.ts'

export interface Vaults {
  readonly servers: Pick<SecretVault, 'get' | 'hold'>
  readonly channels: Pick<ChannelVault, 'find' | 'hold'>
  readonly engines: Pick<EngineVault, 'find' | 'hold'>
  readonly wake: {
    passwordOf(serverId: ServerId): string | null
    hold(serverId: ServerId, password: string): void
  }
  readonly sealed: Pick<SealedTexts, 'canKeep' | 'seal'>
  readonly secretOf: (text: string) => Secret
}

/** All that are held, kept or in memory only. */
export function gatherSecrets(configuration: Configuration, vaults: Vaults): PortableSecrets {
  const { servers, channels, engines, reading } = configuration
  return {
    servers: servers.flatMap(({ id }) => {
      const { password, passphrase } = vaults.servers.get(id)
      return password === null && passphrase === null
        ? []
        : [{ id, password: password?.reveal() ?? null, passphrase: passphrase?.reveal() ?? null }]
    }),
    channels: channels.flatMap(({ id, channel }) => {
      const secret = vaults.channels.find(id, channel.target)
      return secret === null ? [] : [{ id, secret: secret.reveal() }]
    }),
    engines: engines.flatMap(({ id, settings }) => {
      const secret = vaults.engines.find(id, settings.target.url)
      return secret === null ? [] : [{ id, secret: secret.reveal() }]
    }),
    reading: reading === null ? null : (vaults.engines.find(READING, reading.url)?.reveal() ?? null),
    wake: servers.flatMap(({ id }) => {
      const password = vaults.wake.passwordOf(id)
      return password === null ? [] : [{ id, password }]
    })
  }
}

/**
 * Those of the file that find what they are for: the same server, channel or engine at the same address. One must never be sent
 * where it was not given for, whichever sections were chosen.
 */
export function placedSecrets(
  secrets: PortableSecrets,
  file: Configuration,
  ids: ReadonlyMap<string, string>,
  after: Configuration
): PortableSecrets {
  const idOf = (id: string): string => ids.get(id) ?? id
  const placed = <T, S extends { readonly id: string }>(
    list: readonly S[],
    find: (configuration: Configuration, id: string) => T | undefined,
    isSame: (a: T, b: T) => boolean
  ): S[] =>
    list.flatMap((secret) => {
      const id = idOf(secret.id)
      const [meant, there] = [find(file, id), find(after, id)]
      return meant !== undefined && there !== undefined && isSame(meant, there) ? [{ ...secret, id }] : []
    })
  const server = (configuration: Configuration, id: string): PortableServer | undefined =>
    configuration.servers.find((one) => one.id === id)
  const isThere =
    file.reading !== null &&
    after.reading !== null &&
    originOf(file.reading.url) === originOf(after.reading.url)
  return {
    servers: placed(secrets.servers, server, (a, b) => !hasOtherWay(a, b)),
    channels: placed(
      secrets.channels,
      ({ channels }, id) => channels.find((one) => one.id === id)?.channel.target,
      (a, b) => destinationOf(a) === destinationOf(b)
    ),
    engines: placed(
      secrets.engines,
      ({ engines }, id) => engines.find((one) => one.id === id)?.settings.target.url,
      (a, b) => originOf(a) === originOf(b)
    ),
    reading: isThere ? secrets.reading : null,
    wake: placed(secrets.wake, server, () => true)
  }
}

/** How an import's secrets are kept, and how the running console takes them once that is done. */
export interface Settling {
  /** By name, sealed; empty where nothing can be kept. */
  readonly blobs: ReadonlyMap<string, Uint8Array | null>
  /** Call it after the commit. */
  hold(): void
  /** Servers whose secrets are others now. */
  readonly servers: ReadonlySet<string>
}

/** @param secrets placed ones */
export async function settleSecrets(
  secrets: PortableSecrets,
  here: Configuration,
  after: Configuration,
  vaults: Vaults
): Promise<Settling> {
  const { sealed } = vaults
  const kept: KeptSecret[] = []
  const holds: (() => void)[] = []
  const moved = movedServers(here, after)
  for (const given of secrets.servers) {
    const id = given.id as ServerId
    const before = moved.has(id) ? null : vaults.servers.get(id)
    const wrap = (text: string | null, held: Secret | null | undefined): Secret | null =>
      text === null ? (held ?? null) : vaults.secretOf(text)
    const next: HeldSecrets = {
      password: wrap(given.password, before?.password),
      passphrase: wrap(given.passphrase, before?.passphrase)
    }
    kept.push(keptServerSecrets(id, next))
    holds.push(() => vaults.servers.hold(id, next, sealed.canKeep))
    moved.delete(id)
  }
  for (const { id, secret } of secrets.channels) {
    const target = after.channels.find((one) => one.id === id)?.channel.target
    if (target === undefined) continue
    kept.push(keptChannelSecret(id as ChannelId, target, secret))
    holds.push(() => vaults.channels.hold(id as ChannelId, target, secret))
  }
  const engineSecrets = secrets.engines.map(({ id, secret }) => ({
    owner: id,
    url: after.engines.find((one) => one.id === id)?.settings.target.url,
    secret
  }))
  if (secrets.reading !== null)
    engineSecrets.push({ owner: READING, url: after.reading?.url, secret: secrets.reading })
  for (const { owner, url, secret } of engineSecrets) {
    if (url === undefined) continue
    kept.push(keptEngineSecret(owner, url, secret))
    holds.push(() => vaults.engines.hold(owner, url, secret))
  }
  for (const { id, password } of secrets.wake) {
    kept.push(keptWakePassword(id as ServerId, password))
    holds.push(() => vaults.wake.hold(id as ServerId, password))
  }
  const blobs = new Map<string, Uint8Array | null>()
  // What was given for another address goes, whether or not something else comes.
  for (const id of moved) {
    blobs.set(keptServerSecrets(id, { password: null, passphrase: null }).name, null)
    holds.push(() => vaults.servers.hold(id, null, false))
  }
  for (const { name, plain } of kept) blobs.set(name, sealed.canKeep ? await sealed.seal(plain) : null)
  return {
    blobs,
    hold: () => holds.forEach((hold) => hold()),
    servers: new Set([...secrets.servers.map(({ id }) => id), ...moved])
  }
}

function movedServers(here: Configuration, after: Configuration): Set<ServerId> {
  const before = new Map(here.servers.map((server) => [server.id, server]))
  return new Set(
    after.servers
      .filter((server) => {
        const was = before.get(server.id)
        return was !== undefined && hasOtherWay(was, server)
      })
      .map(({ id }) => id)
  )
}
