import fc from 'fast-check'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SmartReport } from '#contract/hardware.ts'
import { parseSmart, type SmartValues } from './smart.ts'

const FOLDER = join(import.meta.dirname, '../../../test/recorded/smart')
const recorded = (file: string): string => readFileSync(join(FOLDER, file), 'utf8')

function reportOf(file: string, exitCode = 0): SmartValues {
  const outcome = parseSmart(recorded(file), exitCode)
  if (outcome.kind !== 'read') throw new Error(`${file}: ${JSON.stringify(outcome)}`)
  return outcome.report
}

describe('drives that answer', () => {
  it('SATA disk, well', () => {
    expect(reportOf('sata-hdd-ok.json')).toMatchObject({
      protocol: 'ata',
      model: 'ST16000NM001G-2KK103',
      serial: 'ZL20NXC0',
      firmware: 'SN03',
      healthy: true,
      temperatureCelsius: 33,
      powerOnSec: 21_897 * 3_600,
      powerCycles: 19,
      wearUsedRatio: null,
      reallocatedSectors: 0,
      pendingSectors: 0,
      uncorrectable: 0,
      warnings: []
    })
  })

  it('SATA disk, failing: its verdict, the attributes below their thresholds, the sectors; exit code 24 is no failure', () => {
    const report = reportOf('sata-hdd-failing.json', 24)
    expect(report).toMatchObject({
      healthy: false,
      powerOnSec: 52_110 * 3_600 + 30 * 60,
      reallocatedSectors: 2_152,
      pendingSectors: 304,
      uncorrectable: 304,
      warnings: ['failing', 'attributeFailing', 'pendingSectors', 'reallocatedSectors', 'uncorrectable']
    })
    expect(
      report.attributes.filter(({ failed }) => failed !== null).map(({ id, failed }) => [id, failed])
    ).toEqual([
      [1, 'now'],
      [5, 'now'],
      [10, 'past']
    ])
  })

  it('SATA SSD: what is left of its life is told by a normalised value', () => {
    expect(reportOf('sata-ssd-worn.json')).toMatchObject({
      wearUsedRatio: 0.92,
      healthy: true,
      warnings: ['reallocatedSectors', 'wornOut']
    })
  })

  it('NVMe', () => {
    expect(reportOf('nvme-ok.json')).toMatchObject({
      protocol: 'nvme',
      healthy: true,
      temperatureCelsius: 41,
      powerOnSec: 14_022 * 3_600,
      wearUsedRatio: 0.06,
      spareRatio: 1,
      uncorrectable: 0,
      warnings: [],
      attributes: []
    })
    expect(reportOf('nvme-critical.json', 8)).toMatchObject({
      healthy: false,
      wearUsedRatio: 1.31,
      warnings: ['failing', 'spareLow', 'readOnly', 'wornOut', 'uncorrectable']
    })
  })

  it('SAS', () => {
    expect(reportOf('scsi-sas.json')).toMatchObject({
      protocol: 'scsi',
      model: 'SEAGATE ST1200MM0099',
      firmware: 'ST31',
      healthy: true,
      powerOnSec: 40_213 * 3_600 + 17 * 60,
      reallocatedSectors: 5,
      uncorrectable: 2,
      warnings: ['reallocatedSectors', 'uncorrectable']
    })
    expect(reportOf('scsi-ssd.json')).toMatchObject({
      wearUsedRatio: 0.12,
      reallocatedSectors: 0,
      warnings: []
    })
  })
})

describe('drives that do not', () => {
  it.each([
    ['usb-bridge.json', 1, 'unsupportedBridge'],
    ['megaraid.json', 2, 'behindController'],
    ['permission-denied.json', 2, 'permissionDenied'],
    ['virtio-recorded.json', 1, 'notSupported'],
    ['qemu-no-smart.json', 4, 'notSupported'],
    ['old-6.6.txt', 1, 'toolTooOld'],
    ['sudo-refused.txt', 1, 'permissionDenied']
  ])('%s', (file, exitCode, problem) => {
    expect(parseSmart(recorded(file), exitCode)).toEqual({ kind: 'problem', problem })
  })

  it('one that sleeps is let sleep', () => {
    expect(parseSmart(recorded('standby.json'), 2)).toEqual({ kind: 'asleep' })
  })

  it('without the tool, without an answer, with half of one', () => {
    expect(parseSmart('', 127)).toEqual({ kind: 'problem', problem: 'toolMissing' })
    expect(parseSmart('', 0)).toEqual({ kind: 'problem', problem: 'unreadable' })
    const half = recorded('nvme-ok.json').slice(0, 700)
    expect(parseSmart(half, 0)).toEqual({ kind: 'problem', problem: 'unreadable' })
  })
})

describe('hostile answers', () => {
  const RUNS = process.env.VIRTHELM_LONG === '1' ? 10_000 : 1_000
  const seeds = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .map(recorded)
  const odd = fc.constantFrom<unknown>(
    null,
    -1,
    1e308,
    '‮text',
    [],
    {},
    true,
    ['a'],
    { hours: 'x' },
    '9'.repeat(400),
    Array.from({ length: 300 }, () => ({ id: 5, raw: { value: -3 } }))
  )

  /** Any one value anywhere in a real answer, replaced. */
  function mutate(value: unknown, path: number[], replacement: unknown): unknown {
    const [at = 0, ...rest] = path
    if (typeof value !== 'object' || value === null || path.length === 0) return replacement
    const keys = Object.keys(value)
    const key = keys[at % Math.max(1, keys.length)]
    if (key === undefined) return replacement
    const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value }
    ;(copy as Record<string, unknown>)[key] = mutate(
      (value as Record<string, unknown>)[key],
      rest,
      replacement
    )
    return copy
  }

  it('other types in known places: always an outcome that the contract takes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.array(fc.nat(40), { minLength: 1, maxLength: 6 }), odd), {
          minLength: 1,
          maxLength: 6
        }),
        (seed, changes) => {
          let json: unknown = JSON.parse(seed)
          for (const [path, replacement] of changes) json = mutate(json, path, replacement)
          const outcome = parseSmart(JSON.stringify(json), 0)
          if (outcome.kind === 'read') expect(() => SmartReport.parse(outcome.report)).not.toThrow()
        }
      ),
      { numRuns: RUNS }
    )
  })

  it('noise and cut text: never an exception', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 2_000 }),
      fc
        .tuple(
          fc.constantFrom(...seeds),
          fc.nat(4_000),
          fc.nat(80),
          fc.string({ unit: 'binary', maxLength: 20 })
        )
        .map(([seed, at, length, piece]) => seed.slice(0, at) + piece + seed.slice(at + length))
    )
    fc.assert(
      fc.property(text, fc.option(fc.nat(255)), (answer, exitCode) => {
        expect(['read', 'asleep', 'problem']).toContain(parseSmart(answer, exitCode).kind)
      }),
      { numRuns: RUNS }
    )
  })
})
