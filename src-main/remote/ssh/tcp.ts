import { createConnection, type Socket } from 'node:net'
import { AppError } from '#contract/errors.ts'
import { cancelled } from './deadline.ts'
import { socketError, where, type Endpoint } from './errors.ts'

const MIN_TRY_MS = 2_000

/**
 * Connects to the first address that answers, each tried for its share of the deadline.
 * @throws AppError connectionRefused, connectTimeout, networkUnreachable, connectionClosed, cancelled
 */
export async function connectTcp(
  addresses: readonly string[],
  endpoint: Pick<Endpoint, 'host' | 'port'>,
  options: { readonly signal: AbortSignal; readonly deadlineMs: number }
): Promise<{ socket: Socket; address: string }> {
  const untilMs = performance.now() + options.deadlineMs
  let failure: AppError | null = null
  for (const [index, address] of addresses.entries()) {
    const leftMs = untilMs - performance.now()
    if (leftMs <= 0) break
    const share = Math.max(MIN_TRY_MS, leftMs / (addresses.length - index))
    try {
      const socket = await connectOne(address, endpoint, {
        signal: options.signal,
        deadlineMs: Math.min(leftMs, share)
      })
      return { socket, address }
    } catch (error) {
      if (options.signal.aborted) throw error
      // A refusal tells the operator more than another address of the same host that is just silent.
      const tried = error instanceof AppError ? error : socketError(error, endpoint)
      if (failure === null || tried.code === 'connectionRefused') failure = tried
    }
  }
  throw failure ?? timeout(endpoint, options.deadlineMs)
}

const timeout = (endpoint: Pick<Endpoint, 'host' | 'port'>, deadlineMs: number): AppError =>
  new AppError('connectTimeout', { params: { ...where(endpoint), deadlineMs }, retryable: true })

function connectOne(
  address: string,
  endpoint: Pick<Endpoint, 'host' | 'port'>,
  options: { readonly signal: AbortSignal; readonly deadlineMs: number }
): Promise<Socket> {
  const { signal } = options
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(cancelled(signal))
      return
    }
    const socket = createConnection({ host: address, port: endpoint.port, noDelay: true })
    const settle = (finish: () => void): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      socket.removeListener('connect', onConnect)
      finish()
    }
    const fail = (error: AppError): void =>
      settle(() => {
        socket.destroy()
        reject(error)
      })
    const onAbort = (): void => fail(cancelled(signal))
    const onConnect = (): void =>
      settle(() => {
        socket.removeListener('error', onError)
        resolve(socket)
      })
    // Stays on a destroyed socket: an error may still follow.
    const onError = (error: Error): void => fail(socketError(error, endpoint))
    const timer = setTimeout(() => fail(timeout(endpoint, options.deadlineMs)), options.deadlineMs)
    signal.addEventListener('abort', onAbort, { once: true })
    socket.once('connect', onConnect)
    socket.on('error', onError)
  })
}
