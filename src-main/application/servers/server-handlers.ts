/** What the window can ask about servers. */
import type { Handlers } from '#contract/define.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { ServerId } from '#contract/ids.ts'
import type { Prompt, ServersEvent, ServerView, SshConfigHost } from '#contract/servers.ts'
import type { SnapshotFeed, Topic } from '../streams.ts'
import type { PromptBroker } from './prompt-broker.ts'
import type { SecretVault } from './secret-vault.ts'
import type { ServerDirectory } from './server-directory.ts'
import { testConnection, type TestDeps } from './test-connection.ts'

export interface ServerHandlerDeps extends Omit<TestDeps, 'onHostKeyShown'> {
  readonly directory: ServerDirectory
  readonly vault: SecretVault
  readonly prompts: PromptBroker
  readonly openPrompts: Topic<Prompt[]>
  readonly feed: SnapshotFeed<ServerView>
  readonly readSshConfig: () => Promise<SshConfigHost[]>
}

type ServerHandlers = Pick<
  Handlers<VirthelmContract>,
  Extract<
    keyof VirthelmContract,
    `servers.${string}` | `hostKeys.${string}` | `sshConfig.${string}` | `prompts.${string}`
  >
>

export function serverHandlers(deps: ServerHandlerDeps): ServerHandlers {
  const { directory, vault, prompts, openPrompts, feed } = deps
  return {
    'servers.watch': (_input, { signal }) => watchServers(directory, feed, signal),
    'servers.add': async ({ draft, secrets }) => ({ serverId: await directory.add(draft, secrets) }),
    'servers.edit': async ({ serverId, draft, secrets }) => {
      await directory.edit(serverId, draft, secrets)
      return null
    },
    'servers.remove': async ({ serverId, deleteHistory }) => {
      await directory.remove(serverId, deleteHistory)
      return null
    },
    'servers.editMany': ({ serverIds, change }) => directory.editMany(serverIds, change),
    'servers.undoEdit': ({ editId }) => directory.undoEdit(editId),
    'servers.removeMany': ({ serverIds, deleteHistory }) => directory.removeMany(serverIds, deleteHistory),
    'servers.connectNow': async ({ serverId }) => {
      directory.get(serverId).connectNow()
      return null
    },
    'servers.setCollecting': async ({ serverId, collecting }) => {
      await directory.setCollecting(serverId, collecting)
      return null
    },
    'servers.giveSecrets': async ({ serverId, secrets }) => {
      await directory.giveSecrets(serverId, secrets)
      return null
    },
    'servers.forgetSecrets': async ({ serverId }) => {
      await directory.forgetSecrets(serverId)
      return null
    },
    'servers.test': async ({ draft, secrets, serverId }, context) => {
      const steps = await testConnection(
        { ...deps, onHostKeyShown: (key) => directory.noteShownKey(key) },
        {
          serverId: serverId ?? null,
          draft,
          secrets: vault.merged(serverId, secrets),
          signal: context.signal,
          onStep: (step) => context.progress(step)
        }
      )
      return { passed: steps.every((step) => step.state !== 'failed'), steps }
    },
    'hostKeys.trust': async ({ key, replace }) => {
      await directory.trustHostKey(key, replace)
      return null
    },
    'sshConfig.list': async () => ({ hosts: await deps.readSshConfig() }),
    'prompts.watch': (_input, { signal }) => openPrompts.latest(signal),
    'prompts.answer': async ({ promptId, answers }) => {
      prompts.answer(promptId, answers)
      return null
    }
  }
}

async function* watchServers(
  directory: ServerDirectory,
  feed: SnapshotFeed<ServerView>,
  signal: AbortSignal
): AsyncGenerator<ServersEvent, void> {
  for await (const event of feed.watch(signal)) {
    const { revision } = event
    if (event.kind === 'snapshot') {
      const sparklines = Object.fromEntries(
        directory.runtimes().map((runtime) => [runtime.record.id, [...runtime.sparkline]])
      )
      yield { kind: 'snapshot', revision, servers: [...event.items], sparklines }
    } else {
      yield { kind: 'change', revision, changed: [...event.changed], removed: event.removed as ServerId[] }
    }
  }
}
