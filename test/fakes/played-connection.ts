/** A `Connection` whose channels are played by the demo fleet's players: remote code over its own protocol, no ssh. */
import { AppError } from '#contract/errors.ts'
import type { Connection, ShellChannel } from '../../src-main/application/servers/connection.ts'
import type { LaneIo, LanePlayer } from '../../src-main/demo/model.ts'
import { runScript } from '../../src-main/remote/ssh/script-run.ts'

export interface PlayedConnection extends Connection {
  /** Lines that the console sent after the scripts, by lane, oldest first. */
  readonly sent: { readonly lane: string; readonly line: string }[]
  /** Scripts of all channels, oldest first. */
  readonly scripts: { readonly lane: string; readonly script: string }[]
  /** Channels that are open now. */
  readonly openLanes: readonly string[]
  /** One-shot scripts fail with this instead of being played. */
  failRunsWith: AppError | null
  /** Ends the channels of a lane as a process that dies would. */
  endLane(lane: string): void
}

const HEADER = /^: virthelm ([a-z-]+) ([0-9a-f]{32})$/

export function createPlayedConnection(player: LanePlayer): PlayedConnection {
  const lost = Promise.withResolvers<AppError>()
  const openLanes: string[] = []
  const channels = new Set<ShellChannel>()
  const enders = new Set<(lane: string) => void>()
  const connection: PlayedConnection = {
    address: '127.0.0.1',
    serverSoftware: 'SSH-2.0-played',
    closed: lost.promise,
    sent: [],
    scripts: [],
    openLanes,
    failRunsWith: null,
    async openShell() {
      const channel = playedChannel(player, connection, openLanes, enders)
      channels.add(channel)
      return channel
    },
    async run(script, { deadlineMs, maxBytes = 8 * 1024 * 1024 }) {
      const channel = playedChannel(player, connection, openLanes, enders)
      if (connection.failRunsWith !== null) {
        // The script arrives and is played; only its answer is lost.
        const failure = connection.failRunsWith
        void runScript(channel, script, { deadlineMs, maxBytes }).catch(() => undefined)
        throw failure
      }
      return runScript(channel, script, { deadlineMs, maxBytes })
    },
    openForward: () => Promise.reject(new Error('not played')),
    openTerminal: () => Promise.reject(new Error('not played')),
    probe: async () => true,
    endLane(lane) {
      for (const end of enders) end(lane)
    },
    close() {
      for (const channel of channels) channel.close()
      lost.resolve(new AppError('disconnected'))
    }
  }
  return connection
}

function playedChannel(
  player: LanePlayer,
  connection: PlayedConnection,
  openLanes: string[],
  enders: Set<(lane: string) => void>
): ShellChannel {
  const encoder = new TextEncoder()
  const ended = Promise.withResolvers<{ exitCode: number | null; signal: string | null }>()
  let onData: (chunk: Uint8Array) => void = () => undefined
  let onErrorData: (chunk: Uint8Array) => void = () => undefined
  let onLine: (line: string) => void = () => undefined
  let onEnd: () => void = () => undefined
  let onBytes: ((bytes: Uint8Array) => void) | null = null
  let lane: { name: string; marker: string } | null = null
  let playing = false
  let gone = false
  let rest = ''
  const script: string[] = []

  function finish(exitCode: number | null): void {
    if (gone) return
    gone = true
    onEnd()
    if (lane !== null) openLanes.splice(openLanes.indexOf(lane.name), 1)
    ended.resolve({ exitCode, signal: null })
  }

  enders.add((name) => {
    if (lane?.name === name) finish(1)
  })

  function play(name: string, marker: string): void {
    openLanes.push(name)
    connection.scripts.push({ lane: name, script: script.join('\n') })
    const io: LaneIo = {
      marker,
      script: script.join('\n'),
      onLine: (listener) => (onLine = listener),
      onBytes: (listener) => (onBytes = listener),
      onEnd: (listener) => (onEnd = listener),
      write: (text) => {
        if (!gone) onData(encoder.encode(text))
      },
      writeBytes: (bytes) => {
        if (!gone) onData(bytes)
      },
      writeError: (text) => {
        if (!gone) onErrorData(encoder.encode(text))
      },
      // Its lanes end by `exit` alone.
      keepOpen: () => undefined,
      exit: finish
    }
    if (!player.attach(name, io)) finish(127)
  }

  function takeLine(line: string): void {
    if (playing && lane !== null) {
      connection.sent.push({ lane: lane.name, line })
      onLine(line)
    } else if (lane === null) {
      const [, name, marker] = HEADER.exec(line) ?? []
      if (name !== undefined && marker !== undefined) lane = { name, marker }
    } else if (line === ': virthelm end') {
      playing = true
      play(lane.name, lane.marker)
    } else script.push(line)
  }

  return {
    closed: ended.promise,
    onData: (listener) => (onData = listener),
    onErrorData: (listener) => (onErrorData = listener),
    async write(data) {
      if (gone) throw new AppError('disconnected')
      if (onBytes !== null) {
        onBytes(typeof data === 'string' ? encoder.encode(data) : data)
        return
      }
      const lines = (rest + (typeof data === 'string' ? data : new TextDecoder().decode(data))).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) takeLine(line)
    },
    pause: () => undefined,
    resume: () => undefined,
    end: () => finish(0),
    close: () => finish(null)
  }
}
