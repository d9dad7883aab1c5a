/** What every ssh test needs: a connector over doubles, and a request with defaults. */
import { AppError } from '#contract/errors.ts'
import type { HostKey } from '#contract/servers.ts'
import type { Log } from '../../../application/platform/platform.ts'
import type { ConnectRequest, Connector } from '../../../application/servers/connection.ts'
import type { PinStore } from '../../../application/storage.ts'
import { createConnector, type ConnectorDeps } from '../connector.ts'
import type { Deadlines } from '../deadlines.ts'

/** Pins in memory. */
export class MemoryPins implements PinStore {
  readonly keys: HostKey[] = []

  async list(host: string, port: number): Promise<readonly HostKey[]> {
    return this.keys.filter((key) => key.host === host && key.port === port)
  }

  async pin(key: HostKey, { replace }: { replace: boolean }): Promise<void> {
    const kept = this.keys.filter((one) => !replace || one.host !== key.host || one.port !== key.port)
    this.keys.splice(0, this.keys.length, ...kept, key)
  }
}

/** Keeps every line, to be searched for what must not be there. */
export class MemoryLog implements Log {
  readonly lines: { level: string; event: string; fields: unknown; cause?: unknown }[] = []

  debug(event: string, fields?: Record<string, unknown>): void {
    this.lines.push({ level: 'debug', event, fields })
  }

  info(event: string, fields?: Record<string, unknown>): void {
    this.lines.push({ level: 'info', event, fields })
  }

  warn(event: string, fields?: Record<string, unknown>): void {
    this.lines.push({ level: 'warn', event, fields })
  }

  error(event: string, cause: unknown, fields?: Record<string, unknown>): string {
    this.lines.push({ level: 'error', event, fields, cause })
    return 'incident'
  }
}

export interface Bench {
  readonly connector: Connector & { close(): void }
  readonly pins: MemoryPins
  readonly log: MemoryLog
}

export function makeBench(
  deps: Partial<Omit<ConnectorDeps, 'pins' | 'log' | 'deadlines'>> & {
    deadlines?: Partial<Deadlines>
  } = {}
): Bench {
  const pins = new MemoryPins()
  const log = new MemoryLog()
  const clock = {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    sleep: () => Promise.reject(new Error('not used'))
  }
  const connector = createConnector({
    clock,
    homeFolder: '/nonexistent',
    knownHostsFiles: [],
    agentSocket: null,
    ...deps,
    pins,
    log
  })
  return { connector, pins, log }
}

type RequestInput = Partial<Omit<ConnectRequest, 'settings'>> & {
  readonly port: number
  readonly settings?: Partial<ConnectRequest['settings']>
}

/** A request for `operator@127.0.0.1`, by password when one is given. */
export function makeRequest({ port, settings, ...rest }: RequestInput): ConnectRequest {
  return {
    serverId: null,
    settings: {
      host: '127.0.0.1',
      port,
      user: 'operator',
      useAgent: false,
      keyFiles: [],
      usePassword: (rest.password ?? null) !== null,
      jumps: [],
      ...settings
    },
    password: null,
    passphrase: null,
    signal: new AbortController().signal,
    prompt: async () => null,
    ...rest
  }
}

/** Trusts whatever key the host shows now, as the operator would. */
export async function trust(
  { connector, pins }: Bench,
  request: ConnectRequest,
  replace = false
): Promise<void> {
  const error = await failureOf(connector.connect(request))
  const failure = connector.hostKeyFailureOf(error)
  if (!failure) throw error
  await pins.pin(failure.shown, { replace })
}

/** The AppError that the promise rejects with. */
export async function failureOf(work: Promise<unknown>): Promise<AppError> {
  try {
    await work
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  throw new Error('expected a failure')
}
