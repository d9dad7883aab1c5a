/**
 * What happens when the disk is full. A reserve file is given up at once, so that small writes (journal, settings,
 * deletes, checkpoints) still go through; samples wait until there is clearly more room than the reserve.
 */
import { existsSync, openSync, closeSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs'
import type { Report } from './protocol.ts'
import { isDiskFull } from './sqlite.ts'

const RESERVE_BYTES = 8 * 1024 * 1024
/** Room beyond the reserve that must be there before samples are tried again. */
const MARGIN_BYTES = 4 * 1024 * 1024

export class Space {
  private readonly folder: string
  private readonly reserve: string
  private readonly report: Report
  private isFull = false

  constructor(folder: string, reserve: string, report: Report) {
    this.folder = folder
    this.reserve = reserve
    this.report = report
    // Opening needs some room (the WAL's index); a console must start on a full disk too.
    const free = this.freeBytes()
    if (free !== null && free < MARGIN_BYTES) this.noteFull()
    else this.makeReserve()
  }

  get full(): boolean {
    return this.isFull
  }

  freeBytes(): number | null {
    try {
      const { bavail, bsize } = statfsSync(this.folder)
      return bavail * bsize
    } catch (error) {
      this.report('warn', 'storage.freeSpaceUnknown', {}, error)
      return null
    }
  }

  /** True when samples may be written: the disk was not full, or there is room again. */
  mayWrite(): boolean {
    if (!this.isFull) return true
    const free = this.freeBytes()
    return free === null || free >= RESERVE_BYTES + MARGIN_BYTES
  }

  /** A write failed for want of room. */
  noteFull(): void {
    rmSync(this.reserve, { force: true })
    if (this.isFull) return
    this.isFull = true
    this.report('warn', 'storage.full', { freeBytes: this.freeBytes() })
  }

  /** A write of samples went through. */
  noteWritten(): void {
    if (!this.isFull) return
    this.isFull = false
    this.report('info', 'storage.roomAgain', { freeBytes: this.freeBytes() })
    this.makeReserve()
  }

  private makeReserve(): void {
    if (existsSync(this.reserve) && statSync(this.reserve).size === RESERVE_BYTES) return
    try {
      const file = openSync(this.reserve, 'w', 0o600)
      try {
        // Written, not only sized: a sparse file reserves nothing.
        const block = Buffer.alloc(1024 * 1024)
        for (let at = 0; at < RESERVE_BYTES; at += block.length) writeSync(file, block, 0, block.length, at)
      } finally {
        closeSync(file)
      }
    } catch (error) {
      rmSync(this.reserve, { force: true })
      if (!isDiskFull(error)) this.report('warn', 'storage.noReserve', {}, error)
      else this.isFull = true
    }
  }
}
