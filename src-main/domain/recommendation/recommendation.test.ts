import { describe, expect, it } from 'vitest'
import { freest, type Candidate } from './ranking.ts'
import { judge, type Condition, type Grades, type Level, type Subject } from './recommendation.ts'
import { Smoothed } from './smoothed.ts'

const GIB = 2 ** 30
const IDLE: Condition = {
  cpuUsedRatio: 0.1,
  cpuThreads: 32,
  memoryUsedRatio: 0.25,
  memoryTotalBytes: 128 * GIB,
  diskUsedRatio: 0.4,
  swapUsedRatio: 0,
  pressureMemoryRatio: 0,
  pressureIoRatio: 0,
  gpuMemoryFreeBytes: null,
  gpuMemoryTotalBytes: null,
  gpuUtilisationRatio: null
}
const subject = (condition: Partial<Condition> = {}, change: Partial<Subject> = {}): Subject => ({
  on: true,
  condition: { ...IDLE, ...condition },
  alert: null,
  inMaintenance: false,
  lookOnly: false,
  hasLibvirt: true,
  ...change
})
const codes = (one: Subject): string[] => judge(one).reasons.map(({ code }) => code)

describe('the level of a server', () => {
  it('is good where there is room for something new, and says what is free', () => {
    expect(judge(subject())).toMatchObject({
      level: 'good',
      reasons: [
        { code: 'cpuFree', value: 28.8 },
        { code: 'memoryFree', value: 96 * GIB }
      ],
      freeCpuThreads: 28.8,
      freeMemoryBytes: 96 * GIB,
      freeGpuMemoryBytes: null
    })
    expect(codes(subject({ gpuMemoryFreeBytes: 20 * GIB, gpuUtilisationRatio: 0.1 }))[0]).toBe(
      'gpuMemoryFree'
    )
  })

  it.each<[string, Subject, Level, string]>([
    ['off', subject({}, { on: false }), 'poor', 'off'],
    ['no values', subject({ cpuUsedRatio: null, memoryUsedRatio: null }), 'poor', 'noValues'],
    ['a RED alert', subject({}, { alert: 'red' }), 'poor', 'alertRed'],
    ['maintenance', subject({}, { inMaintenance: true }), 'poor', 'maintenance'],
    ['no CPU left', subject({ cpuUsedRatio: 0.9 }), 'poor', 'cpuBusy'],
    ['some CPU left', subject({ cpuUsedRatio: 0.7 }), 'fair', 'cpuBusy'],
    ['no memory left', subject({ memoryUsedRatio: 0.95 }), 'poor', 'memoryShort'],
    [
      'small and half empty',
      subject({ memoryTotalBytes: 6 * GIB, memoryUsedRatio: 0.5 }),
      'fair',
      'memoryShort'
    ],
    ['a full disk', subject({ diskUsedRatio: 0.97 }), 'poor', 'diskShort'],
    ['waiting for memory', subject({ pressureMemoryRatio: 0.5 }), 'poor', 'pressure'],
    ['waiting for disks', subject({ pressureIoRatio: 0.2 }), 'fair', 'pressure'],
    ['swapped out', subject({ swapUsedRatio: 0.6 }), 'fair', 'swapping'],
    ['busy cards', subject({ gpuUtilisationRatio: 0.95 }), 'fair', 'gpuBusy'],
    ['an AMBER alert', subject({}, { alert: 'amber' }), 'fair', 'alertAmber'],
    ['look only', subject({}, { lookOnly: true }), 'fair', 'lookOnly'],
    ['no libvirt', subject({}, { hasLibvirt: false }), 'fair', 'noLibvirt']
  ])('of a server with %s is told with its reason first', (_name, one, level, code) => {
    const { level: is, reasons } = judge(one)
    expect([is, reasons[0]?.code]).toEqual([level, code])
  })

  it('names what weighs more first, and never more than six reasons', () => {
    const all = subject(
      {
        cpuUsedRatio: 0.7,
        memoryUsedRatio: 0.99,
        diskUsedRatio: 0.9,
        swapUsedRatio: 1,
        pressureIoRatio: 0.2,
        gpuUtilisationRatio: 1
      },
      { alert: 'red', lookOnly: true, hasLibvirt: false }
    )
    expect(codes(all)).toEqual(['alertRed', 'memoryShort', 'cpuBusy', 'diskShort', 'pressure', 'swapping'])
  })

  it('has a reason also where nothing but shares is known', () => {
    const bare = subject({ cpuThreads: null, memoryTotalBytes: null })
    expect(judge(bare)).toMatchObject({ level: 'good', reasons: [{ code: 'cpuFree', value: null }] })
  })

  it('does not change with a value that trembles around a bound', () => {
    let grades: Grades = {}
    const levels: Level[] = []
    for (const cpuUsedRatio of [0.64, 0.66, 0.64, 0.66, 0.59, 0.86, 0.84, 0.86, 0.79, 0.77, 0.6, 0.57]) {
      const judged = judge(subject({ cpuUsedRatio }), grades)
      grades = judged.grades
      levels.push(judged.level)
    }
    expect(levels).toEqual([
      ...['good', 'fair', 'fair', 'fair', 'fair'],
      ...['poor', 'poor', 'poor', 'poor', 'fair', 'fair', 'good']
    ])
  })
})

describe('the freest servers', () => {
  const one = (name: string, free: number | null, level: Level = 'good'): Candidate<string> => ({
    id: name,
    name,
    level,
    free
  })
  it('are three at most, equal ones by name, those one had better not take last, and none without the thing', () => {
    const all = [
      one('d', 9.9),
      one('b', 40),
      one('a', 10.2),
      one('e', 90, 'poor'),
      one('f', null),
      one('g', 0)
    ]
    expect(freest(all, 1)).toEqual(['b', 'a', 'd'])
    expect(freest([one('z', 10.1), one('y', 9.9)], 1)).toEqual(['y', 'z'])
    expect(freest([one('p', 50, 'poor'), one('q', 1, 'fair')], 1)).toEqual(['q', 'p'])
    expect(freest([one('f', null)], 1)).toEqual([])
  })
})

describe('a smoothed value', () => {
  it('follows slowly, forgets after a pause, and is nothing when it is old', () => {
    const values = new Smoothed()
    expect(values.get('cpu', 0)).toBeNull()
    values.add('cpu', 0.1, 0)
    values.add('cpu', 0.9, 5_000)
    expect(values.get('cpu', 5_000)).toBeLessThan(0.15)
    for (let atMs = 10_000; atMs <= 600_000; atMs += 5_000) values.add('cpu', 0.9, atMs)
    expect(values.get('cpu', 600_000)).toBeGreaterThan(0.89)
    expect(values.get('cpu', 901_000)).toBeNull()
    values.add('cpu', 0.2, 1_000_000)
    expect(values.get('cpu', 1_000_000)).toBe(0.2)
    // The clock was set back by an hour.
    values.add('cpu', 0.5, 1_000_000 - 3_600_000)
    expect(values.get('cpu', 1_000_000 - 3_600_000)).toBe(0.5)
  })
})
