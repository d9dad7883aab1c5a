import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProcessDeriver, type ProcessReading, type ProcessSurroundings } from './derive-processes.ts'
import { toKeep } from './keep.ts'
import { globMatches, matches } from './patterns.ts'
import { parseStat, parseStatRecords, parseStatusRecords, type ProcessStat } from './proc-stat-records.ts'
import type { LiveProcess } from './process.ts'
import { chartPoints } from './series.ts'
import { parseCommandLines, parseIo, parseUnits, parseUsers } from './tool-texts.ts'
import { watchEntities } from './watch-values.ts'

const RUNS = process.env.VIRTHELM_LONG === '1' ? 10_000 : 1_000
const recorded = (file: string): string =>
  readFileSync(new URL(`../../../test/recorded/processes/${file}`, import.meta.url), 'utf8')

const TAIL =
  '1 50 50 0 -1 4194304 120 0 0 0 130 20 0 0 20 5 3 0 4711 2990080 411 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0'
const record = (pid: number, name: string): string => `${pid} (${name}) S ${TAIL}`

describe('records of /proc/PID/stat', () => {
  it('are read field by field', () => {
    expect(parseStat(record(50, 'sleep'))).toEqual({
      pid: 50,
      name: 'sleep',
      state: 'S',
      parentPid: 1,
      isKernelThread: false,
      userTicks: 130,
      systemTicks: 20,
      nice: 5,
      threads: 3,
      startTicks: 4711,
      virtualBytes: 2_990_080,
      residentPages: 411
    })
  })

  it('of a real server are all there, kernel threads marked', () => {
    const { stats } = parseStatRecords(recorded('stat.txt'))
    const pids = [...recorded('stat.txt').matchAll(/^(\d+) \(/gm)].map(([, pid]) => Number(pid))
    expect([...stats.keys()]).toEqual(pids)
    expect(stats.get(2)).toMatchObject({ name: 'kthreadd', isKernelThread: true })
    expect(stats.get(1)?.isKernelThread).toBe(false)
  })

  it.each(['a b', ') R 1', '(((', 'x\n1 (init) S', '\n\n\n', '-1', 'x\n-77\n', ') S 1 2 3 4 5'])(
    'keep the name %j to themselves',
    (name) => {
      const text = [record(50, name), record(51, 'next'), '-99'].join('\n')
      const { stats, gone } = parseStatRecords(text)
      expect([...stats].map(([pid, stat]) => [pid, stat.name])).toEqual([
        [50, name],
        [51, 'next']
      ])
      expect(gone).toEqual([99])
    }
  )

  it('tell users and swap of each', () => {
    const text =
      'Pid:\t7\nUid:\t1000\t0\t0\t0\nVmSwap:\t   12 kB\nPid:\t8\nUid:\t33\t33\t33\t33\nVmSwap: much\n'
    expect([...parseStatusRecords(text)]).toEqual([
      [7, { uid: 0, swapBytes: 12_288 }],
      [8, { uid: 33, swapBytes: null }]
    ])
  })
})

describe('texts of the tools', () => {
  it('are command lines, each of the file it is from', () => {
    const text =
      '7/cmdline:sh\u001f-c\u001fecho 8/cmdline:x\n7/cmdline:8/cmdline:fake\u001f\n9/cmdline:sshd: a\u001f'
    expect([...parseCommandLines(text)]).toEqual([
      [7, 'sh -c echo 8/cmdline:x\n8/cmdline:fake'],
      [9, 'sshd: a']
    ])
  })

  it('are counters, users and units', () => {
    expect([...parseIo('7/io:read_bytes: 4096\n7/io:write_bytes: 9\n8/io:read_bytes: 1\n')]).toEqual([
      [7, { readBytes: 4096, writeBytes: 9 }]
    ])
    expect(parseUsers('root:x:0\ntoor:x:0\nbad\nanna:x:1000').get(0)).toBe('root')
    expect(parseUnits('page 16384\ntick 250')).toEqual({ pageBytes: 16_384, ticksPerSec: 250 })
    expect(parseUnits('page \ntick \nKernelPageSize:        64 kB\n')).toEqual({
      pageBytes: 65_536,
      ticksPerSec: 100
    })
  })

  it('never throw, whatever they hold', () => {
    const piece = fc.oneof(
      fc.constantFrom('1 (', ') S ', TAIL, '\n', '-', 'Pid:\t', 'Uid:', '/cmdline:', '/io:read_bytes: ', '9'),
      fc.string({ unit: 'binary', maxLength: 20 })
    )
    const texts = fc.array(piece, { maxLength: 20 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(texts, (text) => {
        const { stats } = parseStatRecords(text)
        for (const stat of stats.values())
          expect(
            Object.values(stat).every((value) => typeof value !== 'number' || Number.isFinite(value))
          ).toBe(true)
        parseStatusRecords(text)
        parseCommandLines(text)
        parseIo(text)
        parseUsers(text)
        parseUnits(text)
      }),
      { numRuns: RUNS }
    )
  })
})

const stat = (changes: Partial<ProcessStat> = {}): ProcessStat => ({
  ...(parseStat(record(50, 'work')) as ProcessStat),
  ...changes
})
const reading = (uptimeSec: number, ...stats: ProcessStat[]): ProcessReading => ({
  atMs: 1_000_000 + uptimeSec * 1000,
  uptimeSec,
  stats: new Map(stats.map((one) => [one.pid, one])),
  statuses: new Map([[50, { uid: 33, swapBytes: 0 }]])
})
const around: ProcessSurroundings = {
  units: { pageBytes: 4096, ticksPerSec: 100 },
  memoryTotalBytes: 4096 * 4110,
  patterns: [],
  userOf: (uid) => (uid === 33 ? 'www-data' : null),
  commandLineOf: () => '/usr/bin/work --hard',
  io: null
}

describe('deriving', () => {
  it('tells shares from the ticks and the server’s own uptime', () => {
    const deriver = new ProcessDeriver()
    const [first] = deriver.derive(reading(100, stat({ userTicks: 100, systemTicks: 0 })), around)
    expect(first).toMatchObject({ cpuRatio: null, cpuMeanRatio: null, user: 'www-data', memoryRatio: 0.1 })
    const [second] = deriver.derive(reading(110, stat({ userTicks: 800, systemTicks: 800 })), around)
    // 1,500 ticks in 10 s: one and a half CPU threads.
    expect(second?.cpuRatio).toBe(1.5)
    expect(second?.startedAtMs).toBe(1_110_000 - (110 - 47.11) * 1000)
  })

  it('tells the share of a process that began since the reading before, once it has lived a second', () => {
    const deriver = new ProcessDeriver()
    deriver.derive(reading(100), around)
    const young = { pid: 51, startTicks: 10_950, userTicks: 50, systemTicks: 0 }
    const born = stat({ startTicks: 10_200, userTicks: 400, systemTicks: 0 })
    const shares = deriver.derive(reading(110, born, stat(young)), around).map(({ cpuRatio }) => cpuRatio)
    expect(shares).toEqual([0.5, null])
    const grown = stat({ ...young, userTicks: 1050 })
    expect(deriver.derive(reading(120, grown), around)[0]?.cpuRatio).toBe(1)
  })

  it('tells means over five minutes and forgets what is older', () => {
    const deriver = new ProcessDeriver()
    let ticks = 0
    deriver.derive(reading(1000, stat({ userTicks: 0, systemTicks: 0 })), around)
    let last: LiveProcess | undefined
    // Five minutes of a whole thread, then five of none.
    for (let step = 1; step <= 60; step++) {
      if (step <= 30) ticks += 1000
      ;[last] = deriver.derive(reading(1000 + step * 10, stat({ userTicks: ticks, systemTicks: 0 })), around)
      if (step === 30) expect(last?.cpuMeanRatio).toBeCloseTo(1)
      if (step === 45) expect(last?.cpuMeanRatio).toBeCloseTo(0.5)
    }
    expect(last?.cpuMeanRatio).toBeCloseTo(0)
  })

  it('takes a pid that was given out again for another process, and a reboot for a new beginning', () => {
    const deriver = new ProcessDeriver()
    deriver.derive(reading(100, stat({ userTicks: 5 })), around)
    expect(
      deriver.derive(reading(110, stat({ userTicks: 900, startTicks: 9 })), around)[0]?.cpuRatio
    ).toBeNull()
    expect(
      deriver.derive(reading(20, stat({ userTicks: 1000, startTicks: 9 })), around)[0]?.cpuRatio
    ).toBeNull()
  })

  it('has rates of I/O where it may be read, and none of counters that fell', () => {
    const deriver = new ProcessDeriver()
    const io = (uptimeSec: number, readBytes: number) => ({
      ...around,
      io: { uptimeSec, byPid: new Map([[50, { readBytes, writeBytes: 0 }]]) }
    })
    deriver.derive(reading(100, stat()), io(100, 1000))
    expect(deriver.derive(reading(110, stat()), io(110, 6000))[0]).toMatchObject({
      readBytes: 6000,
      readBytesPerSec: 500
    })
    expect(deriver.derive(reading(120, stat()), io(110, 6000))[0]?.readBytesPerSec).toBe(500)
    expect(deriver.derive(reading(130, stat()), io(130, 1))[0]?.readBytesPerSec).toBeNull()
    expect(deriver.derive(reading(140, stat()), around)[0]).toMatchObject({ readBytes: null })
  })
})

describe('patterns', () => {
  it('are text with * and ?', () => {
    expect(matches('nginx', '/usr/sbin/nginx -g')).toBe(true)
    expect(matches('post?res*idle', 'postgres: app idle')).toBe(true)
    expect(matches('Nginx', 'nginx')).toBe(false)
    expect(matches('a.c', 'abc')).toBe(false)
    expect(matches('[a]', 'a')).toBe(false)
  })

  it('equal a naive matcher', () => {
    const naive = (glob: string, text: string): boolean => {
      if (glob === '') return text === ''
      if (glob[0] === '*') return naive(glob.slice(1), text) || (text !== '' && naive(glob, text.slice(1)))
      return text !== '' && (glob[0] === '?' || glob[0] === text[0]) && naive(glob.slice(1), text.slice(1))
    }
    const short = (unit: string[]) =>
      fc.array(fc.constantFrom(...unit), { maxLength: 8 }).map((all) => all.join(''))
    fc.assert(
      fc.property(short(['a', 'b', '*', '?']), short(['a', 'b']), (glob, text) => {
        expect(globMatches(glob, text)).toBe(naive(glob, text))
      }),
      { numRuns: RUNS }
    )
  })

  it('cannot keep the console busy', () => {
    let steps = 0
    const text = new Proxy(new String('a'.repeat(1_000)), {
      get(target, name) {
        if (typeof name === 'string' && /^\d+$/.test(name)) steps++
        return Reflect.get(target, name) as unknown
      }
    }) as unknown as string
    expect(globMatches(`${'*a'.repeat(100)}*b`, text)).toBe(false)
    expect(steps).toBeLessThan(200_000)
  })
})

const live = (changes: Partial<LiveProcess>): LiveProcess => {
  const [one] = new ProcessDeriver().derive(reading(100, stat()), around)
  return { ...(one as LiveProcess), ...changes }
}

describe('what is kept', () => {
  it('is the top by CPU, the top by memory and all that is watched, each once', () => {
    const processes = Array.from({ length: 100 }, (_unused, pid) =>
      live({ pid, cpuRatio: pid / 100, residentBytes: 100 - pid, watchedBy: pid === 50 ? ['w'] : [] })
    )
    const kept = toKeep(processes).map(({ pid }) => pid)
    expect(kept).toHaveLength(41)
    expect(new Set(kept).size).toBe(41)
    expect(kept).toContain(99)
    expect(kept).toContain(0)
    expect(kept).toContain(50)
    expect(kept).not.toContain(49)
  })

  it('of a pattern is the sum of its processes; nothing of what not all of them tell', () => {
    const pattern = { id: 'w', name: 'Web', text: 'web' }
    const both = [
      live({ pid: 1, watchedBy: ['w'], cpuRatio: 0.5, threads: 2, readBytesPerSec: 1 }),
      live({ pid: 2, watchedBy: ['w'], cpuRatio: 0.25, threads: 3, readBytesPerSec: null })
    ]
    expect(watchEntities([pattern], both)[0]?.values).toMatchObject({
      processes: 2,
      cpuUsedRatio: 0.75,
      threads: 5
    })
    expect(watchEntities([pattern], both)[0]?.values).not.toHaveProperty('readBytesPerSec')
    expect(watchEntities([pattern], [])[0]?.values).toEqual({ processes: 0 })
  })
})

describe('a series for a chart', () => {
  const moment = (atMs: number, cpuRatio: number) => ({
    atMs,
    process: { cpuRatio, memoryRatio: null, residentBytes: 1 }
  })
  it('breaks at holes, and where the process was not kept', () => {
    const points = chartPoints(
      [moment(0, 1), { atMs: 10_000, process: null }, moment(400_000, 2)],
      0,
      500_000
    )
    expect(points.map(({ atMs, cpuRatio }) => [atMs, cpuRatio])).toEqual([
      [0, 1],
      [10_000, null],
      [10_001, null],
      [400_000, 2]
    ])
  })
  it('is thinned out by means', () => {
    const points = chartPoints(
      Array.from({ length: 10_000 }, (_unused, at) => moment(at * 10, at % 2)),
      0,
      100_000
    )
    expect(points).toHaveLength(2_000)
    expect(points.every(({ cpuRatio }) => cpuRatio !== null && cpuRatio > 0.3 && cpuRatio < 0.7)).toBe(true)
  })
})
