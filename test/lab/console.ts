/** The console's own parts, pointed at the lab: what a test needs to connect as the console does. */
import type { HostKey } from '#contract/servers.ts'
import { ConnectionSettings, ServerDraft } from '#contract/servers.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import type { Connection, Connector, ConnectRequest } from '../../src-main/application/servers/connection.ts'
import type { PinStore } from '../../src-main/application/storage.ts'
import { createConnector } from '../../src-main/remote/ssh/connector.ts'
import { createSecret } from '../../src-main/remote/ssh/secret.ts'
import type { Hypervisor } from '../../src-main/application/machines/hypervisor.ts'
import { PromptBroker } from '../../src-main/application/servers/prompt-broker.ts'
import { SecretVault } from '../../src-main/application/servers/secret-vault.ts'
import { ServerDirectory } from '../../src-main/application/servers/server-directory.ts'
import type { ServerRuntime } from '../../src-main/application/servers/server-runtime.ts'
import { createHostSampler } from '../../src-main/remote/sampler/index.ts'
import { FakeStorage, silentLog } from '../fakes/engine-parts.ts'
import { labAccount, labKey, labServer, labState, type LabKeyId } from './state.ts'
import { createTools } from '../../src-main/remote/tools/tool-shell.ts'
import { Telemetry } from '../../src-main/application/telemetry/telemetry.ts'

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

/** The console's supervisor over real servers; what it would keep is kept in arrays. */
export interface LabConsole {
  readonly directory: ServerDirectory
  readonly storage: FakeStorage
  /** Registers a server under its own name. Logs in with the account's own password unless another is given. */
  add(login: LabLogin, password?: string): Promise<ServerRuntime>
  close(): Promise<void>
}

export function startLabConsole(
  hypervisor: Hypervisor,
  intervalMs: number,
  telemetry = new Telemetry([])
): LabConsole {
  const pins = memoryPins(labHostKeys())
  const connector = labConnector(pins)
  const storage = new FakeStorage()
  const parts = { ...storage.asStorage(), pins }
  const cannotKeep = {
    canKeep: false,
    backend: 'none',
    encrypt: () => Promise.reject(new Error('nothing is kept')),
    decrypt: () => Promise.resolve(null)
  }
  const directory = new ServerDirectory(
    {
      connector,
      sampler: createHostSampler({ log: silentLog, clock: systemClock }),
      hypervisor,
      telemetry,
      toolsOf: createTools,
      storage: parts,
      vault: new SecretVault({ cipher: cannotKeep, blobs: parts.blobs, secretOf: createSecret }),
      prompts: new PromptBroker(() => undefined),
      clock: systemClock,
      log: silentLog,
      random: Math.random,
      defaultIntervalMs: () => intervalMs
    },
    {
      serverChanged: () => undefined,
      serverRemoved: () => undefined,
      machinesChanged: () => undefined,
      tick: () => undefined,
      mark: () => undefined
    }
  )
  return {
    directory,
    storage,
    async add(login, password) {
      const draft = ServerDraft.parse({ name: login.server, connection: settingsFor(login) })
      const given = password ?? (login.usePassword === true ? labAccount(login.user).password : null)
      const secrets = given === null ? undefined : { password: given, remember: false }
      return directory.get(await directory.add(draft, secrets))
    },
    async close() {
      await directory.close()
      connector.close()
    }
  }
}
