/** Answers the scripts that look at access logs (remote/traffic/log-scripts.ts). */
import { demoLogOf } from '../access-logs.ts'
import type { SimulatedHost } from '../host.ts'
import type { LanePlayer } from '../model.ts'
import type { ToolPlayer } from './player.ts'

const DEVICE = 2_049
const REGULAR_FILE = '81a0'
const BLOCK = 4_096

export const playTraffic: ToolPlayer = (host, script) => {
  if (script.startsWith('for f in /var/log/squid/access.log')) {
    const log = demoLogOf(host)
    return { stdout: log === null ? '' : `${log.profile.path}\n`, exitCode: 0 }
  }
  const [, path] = /^p='(\/[^']*)'\nd='\//.exec(script) ?? []
  return path === undefined ? null : { stdout: look(host, path), exitCode: 0 }
}

function look(host: SimulatedHost, path: string): string {
  const nowMs = Date.now()
  const head = `now ${Math.floor(nowMs / 1_000)}\nuser demo\n`
  const log = demoLogOf(host)
  if (log === null || log.profile.path !== path) return head
  if (!log.profile.readable) return `${head}denied adm 640 ${path}\n`
  const files = log.files(nowMs).map(({ path: name, inode, compressed, bytes, modifiedSec }) => {
    const size = compressed ? Math.round(bytes.length / 9) : bytes.length
    return `file ${REGULAR_FILE} ${DEVICE} ${inode} ${size} ${modifiedSec} ${name}\n`
  })
  return head + files.join('')
}

/** Plays the lane `log` of docs/remote-protocol.md: bytes of one file. */
export const createLogPlayer = (host: SimulatedHost): LanePlayer => ({
  attach(lane, io) {
    if (lane !== 'log') return false
    const [, path = ''] = /^p='([^']*)'$/m.exec(io.script) ?? []
    const log = demoLogOf(host)
    const file =
      log?.profile.readable === true ? log.files(Date.now()).find((one) => one.path === path) : undefined
    if (file === undefined) {
      io.exit(1)
      return true
    }
    const blocks = /dd bs=4096 skip=(\d+) count=(\d+)/.exec(io.script)
    const unpacked = /tail -c \+(\d+) \| head -c (\d+)/.exec(io.script)
    const begin = blocks === null ? Number(unpacked?.[1] ?? 1) - 1 : Number(blocks[1]) * BLOCK
    const length = blocks === null ? Number(unpacked?.[2] ?? 0) : Number(blocks[2]) * BLOCK
    io.write(`${io.marker} open ${DEVICE} ${file.inode} ${begin}\n`)
    io.writeBytes(file.bytes.subarray(begin, begin + length))
    io.writeError(`${io.marker} end\n`)
    io.exit(0)
    return true
  }
})
