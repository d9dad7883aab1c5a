/** What every write to pools, volumes and networks has in common. */
import { AppError } from '#contract/errors.ts'
import type { Log } from '../../../application/platform/platform.ts'
import type { Virsh } from '../virsh.ts'

const NAME_DEADLINE_MS = 10_000

/** @throws AppError conflict when the UUID leads to another name, or is now the *name* of another */
export async function checkName(
  virsh: Virsh,
  question: readonly string[],
  seenName: string,
  signal: AbortSignal
): Promise<void> {
  const answer = await virsh.read(question, { signal, deadlineMs: NAME_DEADLINE_MS }).catch(asGone)
  // virsh ends its answer with a line feed, and with an empty line where it is not quiet.
  const name = answer.replace(/\n+$/, '')
  if (name !== seenName.replace(/\n+$/, ''))
    throw new AppError('conflict', { params: { what: 'otherName', seenName, found: name } })
}

function asGone(error: unknown): never {
  if (error instanceof AppError && /not found|failed to get/i.test(String(error.params.stderr ?? '')))
    throw new AppError('conflict', { params: { what: 'gone', stderr: String(error.params.stderr) } })
  throw error
}

/** Sends it; libvirt's refusal because it is so already is no failure. */
export async function commandOrAlready(
  send: () => Promise<unknown>,
  already: RegExp | undefined
): Promise<'done' | 'already'> {
  try {
    await send()
    return 'done'
  } catch (error) {
    const words = error instanceof AppError && error.code === 'libvirtFailed' ? error.params.stderr : ''
    if (already?.test(String(words)) === true) return 'already'
    throw error
  }
}

/** Runs steps; when one fails, what was done before it is undone, newest first, and the failure is told. */
export async function undoing<T>(
  log: Log,
  steps: (undo: (step: () => Promise<unknown>) => void) => Promise<T>
): Promise<T> {
  const undos: (() => Promise<unknown>)[] = []
  try {
    return await steps((step) => void undos.push(step))
  } catch (error) {
    for (const undo of undos.reverse()) {
      // The first failure is the one to tell; what could not be undone has a failed row in the journal.
      await undo().catch((cause: unknown) => log.warn('stores.notUndone', { cause }))
    }
    throw error
  }
}

const UNDO_DEADLINE_MS = 20_000

/** Undoing goes on when the operator has cancelled. */
export const undoOptions = (): { signal: AbortSignal; deadlineMs: number } => ({
  signal: AbortSignal.timeout(UNDO_DEADLINE_MS + 5_000),
  deadlineMs: UNDO_DEADLINE_MS
})

/** libvirt's words for a name that another has, as conflict {name}. */
export const asTaken =
  (name: string) =>
  (error: unknown): never => {
    const words = error instanceof AppError && error.code === 'libvirtFailed' ? error.params.stderr : ''
    if (/already exists|already in use|is already defined|File exists/i.test(String(words)))
      throw new AppError('conflict', { params: { name, stderr: String(words) }, cause: error })
    throw error
  }
