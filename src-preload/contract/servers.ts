/** Servers: the operator's list, how each is reached, and what is known of each right now. */
import { z } from 'zod'
import { call, stream, task } from './define.ts'
import { ErrorInfo } from './errors.ts'
import { PromptId, ServerId, VmUuid } from './ids.ts'
import { ServerFacts } from './server-facts.ts'
import { ServerNow } from './server-now.ts'
import { AtMs, RemoteText } from './units.ts'
import { CapabilityCause, CapabilityId, Presence, ServerPowerAction } from './vocabulary.ts'

export { MAX_MEMORY_MODULES, MemoryModule, ServerFacts } from './server-facts.ts'
export { GpuNow, MAX_GPUS, ServerNow } from './server-now.ts'

const Address = z.string().trim().min(1).max(253)
const Port = z.int().min(1).max(65_535)
const User = z.string().trim().min(1).max(64)
const KeyFile = z.string().trim().min(1).max(1024)
/** A password or passphrase on its way in. It never comes back out of main. */
export const SecretText = z.string().min(1).max(4096)

/** One host to pass through on the way (ProxyJump). Logged in to with the same agent, key files and password. */
export const JumpHop = z.object({ host: Address, port: Port.default(22), user: User })
export type JumpHop = z.infer<typeof JumpHop>

/** How a server is reached and logged in to. Holds no secret. */
export const ConnectionSettings = z.object({
  host: Address,
  port: Port.default(22),
  user: User,
  /** Ask the running ssh agent first. */
  useAgent: z.boolean().default(true),
  /** Private key files on the workstation, tried in this order. `~/` is the operator's home folder. */
  keyFiles: z.array(KeyFile).max(16).default([]),
  /** Log in by password or keyboard-interactive when the rest is refused. */
  usePassword: z.boolean().default(false),
  /** Nearest hop first. */
  jumps: z.array(JumpHop).max(4).default([])
})
export type ConnectionSettings = z.infer<typeof ConnectionSettings>

export const ServerName = z.string().trim().min(1).max(80)
export const Tag = z
  .string()
  .trim()
  .min(1)
  .max(32)
  .regex(/^[^\s,:]+$/)

/** Of one server. */
export const MAX_TAGS = 16
export const Location = z.string().trim().max(80)
export const IntervalMs = z.int().min(2_000).max(60_000)

/** What the operator types about a server. */
export const ServerDraft = z.object({
  name: ServerName,
  location: Location.default(''),
  tags: z.array(Tag).max(MAX_TAGS).default([]),
  note: z.string().trim().max(2000).default(''),
  /** Look-only: main refuses every write on this server and its VMs. */
  lookOnly: z.boolean().default(false),
  /** Ask with `sudo -n` for what the login user may not read. Never asks for a password; off unless the operator says so. */
  useSudo: z.boolean().default(false),
  /** Connect and collect values into the history. Off = not connected, history kept. */
  collecting: z.boolean().default(true),
  /** null = the console's default interval. */
  intervalMs: IntervalMs.nullable().default(null),
  connection: ConnectionSettings
})
export type ServerDraft = z.infer<typeof ServerDraft>

/** Secrets that go with a draft. Kept by the platform's secret store, or in memory only where there is none. */
export const ServerSecrets = z.object({
  password: SecretText.optional(),
  passphrase: SecretText.optional(),
  /** Keep them for the next start (only where a secret store can be had). */
  remember: z.boolean().default(false)
})
export type ServerSecrets = z.infer<typeof ServerSecrets>

/** Of one server. */
export const MAX_MACHINES_NOT_COLLECTED = 10_000

export const ServerRecord = ServerDraft.extend({
  id: ServerId,
  addedAtMs: AtMs,
  /** VMs whose values are shown but not kept: the operator stopped collecting them. */
  machinesNotCollected: z.array(VmUuid).max(MAX_MACHINES_NOT_COLLECTED).default([])
})
export type ServerRecord = z.infer<typeof ServerRecord>

/** A key that a host showed. `fingerprint` is `SHA256:…` as ssh-keygen prints it. */
export const HostKey = z.object({
  host: Address,
  port: Port,
  type: z.string().max(64),
  fingerprint: z.string().max(64),
  /** The public key as it stands in a known_hosts file (base64). */
  keyBase64: z.string().max(8192)
})
export type HostKey = z.infer<typeof HostKey>

/** Asked when a host is new (`expected` empty) or shows another key than the pinned one. */
export const HostKeyQuestion = z.object({ shown: HostKey, expected: z.array(HostKey).max(16) })
export type HostKeyQuestion = z.infer<typeof HostKeyQuestion>

export const ConnectionFailure = z.object({ error: ErrorInfo, hostKey: HostKeyQuestion.nullable() })
export type ConnectionFailure = z.infer<typeof ConnectionFailure>

/** The connection of a server, now. An expected outcome, so a union and no exception. */
export const ConnectionState = z.discriminatedUnion('kind', [
  /** Collecting was stopped by the operator. */
  z.object({ kind: z.literal('stopped'), sinceAtMs: AtMs }),
  z.object({ kind: z.literal('connecting'), sinceAtMs: AtMs, attempt: z.int() }),
  z.object({ kind: z.literal('online'), sinceAtMs: AtMs }),
  /** Unreachable or refused. `nextTryAtMs` null = waits for the operator (wrong login, unknown or changed host key). */
  z.object({
    kind: z.literal('offline'),
    sinceAtMs: AtMs,
    failure: ConnectionFailure,
    attempts: z.int(),
    nextTryAtMs: AtMs.nullable()
  })
])
export type ConnectionState = z.infer<typeof ConnectionState>

