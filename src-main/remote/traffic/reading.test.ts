/** The reader of access logs against real files, through real shells. */
import { writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ServerId } from '#contract/ids.ts'
import type { LogStatus } from '#contract/traffic.ts'
import { FakeClock } from '../../../test/fakes/engine-parts.ts'
import { createLocalConnection, LOCAL_SHELLS } from '../../../test/fakes/local-connection.ts'
import { FakeTraffic, LogFolder, recount } from '../../../test/fakes/traffic.ts'
import { countPast } from '../../application/traffic/count-past.ts'
import { LogBook } from '../../application/traffic/log-book.ts'
import { LogReader } from '../../application/traffic/log-reader.ts'
import type { WalkOptions } from '../../application/traffic/log-walk.ts'
import { createTools } from '../tools/tool-shell.ts'
import { createLogFiles } from './log-files.ts'

const never = new AbortController().signal
const serverId = ServerId.parse('00000000-0000-4000-8000-000000000001')
/** Sequences of the property. */
const RUNS = process.env.VIRTHELM_LONG === '1' ? 200 : 20

class Reading {
  readonly log = new LogFolder()
  readonly store = new FakeTraffic()
  readonly status: Partial<LogStatus> = {}
  readonly #connection
  readonly #tools
  readonly files
  #reader: LogReader | null = null

