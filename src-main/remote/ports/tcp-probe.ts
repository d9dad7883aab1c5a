/**
 * Whether a port answers, by an ordinary TCP connection of Node's `net`: no raw sockets, so no special rights. What the
 * kernel tells of a failed connection is all there is: a port that a firewall rejects by ICMP "port unreachable" looks like one
 * where nobody listens (both are ECONNREFUSED).
 */
import { createConnection } from 'node:net'
import { AppError } from '#contract/errors.ts'
import type { Probed } from '../../application/ports/port-access.ts'

type Answer = Pick<Probed, 'state' | 'reason'>

const ANSWERS: Readonly<Record<string, Answer>> = {
  ECONNREFUSED: { state: 'closed', reason: 'reset' },
  ECONNRESET: { state: 'closed', reason: 'reset' },
  EHOSTUNREACH: { state: 'filtered', reason: 'hostUnreachable' },
  EHOSTDOWN: { state: 'filtered', reason: 'hostUnreachable' },
  ENETUNREACH: { state: 'filtered', reason: 'netUnreachable' },
  ENETDOWN: { state: 'filtered', reason: 'netUnreachable' },
  EADDRNOTAVAIL: { state: 'filtered', reason: 'netUnreachable' },
  ETIMEDOUT: { state: 'filtered', reason: 'noResponse' },
  EACCES: { state: 'filtered', reason: 'localRefusal' },
  EPERM: { state: 'filtered', reason: 'localRefusal' }
}

/** Rejects only with cancelled, and with a fault of this computer (no sockets left), which is no answer of any port. */
export function probeTcp(
  address: string,
  port: number,
  { signal, deadlineMs }: { readonly signal: AbortSignal; readonly deadlineMs: number }
): Promise<Probed> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new AppError('cancelled', { cause: signal.reason }))
      return
    }
    const startedMs = performance.now()
    const socket = createConnection({ host: address, port, noDelay: true })
    const finish = (settle: () => void): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      // An ordinary end: a service that gets a reset instead may call it an error in its log.
      socket.destroy()
      settle()
    }
    const answered = (answer: Answer): void =>
      finish(() => {
        const silent = answer.reason === 'noResponse'
        resolve({ ...answer, answerMs: silent ? null : performance.now() - startedMs })
      })
    const onAbort = (): void => finish(() => reject(new AppError('cancelled', { cause: signal.reason })))
    const timer = setTimeout(() => answered({ state: 'filtered', reason: 'noResponse' }), deadlineMs)
    signal.addEventListener('abort', onAbort, { once: true })
    socket.once('connect', () => answered({ state: 'open', reason: 'synAck' }))
    // Stays on the destroyed socket: an error may still follow.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const answer = ANSWERS[error.code ?? '']
      if (answer !== undefined) answered(answer)
      else finish(() => reject(new AppError('internal', { cause: error })))
    })
  })
}
