import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dmidecodeDump } from '../../../test/fakes/smbios.ts'
import { composeTables, hexDump, memoryDevice, system } from '../../demo/tools/smbios.ts'
import { parseFirmwareTables } from './smbios.ts'

const RUNS = process.env.VIRTHELM_LONG === '1' ? 10_000 : 1_000
const GIB = 2 ** 30

const SERVER = composeTables([
  { type: 0, length: 0x18, texts: ['Dell Inc.', '2.12.2', '07/09/2021'] },
  system('Dell Inc.', 'PowerEdge R740', '3X4MPL3'),
  memoryDevice({
    slot: 'A1',
    sizeMib: 16 * 1024,
    type: 0x1a,
    speed: 2933,
    maker: 'Samsung',
    part: 'M393A2K43DB2-CVF'
  }),
  memoryDevice({ slot: 'A2', sizeMib: 0, type: 0x02, speed: 0, maker: 'NO DIMM', part: 'NO DIMM' }),
  memoryDevice({
    slot: 'B1',
    sizeMib: 64 * 1024,
    type: 0x22,
    speed: 4800,
    maker: '00CE00B300CE',
    part: 'M321R8GA0BB0-CQKZJ'
  })
])

describe('the firmware’s tables', () => {
  it('tell the serial number and each installed module', () => {
    expect(parseFirmwareTables(hexDump(SERVER))).toEqual({
      serialNumber: '3X4MPL3',
      memorySlots: 3,
      memoryModules: [
        {
          slot: 'A1',
          sizeBytes: 16 * GIB,
          type: 'DDR4',
          megatransfersPerSec: 2933,
          manufacturer: 'Samsung',
          partNumber: 'M393A2K43DB2-CVF'
        },
        {
          slot: 'B1',
          sizeBytes: 64 * GIB,
          type: 'DDR5',
          megatransfersPerSec: 4800,
          manufacturer: '00CE00B300CE',
          partNumber: 'M321R8GA0BB0-CQKZJ'
        }
      ]
    })
  })

  it('read short structures of old standards, and boards that describe no memory', () => {
    const old = composeTables([
      { type: 1, length: 8, fields: [[7, 1, 1]], texts: ['To be filled by O.E.M.'] },
      {
        type: 17,
        length: 0x15,
        fields: [
          [0x0c, 2, 512],
          [0x10, 1, 1],
          [0x12, 1, 0x13]
        ],
        texts: ['DIMM 0']
      }
    ])
    expect(parseFirmwareTables(hexDump(old))).toEqual({
      serialNumber: null,
      memorySlots: 1,
      memoryModules: [
        {
          slot: 'DIMM 0',
          sizeBytes: 512 * 2 ** 20,
          type: 'DDR2',
          megatransfersPerSec: null,
          manufacturer: null,
          partNumber: null
        }
      ]
    })
    expect(parseFirmwareTables(hexDump(composeTables([])))).toEqual({
      serialNumber: null,
      memorySlots: null,
      memoryModules: null
    })
    expect(parseFirmwareTables('')).toBeNull()
    expect(parseFirmwareTables('cat: permission denied')).toBeNull()
  })

  it.skipIf(spawnSync('dmidecode', ['--version']).error !== undefined)('are what dmidecode reads', () => {
    const folder = mkdtempSync(join(tmpdir(), 'smbios-'))
    try {
      const file = join(folder, 'dump')
      writeFileSync(file, dmidecodeDump(SERVER))
      const { stdout } = spawnSync('dmidecode', ['--from-dump', file], { encoding: 'utf8' })
      const read = parseFirmwareTables(hexDump(SERVER))
      expect(/Serial Number: (.+)/.exec(stdout)?.[1]).toBe(read?.serialNumber)
      const sizes = [...stdout.matchAll(/^\tSize: (\d+) GB/gm)].map(([, size]) => Number(size) * GIB)
      expect(sizes).toEqual(read?.memoryModules?.map(({ sizeBytes }) => sizeBytes))
      const parts = [...stdout.matchAll(/^\tPart Number: (.+)$/gm)].map(([, part]) => part?.trim())
      expect(parts.filter((part) => part !== 'NO DIMM')).toEqual(
        read?.memoryModules?.map(({ partNumber }) => partNumber)
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('of hostile boards never get out as an exception or as NaN', () => {
    const cuts = fc.array(fc.tuple(fc.nat(SERVER.length), fc.nat(40), fc.uint8Array({ maxLength: 12 })), {
      minLength: 1,
      maxLength: 6
    })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), cuts), (noise) => {
        let bytes: Uint8Array = noise instanceof Uint8Array ? noise : SERVER
        if (!(noise instanceof Uint8Array)) {
          for (const [at, length, put] of noise) {
            bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + length)])
          }
        }
        const tables = parseFirmwareTables(hexDump(bytes))
        for (const module of tables?.memoryModules ?? []) {
          expect(Number.isFinite(module.sizeBytes)).toBe(true)
          expect(module.partNumber?.length ?? 0).toBeLessThanOrEqual(256)
        }
      }),
      { numRuns: RUNS }
    )
  })
})
