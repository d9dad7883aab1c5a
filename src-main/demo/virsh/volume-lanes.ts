/** The lanes that carry a volume's bytes (`remote/libvirt/stores/volume-scripts.ts`), and the checksum of what they carried. */
import { createHash } from 'node:crypto'
import type { DemoHost, LaneIo } from '../model.ts'
import type { DemoVolume } from '../stores.ts'
import type { ScriptOutput } from './batch.ts'

const VOLUME = /--pool '([^']*)' --vol '((?:[^']|'\\'')*)'/
const ZEROS = Buffer.alloc(64 * 1024)
/** A demo's disk image is larger than anybody wants to download from a demo. */
const MAX_DOWNLOAD_BYTES = 64 * 1024 * 1024

const isUploadOf = (script: string): boolean => script.includes('vol-upload')

function volumeIn(host: DemoHost, script: string): DemoVolume | undefined {
  const [, poolUuid, name = ''] = VOLUME.exec(script) ?? []
  const pool = host.stores.pools.find(({ uuid }) => uuid === poolUuid)
  return pool?.volumes.get(name.replaceAll("'\\''", "'"))
}

/** Takes the bytes of each piece and keeps nothing of them but their checksum. */
export function playUpload(host: DemoHost, io: LaneIo): void {
  const volume = volumeIn(host, io.script)
  if (volume === undefined || !isUploadOf(io.script)) {
    io.writeError('error: failed to get vol\n')
    io.exit(1)
    return
  }
  const hash = createHash('sha256')
  let line = ''
  let piece: { number: string; leftBytes: number } | null = null
  io.onBytes((bytes) => {
    let rest = Buffer.from(bytes)
    while (rest.length > 0) {
      if (piece === null) {
        const end = rest.indexOf(10)
        line += rest.toString('latin1', 0, end < 0 ? rest.length : end)
        rest = end < 0 ? Buffer.alloc(0) : rest.subarray(end + 1)
        if (end < 0) return
        const [number = '', , length = '0'] = line.split(' ')
        line = ''
        piece = { number, leftBytes: Number(length) }
        io.write(`\n${io.marker} take ${number}\n`)
      } else {
        const taken = rest.subarray(0, piece.leftBytes)
        hash.update(taken)
        rest = rest.subarray(taken.length)
        piece.leftBytes -= taken.length
        volume.allocationBytes += taken.length
        if (piece.leftBytes > 0) return
        volume.sha256 = hash.copy().digest('hex')
        io.write(`\n${io.marker} done ${piece.number} 0\n`)
        piece = null
      }
    }
  })
  volume.allocationBytes = 0
  io.write(`\n${io.marker} ready\n`)
}

/** Zeros, as many as the volume has allocated, up to what a demo should send. */
export function playDownload(host: DemoHost, io: LaneIo): void {
  const volume = volumeIn(host, io.script)
  const sizeBytes = Math.min(MAX_DOWNLOAD_BYTES, Math.round(volume?.allocationBytes ?? 0))
  if (volume === undefined) {
    io.write(`\n${io.marker} size \n`)
    io.writeError(`error: failed to get vol\n\n${io.marker} exit 1\n`)
    io.exit(0)
    return
  }
  const hash = createHash('sha256')
  io.write(`\n${io.marker} size ${sizeBytes}\n`)
  for (let left = sizeBytes; left > 0; left -= ZEROS.length) {
    const part = ZEROS.subarray(0, Math.min(left, ZEROS.length))
    hash.update(part)
    io.writeBytes(part)
  }
  io.writeError(`\n${io.marker} exit 0\n\n${io.marker} sum ${hash.digest('hex')}\n`)
  io.exit(0)
}

/** null: the script asks for no checksum. */
export function answerChecksum(host: DemoHost, script: string): ScriptOutput | null {
  if (!script.includes('vol-download') || !script.includes('sha256sum')) return null
  const sum = volumeIn(host, script)?.sha256
  return sum === null || sum === undefined
    ? { stdout: 'none\n', stderr: '', exitCode: 0 }
    : { stdout: `${sum}  -\n`, stderr: '', exitCode: 0 }
}

/** The bridge of every demo server, and those of its networks. */
export const answerBridges = (script: string): ScriptOutput | null =>
  script.includes('/sys/class/net/*/bridge') ? { stdout: 'br0\nvirbr0\n', stderr: '', exitCode: 0 } : null