/** One thing that a server can or cannot tell. `fix` is a line to copy, made in main from constants. */
export const Capability = z.object({
  id: CapabilityId,
  works: z.boolean(),
  cause: CapabilityCause.nullable(),
  fix: z.string().max(2_000).nullable(),
  /** When the server was last asked for it; set where all lanes come together. */
  checkedAtMs: AtMs.optional()
})
export type Capability = z.infer<typeof Capability>

/** The operator shut it down, rebooted or suspended it: that it does not answer is no trouble. */
export const ExpectedOff = z.object({ action: ServerPowerAction, atMs: AtMs })
export type ExpectedOff = z.infer<typeof ExpectedOff>

/** A server as the window sees it. */
export const ServerView = z.object({
  record: ServerRecord,
  presence: Presence,
  connection: ConnectionState,
  /** Newest values; kept (and old) while the server is off. null until the first data ever. */
  now: ServerNow.nullable(),
  facts: ServerFacts.nullable(),
  factsAtMs: AtMs.nullable(),
  capabilities: z.array(Capability),
  machinesRunning: z.int().nullable(),
  machinesTotal: z.int().nullable(),
  /** Set: it is off, or will be in a moment, because the operator said so. */
  expectedOff: ExpectedOff.nullable().default(null),
  /** True when a password or passphrase of this server is kept for the next start. */
  secretKept: z.boolean()
})
export type ServerView = z.infer<typeof ServerView>

/** A snapshot first, then changes; `revision` grows by one with each event. */
export const ServersEvent = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('snapshot'),
    revision: z.int(),
    servers: z.array(ServerView),
    /** Newest network sums (bytes/s, oldest first, at most 40) for the cards' sparklines. */
    sparklines: z.record(z.string(), z.array(z.number().nullable()).max(40))
  }),
  z.object({
    kind: z.literal('change'),
    revision: z.int(),
    changed: z.array(ServerView),
    removed: z.array(ServerId)
  })
])
export type ServersEvent = z.infer<typeof ServersEvent>

/** The steps of "Test", in order. */
export const TestStepId = z.enum([
  'resolve',
  'connect',
  'hostKey',
  'login',
  'shell',
  'virsh',
  'rights',
  'sudo'
])
export type TestStepId = z.infer<typeof TestStepId>

/** One event per change of a step. `detail` holds facts for the words (address, fingerprint, ms, version). */
export const TestStep = z.object({
  step: TestStepId,
  state: z.enum(['running', 'passed', 'warned', 'failed', 'skipped']),
  durationMs: z.int().nullable(),
  detail: z.record(z.string(), z.union([z.string().max(4096), z.number()])),
  failure: ConnectionFailure.nullable()
})
export type TestStep = z.infer<typeof TestStep>

/** A host found in ~/.ssh/config. `problems` lists directives that were not followed (never executed). */
export const SshConfigHost = z.object({
  alias: z.string().max(253),
  connection: ConnectionSettings,
  problems: z.array(z.string().max(200)).max(20)
})
export type SshConfigHost = z.infer<typeof SshConfigHost>

/** A question of a login (keyboard-interactive) for the operator. */
export const Prompt = z.object({
  id: PromptId,
  serverName: z.string(),
  host: z.string(),
  title: RemoteText,
  instructions: RemoteText,
  questions: z.array(z.object({ text: RemoteText, echo: z.boolean() })).max(8)
})
export type Prompt = z.infer<typeof Prompt>

const None = z.null()
const ById = z.object({ serverId: ServerId })

export const serversContract = {
  'servers.watch': stream(z.object({}), ServersEvent, 'latest'),
  /** Saves and starts to connect. Fails with `conflict` for a name that is taken. */
  'servers.add': call(
    z.object({ draft: ServerDraft, secrets: ServerSecrets.optional() }),
    z.object({ serverId: ServerId })
  ),
  'servers.edit': call(
    z.object({ serverId: ServerId, draft: ServerDraft, secrets: ServerSecrets.optional() }),
    None
  ),
  /** Removes the server from the list with its secrets and, when asked, its history. Nothing on the server is touched. */
  'servers.remove': call(z.object({ serverId: ServerId, deleteHistory: z.boolean() }), None),
  /** Tries to connect now, also after two refused logins. */
  'servers.connectNow': call(ById, None),
  'servers.setCollecting': call(z.object({ serverId: ServerId, collecting: z.boolean() }), None),
  /** A password or passphrase that a connection waits for; then tries again. */
  'servers.giveSecrets': call(z.object({ serverId: ServerId, secrets: ServerSecrets }), None),
  'servers.forgetSecrets': call(ById, None),
  /** Goes through the steps without saving; an edited server keeps its kept secrets unless new ones are given. */
  'servers.test': task(
    z.object({
      draft: ServerDraft,
      secrets: ServerSecrets.optional(),
      serverId: ServerId.optional()
    }),
    TestStep,
    z.object({ passed: z.boolean(), steps: z.array(TestStep) })
  ),
  /** Pins exactly the key that was shown. `replace` is needed when another key was pinned before. */
  'hostKeys.trust': call(z.object({ key: HostKey, replace: z.boolean() }), None),
  'sshConfig.list': call(z.object({}), z.object({ hosts: z.array(SshConfigHost) })),
  'prompts.watch': stream(z.object({}), z.array(Prompt), 'latest'),
  /** `answers` null = the operator cancelled. */
  'prompts.answer': call(
    z.object({ promptId: PromptId, answers: z.array(z.string().max(4096)).max(8).nullable() }),
    None
  )
}
