/** One-shot scripts (`Connection.run`) that no other player knows: nothing on stdout, exit code 0. */
import type { LaneIo, LanePlayer } from './model.ts'

/** Writes the whole answer of a one-shot script and ends its channel; see docs/remote-protocol.md. */
export function answerRun(
  io: LaneIo,
  result: { readonly stdout: string; readonly stderr: string; readonly exitCode: number }
): void {
  io.write(`${io.marker} begin\n${result.stdout}\n${io.marker} exit ${result.exitCode}\n`)
  io.writeError(`${io.marker} begin\n${result.stderr}\n${io.marker} end\n`)
  io.exit(0)
}

export const runPlayer: LanePlayer = {
  attach(lane, io) {
    if (lane !== 'run') return false
    answerRun(io, { stdout: '', stderr: '', exitCode: 0 })
    return true
  }
}
