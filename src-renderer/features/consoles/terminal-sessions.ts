/**
 * Terminals of servers, one per server. They live as long as the window, not as long as a page: looking at a chart in
 * between must not hang up what runs in a shell.
 */
import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import { TerminalId } from '#contract/consoles.ts'
import { shallowReactive } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { createScreen, type Screen } from './screen.ts'

export type TerminalState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  /** The shell ended by itself. */
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly error: AppError; readonly wasOpen: boolean }

export interface TerminalSession {
  readonly screen: Screen
  readonly state: TerminalState
  close(): void
}

const sessions = shallowReactive(new Map<ServerId, TerminalSession>())
const encoder = new TextEncoder()
/** A window that is dragged larger says so many times a second. */
const RESIZE_MS = 80

export const terminalOf = (serverId: ServerId): TerminalSession | undefined => sessions.get(serverId)

/** Hangs up and forgets. */
export function closeTerminal(serverId: ServerId): void {
  sessions.get(serverId)?.close()
  sessions.delete(serverId)
}

/** Opens a terminal unless one is open already. */
export function openTerminal(serverId: ServerId, label: string): void {
  const before = sessions.get(serverId)
  if (before !== undefined && (before.state.kind === 'open' || before.state.kind === 'connecting')) return
  before?.close()
  const life = new AbortController()
  const screen = createScreen({ label, theme: {} })
  const set = (state: TerminalState): void => {
    if (life.signal.aborted) return
    sessions.set(serverId, { screen, state, close })
  }
  const close = (): void => {
    life.abort()
    screen.dispose()
  }
  set({ kind: 'connecting' })
  void run(serverId, screen, life.signal, set)
}

async function run(
  serverId: ServerId,
  screen: Screen,
  signal: AbortSignal,
  set: (state: TerminalState) => void
): Promise<void> {
  const rpc = useRpc()
  const { terminal } = screen
  const terminalId = TerminalId.parse(crypto.randomUUID())
  let wasOpen = false
  // The page draws it first, so that the shell begins with the right size.
  await new Promise((resolve) => setTimeout(resolve, RESIZE_MS))
  try {
    const size = { columns: terminal.cols, rows: terminal.rows }
    const shell = rpc.channel('consoles.terminal', { serverId, terminalId, ...size }, { signal })
    const typed = terminal.onData((text) => void shell.write(encoder.encode(text)).catch(() => undefined))
    const resized = terminal.onResize(
      later((to) => {
        const now = { columns: to.cols, rows: to.rows }
        rpc
          .call('consoles.resizeTerminal', { terminalId, ...now }, { signal })
          .catch((error: unknown) => console.debug('not resized', error))
      })
    )
    try {
      for await (const bytes of shell.incoming) {
        if (!wasOpen) set({ kind: 'open' })
        wasOpen = true
        await screen.write(bytes)
      }
    } finally {
      typed.dispose()
      resized.dispose()
    }
    set({ kind: 'ended' })
  } catch (cause) {
    const error = cause instanceof AppError ? cause : new AppError('internal', { cause })
    set({ kind: 'failed', error, wasOpen })
  }
}

/** The last of many, a moment later. */
function later<T>(act: (value: T) => void): (value: T) => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  return (value) => {
    clearTimeout(timer)
    timer = setTimeout(() => act(value), RESIZE_MS)
  }
}
