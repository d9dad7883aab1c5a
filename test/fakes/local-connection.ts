/**
 * A `Connection` without ssh: its channels are real shells of this machine. For tests of scripts and parsers over the
 * same interface that `remote/ssh` implements.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { AppError } from '#contract/errors.ts'
import type { Connection, ScriptResult, ShellChannel } from '../../src-main/application/servers/connection.ts'

/** Command lines of the shells that `/bin/sh` is on real systems. */
export const LOCAL_SHELLS = {
  sh: ['/bin/sh', '-s'],
  dash: ['/bin/dash', '-s'],
  bash: ['/bin/bash', '--posix', '-s'],
  ash: ['/bin/busybox', 'ash', '-s']
} as const satisfies Record<string, readonly string[]>

export interface LocalConnectionOptions {
  /** The shell's command line; /bin/sh -s by default. */
  readonly shell?: readonly string[]
  /** Environment of the shell; that of the tests by default. */
  readonly env?: NodeJS.ProcessEnv
  /** Largest piece in which output is handed on, in bytes: finds parsers that need whole lines. Default: as it comes. */
  readonly chunkBytes?: number
  /** Bytes that every channel says before its shell starts (a noisy rc file). */
  readonly noise?: string
  /** How many channels may be open at once; more are refused with channelRefused. */
  readonly maxChannels?: number
}

export interface LocalConnection extends Connection {
  /** The shells started so far, oldest first; tests may stop or kill them. */
  readonly children: readonly ChildProcessWithoutNullStreams[]
  /** All that was written to the channels, oldest first. */
  readonly written: readonly string[]
  /** Ends the connection as a dead link would. */
  breakLink(error?: AppError): void
}

export function createLocalConnection(options: LocalConnectionOptions = {}): LocalConnection {
  const [command = '/bin/sh', ...args] = options.shell ?? LOCAL_SHELLS.sh
  const children: ChildProcessWithoutNullStreams[] = []
  const open = new Set<ShellChannel>()
  const written: string[] = []
  let closedBy: AppError | null = null
  let resolveClosed: (error: AppError) => void = () => undefined
  const closed = new Promise<AppError>((resolve) => {
    resolveClosed = resolve
  })

  function openChannel(): ShellChannel {
    if (closedBy !== null) throw new AppError('disconnected', { cause: closedBy })
    if (open.size >= (options.maxChannels ?? Number.POSITIVE_INFINITY)) throw new AppError('channelRefused')
    // A process group of its own, as sshd gives each channel.
    const child = spawn(command, args, { stdio: 'pipe', env: options.env ?? process.env, detached: true })
    children.push(child)
    const channel = channelOf(child, options, written)
    open.add(channel)
    void channel.closed.then(() => open.delete(channel))
    return channel
  }

  function close(error: AppError): void {
    if (closedBy !== null) return
    closedBy = error
    for (const channel of open) channel.close()
    resolveClosed(error)
  }

  return {
    address: '127.0.0.1',
    serverSoftware: 'SSH-2.0-local',
    closed,
    children,
    written,
    async openShell({ signal }) {
      if (signal.aborted) throw new AppError('cancelled', { cause: signal.reason })
      return openChannel()
    },
    run: (script, runOptions) => runToEnd(openChannel(), script, runOptions),
    openForward: () => Promise.reject(new Error('not played')),
    openTerminal: () => Promise.reject(new Error('not played')),
    probe: async () => closedBy === null,
    close: () => {
      close(new AppError('disconnected'))
    },
    breakLink: (error = new AppError('linkFrozen', { retryable: true })) => {
      close(error)
    }
  }
}

function channelOf(
  child: ChildProcessWithoutNullStreams,
  options: LocalConnectionOptions,
  written: string[]
): ShellChannel {
  let gone = false
  const closed = new Promise<{ exitCode: number | null; signal: string | null }>((resolve) => {
    child.once('error', () => {
      gone = true
      resolve({ exitCode: null, signal: null })
    })
    child.once('close', (exitCode, signal) => {
      gone = true
      resolve({ exitCode, signal })
    })
  })
  // A shell that has ended answers writes with EPIPE; the rejected write tells the caller.
  child.stdin.on('error', () => {
    gone = true
  })
  const feed = (listener: (chunk: Uint8Array) => void) => (chunk: Buffer) => {
    const size = options.chunkBytes ?? chunk.length
    for (let at = 0; at < chunk.length; at += size) listener(chunk.subarray(at, at + size))
  }
  return {
    onData: (listener) => {
      if (options.noise !== undefined) feed(listener)(Buffer.from(options.noise))
      child.stdout.on('data', feed(listener))
    },
    onErrorData: (listener) => {
      child.stderr.on('data', feed(listener))
    },
    write: (data) =>
      new Promise((resolve, reject) => {
        if (gone) {
          reject(new AppError('disconnected'))
          return
        }
        written.push(typeof data === 'string' ? data : new TextDecoder().decode(data))
        child.stdin.write(data, (error) => {
          if (error) reject(new AppError('disconnected', { cause: error }))
          else resolve()
        })
      }),
    pause: () => void child.stdout.pause(),
    resume: () => void child.stdout.resume(),
    end: () => {
      child.stdin.end()
    },
    closed,
    close: () => {
      child.kill('SIGKILL')
      for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy()
    }
  }
}

async function runToEnd(
  channel: ShellChannel,
  script: string,
  options: { signal: AbortSignal; deadlineMs: number; maxBytes?: number }
): Promise<ScriptResult> {
  const maxBytes = options.maxBytes ?? 8 * 1024 * 1024
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() }
  const texts = { stdout: '', stderr: '' }
  const failure = Promise.withResolvers<never>()
  const take = (name: 'stdout' | 'stderr') => (chunk: Uint8Array) => {
    texts[name] += decoders[name].decode(chunk, { stream: true })
    if (texts[name].length > maxBytes)
      failure.reject(new AppError('outputTooLarge', { params: { maxBytes } }))
  }
  channel.onData(take('stdout'))
  channel.onErrorData(take('stderr'))
  const timer = setTimeout(() => {
    failure.reject(new AppError('deadlineExceeded', { retryable: true }))
  }, options.deadlineMs)
  const onAbort = (): void => {
    failure.reject(new AppError('cancelled', { cause: options.signal.reason }))
  }
  options.signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([channel.write(script), failure.promise])
    channel.end()
    const { exitCode } = await Promise.race([channel.closed, failure.promise])
    return { exitCode, ...texts }
  } finally {
    clearTimeout(timer)
    options.signal.removeEventListener('abort', onAbort)
    channel.close()
  }
}