  constructor(shell: readonly string[] = LOCAL_SHELLS.sh) {
    this.#connection = createLocalConnection({ shell })
    this.#tools = createTools(this.#connection)
    this.files = createLogFiles({ connection: this.#connection, tools: this.#tools, sudo: () => '' })
  }

  /** As when the console is started again: nothing is known but what was kept. */
  restart(walk: WalkOptions = {}): void {
    this.#reader = new LogReader(
      { path: this.log.path, format: 'auto' },
      {
        files: this.files,
        book: this.book,
        clock: new FakeClock(),
        zone: () => 'utc',
        onRequests: () => undefined,
        onStatus: (_path, change) => Object.assign(this.status, change),
        walk
      }
    )
  }

  get book(): LogBook {
    return new LogBook(this.store, serverId, this.log.path)
  }

  async read(): Promise<void> {
    if (this.#reader === null) this.restart()
    await this.#reader?.read(never)
  }

  /** Until nothing is left. */
  async readAll(): Promise<void> {
    for (let round = 0; round < 50; round++) {
      await this.read()
      if (this.status.behindBytes === 0) return
    }
    throw new Error('never at the end')
  }

  expectAll(from = 0): void {
    expect(this.store.byDomain()).toEqual(recount(this.log.lines.slice(from)))
  }

  close(): void {
    this.#tools.close()
    this.#connection.close()
    this.log.close()
  }
}

describe.each(Object.entries(LOCAL_SHELLS))('a log read through %s', (_name, shell) => {
  let own: Reading
  beforeEach(async () => {
    own = new Reading(shell)
    own.log.append(20)
    await own.read()
  })
  afterEach(() => own.close())

  it('counts from now on, whole lines only', async () => {
    own.log.append(5)
    const half = own.log.line()
    own.log.write(half.slice(0, 40))
    await own.readAll()
    expect(own.store.byDomain()).toEqual(recount(own.log.lines.slice(20, 25)))
    own.log.write(`${half.slice(40)}\n`)
    await own.readAll()
    own.expectAll(20)
    expect(own.status).toMatchObject({ detected: { format: 'squid', timing: 'none' }, unreadableLines: 0 })
  })

  it('over a rotation: the rest of the old file first, also what is written to it late', async () => {
    own.log.append(3)
    own.log.rotate()
    own.log.append(4)
    await own.readAll()
    own.expectAll(20)
    own.log.rotate({ compress: true })
    own.log.append(2)
    await own.readAll()
    own.expectAll(20)
  })

  it('over several rotations while the console was away, compressed ones too', async () => {
    own.log.append(30)
    await own.readAll()
    own.log.append(11)
    own.log.rotate()
    own.log.append(12)
    own.log.rotate()
    own.log.compress('access.log.2')
    own.log.append(13)
    own.log.rotate()
    own.log.compress('access.log.2')
    own.log.append(14)
    own.restart()
    await own.readAll()
    own.expectAll(20)
    expect(own.status.lostParts).toBe(0)
  })

  it('over copytruncate', async () => {
    own.log.append(9)
    await own.readAll()
    own.log.append(5)
    own.log.copyTruncate()
    // Longer than what was read, so that its size does not tell.
    own.log.append(60)
    await own.readAll()
    own.expectAll(20)
  })

  it('deleted and made again, and with an inode that comes again', async () => {
    own.log.append(9)
    await own.readAll()
    own.log.remove()
    own.log.append(100)
    await own.readAll()
    own.expectAll(20)
    expect(own.status.lostParts).toBe(1)
  })

  it('makes out what is no line', async () => {
    own.log.append(1)
    own.log.write(`${'y'.repeat(70_000)}\nshort nonsense\n\u0001control\n`)
    writeFileSync(own.log.path, Buffer.from([0xff, 0xfe, 0x41, 10]), { flag: 'a' })
    own.log.append(2)
    await own.readAll()
    own.expectAll(20)
    expect(own.status.unreadableLines).toBe(4)
  })
})

describe('a log', () => {
  let own: Reading
  beforeEach(() => {
    own = new Reading()
  })
  afterEach(() => own.close())

  it('is read in pieces, and tells how much is left', async () => {
    own.log.append(1)
    own.restart({ pieceBytes: 2_000 })
    await own.read()
    own.log.append(500)
    await own.read()
    expect(own.status.behindBytes).toBeGreaterThan(10_000)
    await own.readAll()
    own.expectAll(1)
  })

  it('passes over a line that is longer than a piece', async () => {
    own.log.append(1)
    own.restart({ pieceBytes: 4_000 })
    await own.read()
    own.log.write(`${'z'.repeat(30_000)}\n`)
    own.log.append(3)
    await own.readAll()
    own.expectAll(1)
    expect(own.status.unreadableLines).toBe(1)
  })

  it('that was not there at first counts from its beginning', async () => {
    await own.read()
    expect(own.status.cause).toBe('notPresent')
    own.log.append(7)
    await own.readAll()
    await own.readAll()
    own.expectAll()
    expect(own.status.cause).toBeNull()
  })

  it('waits for its writer, who has not yet noticed the rotation', async () => {
    own.log.append(5)
    await own.read()
    own.log.rotate({ reopen: false })
    writeFileSync(own.log.path, '')
    const old = `${own.log.path}.1`
    writeFileSync(old, `${own.log.line()}\n`, { flag: 'a' })
    writeFileSync(own.log.path, `${own.log.line()}\n`, { flag: 'a' })
    await own.read()
    expect(own.store.byDomain()).toEqual(recount(own.log.lines.slice(5, 6)))
    writeFileSync(old, `${own.log.line()}\n`, { flag: 'a' })
    await own.read()
    own.restart({ settleSec: 0 })
    await own.readAll()
    own.expectAll(5)
  })

  it('its past is counted up to where counting began, once', async () => {
    own.log.append(40)
    own.log.rotate({ compress: true })
    own.log.append(30)
    own.log.rotate()
    own.log.append(20)
    await own.read()
    own.log.append(10)
    await own.readAll()
    own.log.rotate()
    own.log.append(5)
    await own.readAll()
    own.expectAll(90)
    const seen: number[] = []
    const { book, files } = own
    const past = {
      files,
      book,
      path: own.log.path,
      spec: null,
      days: 3_650,
      clock: new FakeClock(),
      zone: 'utc' as const,
      signal: never,
      progress: ({ doneRatio }: { doneRatio: number }) => seen.push(doneRatio),
      walk: { pieceBytes: 1_000 }
    }
    expect(await countPast(past)).toEqual({ lines: 90, skipped: 0 })
    own.expectAll()
    expect([...seen].sort((one, other) => one - other)).toEqual(seen)
    await expect(countPast(past)).rejects.toMatchObject({ code: 'conflict' })
    own.expectAll()
  })

  it('any appends, rotations, readings and restarts give what a full recount gives', async () => {
    const once = <K extends string>(kind: K) => fc.constant({ kind, count: 0 })
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.nat(30).map((count) => ({ kind: 'append' as const, count })) },
      ...(
        ['half', 'half', 'read', 'read', 'read', 'read', 'rotate', 'rotate', 'rotateCompress'] as const
      ).map(once),
      ...(['compressSecond', 'copyTruncate', 'restart'] as const).map(once)
    )
    const play = async (steps: readonly { kind: string; count: number }[]): Promise<void> => {
      const one = new Reading()
      try {
        one.log.append(3)
        one.restart({ pieceBytes: 900 })
        await one.read()
        let half = ''
        const complete = (): void => {
          if (half !== '') one.log.write(`${half}\n`)
          half = ''
        }
        for (const { kind, count } of steps) {
          // A writer ends its line in the file in which it began it.
          if (kind !== 'read' && kind !== 'restart') complete()
          if (kind === 'append') one.log.append(count)
          if (kind === 'half') {
            const line = one.log.line()
            one.log.write(line.slice(0, 30))
            half = line.slice(30)
          }
          if (kind === 'read') await one.read()
          if (kind.startsWith('rotate')) one.log.rotate({ compress: kind === 'rotateCompress' })
          if (kind === 'compressSecond') one.log.compress('access.log.2')
          if (kind === 'copyTruncate') one.log.copyTruncate()
          if (kind === 'restart') one.restart({ pieceBytes: 900 })
        }
        complete()
        await one.readAll()
        one.expectAll(3)
        expect(one.status.lostParts).toBe(0)
      } finally {
        one.close()
      }
    }
    const steps = fc.array(step, { minLength: 3, maxLength: 25 })
    await fc.assert(fc.asyncProperty(steps, play), { numRuns: RUNS })
  }, 600_000)
})
