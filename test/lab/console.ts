/** The console's own parts, pointed at the lab: what a test needs to connect as the console does. */
import type { HostKey } from '#contract/servers.ts'
import { ConnectionSettings } from '#contract/servers.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import type { Connection, Connector, ConnectRequest } from '../../src-main/application/servers/connection.ts'
import type { PinStore } from '../../src-main/application/storage.ts'
import { createConnector } from '../../src-main/remote/ssh/connector.ts'
import { createSecret } from '../../src-main/remote/ssh/secret.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { labAccount, labKey, labServer, labState, type LabKeyId } from './state.ts'

/** Host keys of all servers of the lab, as if the operator had trusted them before. */
export const labHostKeys = (): HostKey[] =>
  labState().servers.flatMap(({ address, port, hostKeys }) =>
    hostKeys.map((key) => ({ host: address, port, ...key }))
  )

/** Pins in memory. */
export function memoryPins(pinned: readonly HostKey[]): PinStore {
  let pins = [...pinned]
  const at = (host: string, port: number) => (key: HostKey) => key.host === host && key.port === port
  return {
    list: async (host, port) => pins.filter(at(host, port)),
    pin: async (key, { replace }) => {
      if (replace) pins = pins.filter((one) => !at(key.host, key.port)(one))
      pins.push(key)
    }
  }
}

export interface LabLogin {
  readonly server: string
  readonly user: string
  /** Default: the plain ed25519 key. null: no key. */
  readonly key?: LabKeyId | null
  /** Log in by the account's password (or keyboard-interactive). */
  readonly usePassword?: boolean
}

export function settingsFor(login: LabLogin): ConnectionSettings {
  const server = labServer(login.server)
  const key = login.key === undefined ? (login.usePassword === true ? null : 'ed25519') : login.key
  return ConnectionSettings.parse({
    host: server.address,
    port: server.port,
    user: login.user,
    useAgent: false,
    keyFiles: key === null ? [] : [labKey(key).privateKey],
    usePassword: login.usePassword ?? false,
    jumps: server.via === null ? [] : [{ host: labServer(server.via).address, user: login.user }]
  })
}

/** A connector that knows the lab's host keys (or the given pins), has no agent and reads no known_hosts. */
export const labConnector = (pins: PinStore = memoryPins(labHostKeys())): Connector & { close(): void } =>
  createConnector({ pins, log: silentLog, clock: systemClock, knownHostsFiles: [], agentSocket: null })

/** One attempt with the account's own password and the key's own passphrase, unless `changes` says otherwise. */
export function connectTo(
  connector: Connector,
  login: LabLogin,
  changes: Partial<ConnectRequest> = {}
): Promise<Connection> {
  const { password } = labAccount(login.user)
  const passphrase = login.key ? labKey(login.key).passphrase : null
  return connector.connect({
    serverId: null,
    settings: settingsFor(login),
    password: login.usePassword === true && password !== null ? createSecret(password) : null,
    passphrase: passphrase === null ? null : createSecret(passphrase),
    signal: AbortSignal.timeout(60_000),
    prompt: () => Promise.resolve(null),
    ...changes
  })
}
