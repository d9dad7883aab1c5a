/** What the operator can do with a server, wherever it is shown: cards, table, tree, palette, the server's own page. */
import type { ServerView } from '#contract/servers.ts'
import {
  CirclePause,
  CirclePlay,
  Download,
  ExternalLink,
  KeyRound,
  PlugZap,
  ShieldQuestionMark,
  SquarePen,
  SquareTerminal,
  Trash2
} from '@lucide/vue'
import type { Component } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { toServer } from '../../app/routes.ts'
import { useRpc } from '../../app/rpc-provider.ts'
import { useErrorWords } from '../../locales/error-words.ts'
import { useDialogs, useToasts, visibleText, type MenuItem } from '../../ui/index.ts'
import { openServerDialog } from '../add-server/index.ts'
import { openServerTerminal } from '../consoles/index.ts'
import { useExportDialog } from '../export/index.ts'
import { openHostKeyDialog } from '../host-keys/index.ts'
import { usePower } from '../switching/index.ts'
import { remedyFor, type Remedy } from '../servers/index.ts'
import RemoveServerDialog from './RemoveServerDialog.vue'
import SecretDialog from './SecretDialog.vue'

export interface ServerAction {
  readonly label: string
  readonly icon: Component
  run(): void
}

export interface ServerActions {
  /** The one thing that helps a server which is off or empty; null when nothing does. */
  remedy(server: ServerView): ServerAction | null
  /** Tries to connect at once. */
  connectNow(server: ServerView): void
  menu(server: ServerView): MenuItem[]
  edit(server: ServerView): void
  /** Opens a shell on the server and shows it. */
  terminal(server: ServerView): void
  /** Starts or stops collecting; stopping is asked for, with what it means. */
  setCollecting(server: ServerView, collecting: boolean): void
}

export function useServerActions(): ServerActions {
  const { t } = useI18n()
  const rpc = useRpc()
  const router = useRouter()
  const dialogs = useDialogs()
  const exports = useExportDialog()
  const toasts = useToasts()
  const errorWords = useErrorWords()
  const power = usePower()

  /** Runs in the background of a click; a failure becomes a message that names what failed. */
  const run = async (server: ServerView, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      const words = errorWords(error)
      toasts.show({
        tone: 'red',
        title: `${visibleText(server.record.name)}: ${words.title}`,
        text: words.next
      })
    }
  }

  const connectNow = (server: ServerView): void =>
    void run(server, () => rpc.call('servers.connectNow', { serverId: server.record.id }))
  const setCollecting = (server: ServerView, collecting: boolean): void =>
    void run(server, async () => {
      const name = visibleText(server.record.name)
      const sure =
        collecting ||
        (await dialogs.confirm({
          title: t('fleet.stopCollecting.title', { name }),
          text: t('fleet.stopCollecting.text'),
          confirmLabel: t('fleet.act.stop')
        }))
      if (sure) await rpc.call('servers.setCollecting', { serverId: server.record.id, collecting })
    })
  const edit = (server: ServerView): void => void run(server, () => openServerDialog({ edit: server }))

  const terminal = (server: ServerView): void =>
    void run(server, async () => {
      await openServerTerminal(
        server.record.id,
        t('consoles.terminalLabel', { server: visibleText(server.record.name) })
      )
      await router.push(toServer(server.record.id, 'terminal'))
    })

  const checkKey = (server: ServerView): void =>
    void run(server, async () => {
      const { connection } = server
      const question = connection.kind === 'offline' ? connection.failure.hostKey : null
      if (question === null) return
      if (await openHostKeyDialog(question)) {
        await rpc.call('servers.connectNow', { serverId: server.record.id })
      }
    })

  const giveSecret = (server: ServerView, kind: 'password' | 'passphrase'): void =>
    void run(server, () => dialogs.open(SecretDialog, { server, kind }))

  const remove = (server: ServerView): void =>
    void run(server, async () => {
      if ((await dialogs.open(RemoveServerDialog, { server })) !== true) return
      toasts.show({ tone: 'ok', title: t('fleet.remove.done', { name: visibleText(server.record.name) }) })
      if (router.currentRoute.value.params['serverId'] === server.record.id) await router.push('/')
    })

  const remedies: Record<Remedy, (server: ServerView) => ServerAction> = {
    fixLogin: (server) => ({ label: t('fleet.act.fixLogin'), icon: SquarePen, run: () => edit(server) }),
    checkKey: (server) => ({
      label: t('fleet.act.checkKey'),
      icon: ShieldQuestionMark,
      run: () => checkKey(server)
    }),
    givePassword: (server) => ({
      label: t('fleet.act.giveSecret'),
      icon: KeyRound,
      run: () => giveSecret(server, 'password')
    }),
    givePassphrase: (server) => ({
      label: t('fleet.act.givePassphrase'),
      icon: KeyRound,
      run: () => giveSecret(server, 'passphrase')
    }),
    tryNow: (server) => ({ label: t('fleet.act.tryNow'), icon: PlugZap, run: () => connectNow(server) })
  }

  return {
    connectNow,
    edit,
    terminal,
    setCollecting,
    remedy(server) {
      if (server.connection.kind === 'stopped') {
        return { label: t('fleet.act.start'), icon: CirclePlay, run: () => setCollecting(server, true) }
      }
      const remedy = remedyFor(server)
      return remedy === null ? null : remedies[remedy](server)
    },
    menu(server) {
      const online = server.connection.kind === 'online'
      const { collecting } = server.record
      return [
        {
          id: 'open',
          label: t('fleet.act.open'),
          icon: ExternalLink,
          onSelect: () => void router.push(toServer(server.record.id))
        },
        {
          id: 'terminal',
          label: t('consoles.terminal.tab'),
          icon: SquareTerminal,
          ...(server.record.lookOnly
            ? { disabledReason: t('consoles.lookOnly.title') }
            : online
              ? {}
              : { disabledReason: t('consoles.away.title') }),
          onSelect: () => terminal(server)
        },
        { id: 'edit', label: t('fleet.act.edit'), icon: SquarePen, onSelect: () => edit(server) },
        {
          id: 'connect',
          label: t('fleet.act.connectNow'),
          icon: PlugZap,
          ...(online ? { disabledReason: t('fleet.act.alreadyOn') } : {}),
          onSelect: () => connectNow(server)
        },
        {
          id: 'collecting',
          label: t(collecting ? 'fleet.act.stop' : 'fleet.act.start'),
          icon: collecting ? CirclePause : CirclePlay,
          onSelect: () => setCollecting(server, !collecting)
        },
        {
          id: 'export',
          label: t('fleet.act.exportHistory'),
          icon: Download,
          onSelect: () => void run(server, () => exports.open({ servers: [server.record.id] }))
        },
        ...power.menu(server),
        { id: 'line', separator: true },
        {
          id: 'remove',
          label: t('fleet.act.remove'),
          icon: Trash2,
          danger: true,
          onSelect: () => remove(server)
        }
      ]
    }
  }
}
