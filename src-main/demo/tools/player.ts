/** Plays the lane `tools` of docs/remote-protocol.md on a demo server. Each subject answers the scripts of its own lane. */
import type { SimulatedHost } from '../host.ts'
import type { LanePlayer } from '../model.ts'
import { playGpuPower } from './gpu-power.ts'
import { playTraffic } from './traffic.ts'
import { playServices } from './services.ts'
import { playProcessTools } from './processes.ts'
import { playHardware } from './hardware.ts'
import { playPorts } from './ports.ts'
import { playCapabilities } from './capabilities.ts'

export interface ToolAnswer {
  readonly stdout: string
  readonly exitCode: number
  /** Of a script without an end: what it prints from now on, every so often, until its channel closes. */
  readonly again?: { readonly everyMs: number; readonly lines: () => readonly string[] }
}

/** The answer to a script, as the console sends it; null: not one of this subject's. */
export type ToolPlayer = (host: SimulatedHost, script: string) => ToolAnswer | null

/**
 * The first that knows a script answers, so those that know theirs by few words come last; one that nobody knows ends with 127, as
 * where its tool is not installed.
 */
const PLAYERS: readonly ToolPlayer[] = [
  playServices,
  playTraffic,
  playHardware,
  playGpuPower,
  playPorts,
  playCapabilities,
  playProcessTools
]

export function createToolsPlayer(host: SimulatedHost): LanePlayer {
  return {
    attach(lane, io) {
      if (lane !== 'tools') return false
      const timers = new Set<NodeJS.Timeout>()
      const say = (id: string, lines: readonly string[]): void => {
        if (lines.length > 0) io.write(lines.map((line) => `${io.marker} l ${id} ${line}\n`).join(''))
      }
      io.onEnd(() => {
        for (const timer of timers) clearInterval(timer)
      })
      const play = (id: string, script: string): void => {
        host.advance()
        const answer = answerOf(host, script)
        say(id, answer.stdout === '' ? [] : answer.stdout.replace(/\n$/, '').split('\n'))
        const { again } = answer
        if (again !== undefined) timers.add(setInterval(() => say(id, again.lines()), again.everyMs))
        else io.write(`${io.marker} e ${id} ${answer.exitCode}\n`)
      }
      let taking: { readonly id: string; readonly lines: string[]; left: number } | null = null
      io.onLine((line) => {
        if (taking === null) {
          const [, kind, id = '', count = ''] = /^([rf]) (\d+) (.*)$/.exec(line) ?? []
          if (kind !== undefined) taking = { id, lines: [], left: Number(count) }
          return
        }
        taking.lines.push(line)
        if (--taking.left > 0) return
        const { id, lines } = taking
        taking = null
        play(id, lines.join('\n'))
      })
      io.write(`\n${io.marker} ready\n`)
      return true
    }
  }
}

function answerOf(host: SimulatedHost, script: string): ToolAnswer {
  for (const player of PLAYERS) {
    const answer = player(host, script)
    if (answer !== null) return answer
  }
  return { stdout: '', exitCode: 127 }
}
