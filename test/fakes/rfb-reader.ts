/** A VNC client of the tests' own: shakes hands, asks for one frame in raw colours, and says what is on it. */
import { createCipheriv } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

export interface RfbEnd {
  readonly bytes: AsyncIterator<Uint8Array>
  write(bytes: Uint8Array): Promise<void>
}

export interface RfbFrame {
  readonly widthPx: number
  readonly heightPx: number
  readonly colours: number
  /** Pixels that are not black. */
  readonly lit: number
}

const PIXEL_BYTES = 4
/** A screen that has become smaller since it was asked for sends less than that, and no more. */
const QUIET_MS = 1_500

export class RfbReader {
  readonly #end: RfbEnd
  #rest = Buffer.alloc(0)
  #size: { widthPx: number; heightPx: number } | null = null
  #coming: Promise<IteratorResult<Uint8Array>> | null = null

  readonly #password: string | null

  constructor(end: RfbEnd, password: string | null = null) {
    this.#end = end
    this.#password = password
  }

  /** One whole picture of the screen. */
  async frame(): Promise<RfbFrame> {
    const { widthPx, heightPx } = (this.#size ??= await this.#shakeHands())
    const ask = Buffer.from([3, 0, 0, 0, 0, 0, widthPx >> 8, widthPx & 255, heightPx >> 8, heightPx & 255])
    await this.#end.write(ask)
    const seen = new Set<number>()
    let lit = 0
    for (let area = 0; area < widthPx * heightPx;) {
      if (area > 0 && !(await this.#saysMore())) break
      const head = await this.#take(4)
      if (head[0] !== 0) throw new Error(`an unexpected message: ${String(head[0])}`)
      for (let left = head.readUInt16BE(2); left > 0; left--) {
        const rect = await this.#take(12)
        const pixels = rect.readUInt16BE(4) * rect.readUInt16BE(6)
        if (rect.readInt32BE(8) !== 0) throw new Error('not raw')
        const raw = await this.#take(pixels * PIXEL_BYTES)
        for (let at = 0; at < raw.length; at += PIXEL_BYTES) {
          const colour = raw.readUInt32LE(at) & 0xffffff
          seen.add(colour)
          if (colour !== 0) lit++
        }
        area += pixels
      }
    }
    return { widthPx, heightPx, colours: seen.size, lit }
  }

  async #shakeHands(): Promise<{ widthPx: number; heightPx: number }> {
    const version = (await this.#take(12)).toString()
    if (!version.startsWith('RFB 003.008')) throw new Error(`speaks ${version}`)
    await this.#end.write(Buffer.from(version))
    const kinds = await this.#take((await this.#take(1))[0] ?? 0)
    if (kinds.includes(1)) await this.#end.write(Buffer.of(1))
    else if (this.#password === null || !kinds.includes(2)) throw new Error('asks for a password')
    else {
      await this.#end.write(Buffer.of(2))
      await this.#end.write(answerTo(await this.#take(16), this.#password))
    }
    if ((await this.#take(4)).readUInt32BE() !== 0) {
      const reason = await this.#take((await this.#take(4)).readUInt32BE())
      throw new Error(`refused: ${reason.toString()}`)
    }
    await this.#end.write(Buffer.of(1))
    const init = await this.#take(24)
    await this.#take(init.readUInt32BE(20))
    // Little endian, 8 bits a colour; raw only.
    await this.#end.write(Buffer.from([0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0]))
    await this.#end.write(Buffer.from([2, 0, 0, 1, 0, 0, 0, 0]))
    return { widthPx: init.readUInt16BE(0), heightPx: init.readUInt16BE(2) }
  }

  async #saysMore(): Promise<boolean> {
    if (this.#rest.length > 0) return true
    const quiet = new AbortController()
    const waited = sleep(QUIET_MS, false, { signal: quiet.signal }).catch(() => false)
    this.#coming ??= this.#end.bytes.next()
    const more = await Promise.race([this.#coming.then(() => true), waited])
    quiet.abort()
    return more
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    const coming = (this.#coming ??= this.#end.bytes.next())
    const next = await coming
    this.#coming = null
    return next
  }

  async #take(count: number): Promise<Buffer> {
    const parts = [this.#rest]
    let have = this.#rest.length
    while (have < count) {
      const next = await this.#next()
      if (next.done === true) throw new Error('the display ended')
      parts.push(Buffer.from(next.value))
      have += next.value.length
    }
    const all = Buffer.concat(parts, have)
    this.#rest = all.subarray(count)
    return all.subarray(0, count)
  }
}

/** VNC's own: DES with the password as the key, whose bits stand in each byte the other way round. */
function answerTo(challenge: Buffer, password: string): Buffer {
  const mirrored = (byte: number): number =>
    parseInt(byte.toString(2).padStart(8, '0').split('').reverse().join(''), 2)
  const key = Buffer.alloc(8)
  Buffer.from(password, 'latin1').copy(key, 0, 0, 8)
  const des = Buffer.from(key.map(mirrored))
  // Three times the same key is plain DES, which OpenSSL has no longer by itself.
  const cipher = createCipheriv('des-ede3', Buffer.concat([des, des, des]), null).setAutoPadding(false)
  return Buffer.concat([cipher.update(challenge), cipher.final()])
}
