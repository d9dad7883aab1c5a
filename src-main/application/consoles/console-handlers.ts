/** What the window can ask about consoles. Input is a write: refused on look-only servers, and a row of the journal. */
import type { TerminalId } from '#contract/consoles.ts'
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type { VmRef } from '#contract/ids.ts'
import type { VirthelmContract } from '#contract/index.ts'
import { ViewOnlyFilter } from '../../domain/rfb/view-only.ts'
import { SpiceClientFilter } from '../../domain/spice/client-filter.ts'
import { type JournalDeps, journalled, sessionOf, writableSessionOf } from '../operations/journal-row.ts'
import type { TerminalStream } from '../servers/connection.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { ServerRuntime } from '../servers/server-runtime.ts'
import type { OpenedSpice } from './machine-consoles.ts'
import { pipe } from './pipe.ts'

export interface ConsoleHandlerDeps extends JournalDeps {
  readonly directory: ServerDirectory
}

type ConsoleHandlers = Pick<Handlers<VirthelmContract>, Extract<keyof VirthelmContract, `consoles.${string}`>>

const OPEN_DEADLINE_MS = 10_000
const PICTURE_DEADLINE_MS = 15_000
/** A VM that is switched off closes its display a moment before libvirt knows. */
const SETTLE_MS = 1_000
const STILL_RUNS_DEADLINE_MS = 5_000

export function consoleHandlers(deps: ConsoleHandlerDeps): ConsoleHandlers {
  const { directory } = deps
  const terminals = new Map<TerminalId, TerminalStream>()
  return {
    async 'consoles.vnc'({ serverId, vmUuid }, { signal }, window) {
      const runtime = directory.get(serverId)
      const { consoles } = sessionOf(runtime)
      const opened = await consoles.openVnc(vmUuid, signal)
      if (runtime.record.lookOnly) {
        const filter = new ViewOnlyFilter()
        await pipe(window, opened.stream, signal, (bytes) => filter.take(bytes))
        return
      }
      const operation = { action: 'machine.vnc', record: runtime.record, vm: named(runtime, vmUuid) }
      await whileOpen(operation, opened.shown, deps, () => pipe(window, opened.stream, signal))
    },
    async 'consoles.displays'({ serverId, vmUuid }, { signal }) {
      const { consoles } = sessionOf(directory.get(serverId))
      return { kinds: [...(await consoles.displays(vmUuid, signal))] }
    },
    async 'consoles.spice'({ serverId, vmUuid, channel }, { signal }, window) {
      const runtime = directory.get(serverId)
      const { record } = runtime
      const isMain = channel === 'main'
      const { consoles } = channel === 'inputs' ? writableSessionOf(runtime) : sessionOf(runtime)
      const opened = await consoles.openSpice(vmUuid, signal)
      const filter = new SpiceClientFilter(channel, { lookOnly: record.lookOnly })
      const work = (): Promise<void> => pipe(window, opened.stream, signal, (bytes) => filter.take(bytes))
      // The main channel stands for the session: no other is let in without it.
      if (!isMain || record.lookOnly) await work()
      else {
        const operation = { action: 'machine.spice', record, vm: named(runtime, vmUuid) }
        await whileOpen(operation, opened.shown, deps, work)
      }
      if (isMain) await failIfTaken(opened, deps, signal)
    },
    async 'consoles.serial'({ serverId, vmUuid, takeOver }, { signal }, window) {
      const runtime = directory.get(serverId)
      const { consoles } = writableSessionOf(runtime)
      const operation = { action: 'machine.serial', record: runtime.record, vm: named(runtime, vmUuid) }
      await whileOpen(operation, consoles.serialCommand(vmUuid, takeOver), deps, async () => {
        await pipe(window, await consoles.openSerial(vmUuid, takeOver, signal), signal)
      })
    },
    async 'consoles.terminal'({ serverId, terminalId, columns, rows }, { signal }, window) {
      const runtime = directory.get(serverId)
      const { record, connection } = runtime
      if (record.lookOnly)
        throw new AppError('refused', { params: { what: 'lookOnly', server: record.name } })
      if (connection === null)
        throw new AppError('disconnected', { params: { server: record.name }, retryable: true })
      if (terminals.has(terminalId)) throw new AppError('conflict')
      const { user, host, port } = record.connection
      const shown = `ssh -p ${port} ${user}@${host}`
      await whileOpen({ action: 'terminal', record, vm: null }, shown, deps, async () => {
        const terminal = await connection.openTerminal(
          { columns, rows, script: null },
          { signal, deadlineMs: OPEN_DEADLINE_MS }
        )
        terminals.set(terminalId, terminal)
        try {
          await pipe(window, terminal, signal)
        } finally {
          terminals.delete(terminalId)
        }
      })
    },
    async 'consoles.resizeTerminal'({ terminalId, columns, rows }) {
      terminals.get(terminalId)?.resize({ columns, rows })
      return null
    },
    async 'consoles.picture'({ serverId, vmUuid }, { signal }) {
      const { consoles } = writableSessionOf(directory.get(serverId))
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(PICTURE_DEADLINE_MS)])
      const { widthPx, heightPx, rgb } = await consoles.picture(vmUuid, deadline)
      return { widthPx, heightPx, rgbBase64: Buffer.from(rgb).toString('base64') }
    }
  }
}

/** The display ended the session. Whether the VM did, or somebody else came, decides if it is opened again by itself. */
async function failIfTaken(
  opened: OpenedSpice,
  { clock }: ConsoleHandlerDeps,
  signal: AbortSignal
): Promise<void> {
  await clock.sleep(SETTLE_MS, signal)
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(STILL_RUNS_DEADLINE_MS)])
  // One that cannot be asked for any more has ended.
  if (await opened.stillRuns(deadline).catch(() => false)) throw new AppError('displayTaken')
}

function named(runtime: ServerRuntime, uuid: VmRef['vmUuid']): { uuid: VmRef['vmUuid']; name: string } {
  return { uuid, name: runtime.machines.view(uuid)?.name ?? uuid }
}

/**
 * One row for the whole time that a console is open, without a word of what was typed or seen. A console that could not
 * be opened is a row that failed; one whose link was lost has an unknown end.
 */
async function whileOpen(
  operation: Parameters<typeof journalled>[0],
  shown: string,
  deps: ConsoleHandlerDeps,
  work: () => Promise<void>
): Promise<void> {
  const { clock } = deps
  await journalled(operation, deps, async (journal) => {
    await journal.beforeSend(shown)
    const startedMs = clock.monotonicMs()
    const end = (exitCode: number, stderr: string): Promise<void> =>
      journal.afterSend({ exitCode, stderr, durationMs: Math.round(clock.monotonicMs() - startedMs) })
    try {
      await work()
      await end(0, '')
    } catch (error) {
      const code = error instanceof AppError ? error.code : 'internal'
      if (code === 'cancelled') await end(0, '')
      else if (code !== 'disconnected') await end(1, code)
      throw error
    }
  })
}
