/** Shut down, reboot and suspend on a demo server: it goes, and somebody wakes it after a while. */
import { answerRun } from './lane-run.ts'
import type { LanePlayer } from './model.ts'

const COMMAND = /^e=\$\((?:sudo -n )?systemctl (poweroff|reboot|suspend) /m
/** Longer than a person would watch an empty card, shorter than they would take it for broken. */
const BACK_AFTER_MS = { poweroff: 45_000, reboot: 12_000, suspend: 30_000 }
export type DemoPowerAction = keyof typeof BACK_AFTER_MS

export interface DemoPowerSwitch {
  off(): Promise<void>
  /** @param booted false: it only slept */
  on(booted: boolean): Promise<void>
}

export interface DemoPower {
  readonly player: LanePlayer
  close(): void
}

export function createPowerPlayer(power: DemoPowerSwitch): DemoPower {
  const timers = new Set<NodeJS.Timeout>()
  const later = (afterMs: number, work: () => Promise<void>): void => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      void work()
    }, afterMs)
    timers.add(timer)
  }
  const player: LanePlayer = {
    attach(lane, io) {
      if (lane === 'run' && io.script.includes('echo "uid $(id -u)"')) {
        const has = ['poweroff', 'reboot', 'suspend'].map((action) => `has systemctl ${action}`)
        const stdout = ['uid 0', 'sleep freeze mem disk', ...has, 'users', 'user anna', ''].join('\n')
        answerRun(io, { stdout, stderr: '', exitCode: 0 })
        return true
      }
      if (lane !== 'power') return false
      const action = COMMAND.exec(io.script)?.[1] as DemoPowerAction | undefined
      io.write(`\n${io.marker} taken\n`)
      io.keepOpen()
      if (action === undefined) {
        io.write(`\n${io.marker} ended 127\n\n${io.marker} end\n`)
        return true
      }
      io.write(`\n${io.marker} ended 0\n\n${io.marker} end\n`)
      later(1_000, () => power.off())
      later(1_000 + BACK_AFTER_MS[action], () => power.on(action !== 'suspend'))
      return true
    }
  }
  return {
    player,
    close() {
      for (const timer of timers) clearTimeout(timer)
    }
  }
}
