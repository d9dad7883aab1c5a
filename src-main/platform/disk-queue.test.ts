import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RecordQueue } from '../application/engines/record-queue.ts'
import { diskQueues } from './disk-queue.ts'

const NAME = '00000000-0000-4000-8000-000000000001'
const MIB = 1024 * 1024
const kills = process.env['VIRTHELM_LONG'] === '1' ? 100 : 10
const warnings: string[] = []
const log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (event: string) => void warnings.push(event),
  error: (event: string) => {
    warnings.push(event)
    return 'incident'
  }
}

let folder = ''
beforeEach(() => {
  warnings.length = 0
  folder = mkdtempSync(join(tmpdir(), 'virthelm-queue-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const openQueue = (limitBytes = 64 * MIB): Promise<RecordQueue> =>
  diskQueues(folder, log).open(NAME, limitBytes)
const bytesOf = (number: number, length = 100): Buffer => {
  const bytes = Buffer.alloc(length, number % 251)
  bytes.writeUInt32LE(number, 0)
  return bytes
}
const numbersIn = async (queue: RecordQueue): Promise<number[]> =>
  (await queue.peek(Infinity)).map(({ bytes }) => Buffer.from(bytes).readUInt32LE(0))
const segments = (): string[] =>
  readdirSync(join(folder, NAME))
    .filter((name) => name.endsWith('.seg'))
    .toSorted((a, b) => parseInt(a) - parseInt(b))

describe('the queue on the disk', () => {
  it('gives records in order, as many as fit, until they are acknowledged', async () => {
    const queue = await openQueue()
    for (let number = 0; number < 5; number++) await queue.append(bytesOf(number), 10)
    expect((await queue.peek(25)).map(({ samples }) => samples)).toEqual([10, 10])
    expect(await queue.peek(1)).toHaveLength(1)
    const [, second] = await queue.peek(25)
    await queue.acknowledge(second?.position ?? { segment: 0, offset: 0 })
    expect(await numbersIn(queue)).toEqual([2, 3, 4])
    expect(queue.stats.samples).toBe(30)
    await queue.close()
  })

  it('has after a restart what was not acknowledged, across many files', async () => {
    const queue = await openQueue()
    for (let number = 0; number < 60; number++) await queue.append(bytesOf(number, 100_000), 1)
    expect(segments().length).toBeGreaterThan(4)
    const thirty = (await queue.peek(30)).at(-1)
    await queue.acknowledge(thirty?.position ?? { segment: 0, offset: 0 })
    expect(parseInt(segments()[0] ?? '')).toBeGreaterThan(1)
    const before = queue.stats
    await queue.close()

    const again = await openQueue()
    expect(again.stats).toEqual({ ...before, droppedSamples: 0 })
    await again.append(bytesOf(60, 100_000), 1)
    expect(await numbersIn(again)).toEqual(Array.from({ length: 31 }, (_, index) => index + 30))
    const last = (await again.peek(Infinity)).at(-1)
    await again.acknowledge(last?.position ?? { segment: 0, offset: 0 })
    expect(again.stats).toMatchObject({ bytes: 0, samples: 0 })
    expect(segments().length).toBeLessThanOrEqual(1)
    await again.close()
  })

  it('keeps its limit by dropping the oldest, and says how many samples went', async () => {
    const queue = await openQueue(3 * MIB)
    for (let number = 0; number < 100; number++) {
      await queue.append(bytesOf(number, 100_000), 7)
      expect(queue.stats.bytes).toBeLessThanOrEqual(3 * MIB)
    }
    const left = await numbersIn(queue)
    expect(left.at(-1)).toBe(99)
    expect(left.length).toBeGreaterThan(15)
    expect(queue.stats.droppedSamples + left.length * 7).toBe(700)
    expect(segments().length).toBeLessThanOrEqual(4)
    await queue.close()
  })

  it('takes an acknowledgement of what was dropped meanwhile', async () => {
    const queue = await openQueue(2 * MIB)
    await queue.append(bytesOf(0, 100_000), 1)
    const [sent] = await queue.peek(1)
    for (let number = 1; number < 60; number++) await queue.append(bytesOf(number, 100_000), 1)
    const before = await numbersIn(queue)
    await queue.acknowledge(sent?.position ?? { segment: 0, offset: 0 })
    expect(await numbersIn(queue)).toEqual(before)
    await queue.close()
  })

  it('leaves out a torn end and goes on behind it', async () => {
    const queue = await openQueue()
    for (let number = 0; number < 3; number++) await queue.append(bytesOf(number), 1)
    await queue.close()
    const file = join(folder, NAME, segments().at(-1) ?? '')
    const whole = readFileSync(file)
    for (const torn of [whole.subarray(0, -1), Buffer.concat([whole, Buffer.of(9, 0)]), whole]) {
      writeFileSync(file, torn)
      const again = await openQueue()
      const left = await numbersIn(again)
      expect(left).toEqual(torn.length < whole.length ? [0, 1] : [0, 1, 2])
      await again.close()
    }
    appendFileSync(file, bytesOf(7, 50))
    const again = await openQueue()
    await again.append(bytesOf(8), 1)
    expect(await numbersIn(again)).toEqual([0, 1, 2, 8])
    expect(warnings).toContain('queue.tornRecord')
    await again.close()
  })

  it('starts with any head and any bytes in its files', async () => {
    const queue = await openQueue()
    for (let number = 0; number < 3; number++) await queue.append(bytesOf(number), 1)
    await queue.close()
    for (const head of ['', '000000000000001 0000000000', 'x'.repeat(32), '\0'.repeat(32)]) {
      writeFileSync(join(folder, NAME, 'head'), head)
      const again = await openQueue()
      expect(await numbersIn(again)).toEqual([0, 1, 2])
      await again.close()
    }
    writeFileSync(join(folder, NAME, segments()[0] ?? ''), Buffer.alloc(5_000, 0xff))
    const again = await openQueue()
    expect(await numbersIn(again)).toEqual([])
    await again.close()
  })

  it('is not held up by a file that went away under it', async () => {
    const queue = await openQueue()
    for (let number = 0; number < 25; number++) await queue.append(bytesOf(number, 100_000), 1)
    rmSync(join(folder, NAME, segments()[0] ?? ''))
    const left = await numbersIn(queue)
    expect(left.at(-1)).toBe(24)
    expect(queue.stats.droppedSamples).toBe(25 - left.length)
    expect(warnings).toContain('queue.segmentUnreadable')
    await queue.close()
  })

  it('refuses a name that leads elsewhere', () => {
    expect(() => diskQueues(folder, log).open('../elsewhere', MIB)).toThrow(RangeError)
  })

  it(
    `loses nothing that it took when its process is killed (${String(kills)} times)`,
    { timeout: kills * 3_000 },
    async () => {
      let next = 0
      const acknowledged = new Set<number>()
      for (let kill = 0; kill < kills; kill++) {
        const child = spawn(
          process.execPath,
          [join(import.meta.dirname, 'disk-queue-child.ts'), folder, NAME, String(next)],
          { stdio: ['ignore', 'pipe', 'inherit'] }
        )
        const exited = once(child, 'exit')
        let lines = 0
        let newest = next - 1
        const whole = createInterface({ input: child.stdout })
        whole.on('line', (line) => {
          const number = Number(line.slice(1))
          if (line.startsWith('+')) newest = number
          else acknowledged.add(number)
          if (++lines === 40 + kill * 23) child.kill('SIGKILL')
        })
        await Promise.all([exited, once(whole, 'close')])

        const queue = await openQueue(1024 ** 3)
        const left = await numbersIn(queue)
        await queue.close()
        // The last append or acknowledgement may have happened without having been said.
        const oldest = left[0] ?? newest + 1
        expect([acknowledged.size, acknowledged.size + 1]).toContain(oldest)
        expect(left).toEqual(Array.from({ length: left.length }, (_, index) => oldest + index))
        expect([newest, newest + 1]).toContain(left.at(-1))
        for (let number = acknowledged.size; number < oldest; number++) acknowledged.add(number)
        next = (left.at(-1) ?? newest) + 1
      }
      expect(next).toBeGreaterThan(kills * 20)
    }
  )
})
