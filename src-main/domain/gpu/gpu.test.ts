import { describe, expect, it } from 'vitest'
import { recordedText } from '../../../test/fakes/sysfs-tree.ts'
import { parseLspci } from './drm-cards.ts'
import { parseComputeApps, parsePmon } from './gpu-processes.ts'
import { cudaVersion, parseMigDevices } from './nvidia-list.ts'
import { NVIDIA_FIELDS, parseNvidiaCard, unknownField, type NvidiaCard } from './nvidia-query.ts'
import { nvidiaTrouble } from './nvidia-trouble.ts'

const MIB = 2 ** 20
const cardsOf = (file: string): NvidiaCard[] =>
  recordedText(file)
    .split('\n')
    .flatMap((line) => parseNvidiaCard(line, NVIDIA_FIELDS) ?? [])

describe('rows of nvidia-smi', () => {
  it('of eight cards', () => {
    const cards = cardsOf('gpu/h100-8.csv')
    expect(cards).toHaveLength(8)
    expect(cards[0]).toEqual({
      index: 0,
      uuid: expect.stringMatching(/^GPU-/) as string,
      pciAddress: '0000:19:00.0',
      name: 'NVIDIA H100 80GB HBM3',
      driverVersion: '550.90.07',
      memoryTotalBytes: 81_559 * MIB,
      memoryUsedBytes: 78_012 * MIB,
      memoryFreeBytes: (81_559 - 78_012 - 551) * MIB,
      utilisationRatio: 0.99,
      temperatureCelsius: 64,
      powerWatts: 689.12,
      powerLimitWatts: 700,
      fanRatio: null,
      persistence: true,
      migEnabled: false,
      faulty: false
    })
    expect(new Set(cards.map(({ uuid }) => uuid)).size).toBe(8)
  })

  it('of a card that is divided: its memory, and no use of the whole', () => {
    const [plain, divided] = cardsOf('gpu/a100-mig.csv')
    expect([plain?.migEnabled, divided?.migEnabled]).toEqual([false, true])
    expect(divided).toMatchObject({ utilisationRatio: null, memoryUsedBytes: 9_893 * MIB, faulty: false })
  })

  it('of cards that cannot, will not, or fail to tell', () => {
    const [old, failing, reset, plain] = cardsOf('gpu/trouble.csv')
    expect(old).toMatchObject({
      powerWatts: null,
      powerLimitWatts: null,
      utilisationRatio: 0,
      fanRatio: 0.23,
      faulty: false
    })
    expect(old?.persistence).toBe(false)
    expect(failing).toMatchObject({
      temperatureCelsius: null,
      powerWatts: null,
      memoryUsedBytes: 24_100 * MIB,
      faulty: true
    })
    expect(reset).toMatchObject({ memoryTotalBytes: null, faulty: true, name: 'Tesla V100-PCIE-16GB' })
    // A name with a comma, no UUID, no persistence mode.
    expect(plain).toMatchObject({ uuid: null, name: 'Quadro K600, rev. 2', persistence: null, faulty: false })
  })

  it('names the field that an old driver does not know', () => {
    expect(unknownField(recordedText('gpu/old-driver.txt').split('\n')[0] ?? '')).toBe('mig.mode.current')
    expect(unknownField('Field "rm -rf" is not a valid field to query.')).toBeNull()
  })

  it.each([
    ['mismatch', { kind: 'driverMismatch' }],
    ['not-loaded', { kind: 'driverNotLoaded' }],
    ['no-devices', { kind: 'noDevices' }],
    ['lost', { kind: 'gpuLost', pciAddress: '0000:3b:00.0' }],
    ['lost-unknown', { kind: 'gpuLost', pciAddress: '0000:02:00.0' }],
    ['denied', { kind: 'denied' }],
    ['no-library', { kind: 'driverNotLoaded' }],
    ['not-found', { kind: 'toolMissing' }]
  ])('what it says instead of rows: %s', (file, expected) => {
    const lines = recordedText(`gpu/says-${file}.txt`).split('\n')
    expect(lines.map((line) => parseNvidiaCard(line, NVIDIA_FIELDS))).not.toContainEqual(expect.anything())
    expect(nvidiaTrouble(lines)).toEqual(expected)
  })
})

describe('what the resident question cannot tell', () => {
  const [list = '', table = ''] = recordedText('gpu/a100-mig-list.txt').split('@table\n')

  it('slices with the memory of each, by card and number', () => {
    const slices = parseMigDevices(list, table)
    expect(slices.map(({ profile, memoryUsedBytes }) => [profile, (memoryUsedBytes ?? 0) / MIB])).toEqual([
      ['3g.20gb', 9_856],
      ['2g.10gb', 25],
      ['1g.5gb+me', 12]
    ])
    expect(new Set(slices.map(({ gpuUuid }) => gpuUuid)).size).toBe(1)
    expect(slices[2]?.uuid).toMatch(/^MIG-GPU-.*\/9\/0$/)
    expect(cudaVersion(table)).toBe('12.2')
    expect(cudaVersion('CUDA Version: ERR!')).toBeNull()
  })

  it('processes by both lists, with owners, also of pmon’s newer columns', () => {
    const owners = new Map([[71_230, 'liwei']])
    const apps = parseComputeApps(recordedText('gpu/apps.csv'), owners)
    expect(apps.map(({ pid, user, name, memoryUsedBytes }) => [pid, user, name, memoryUsedBytes])).toEqual([
      [71_230, 'liwei', '/usr/bin/python3, with a comma', 1_184 * MIB],
      [81_422, null, 'python', 9_728 * MIB],
      [9_921, null, '', null]
    ])
    for (const [file, pid, mib] of [
      ['gpu/pmon-535.txt', 2_107, 61],
      ['gpu/pmon-550.txt', 3_311, 88]
    ] as const) {
      const [first] = parsePmon(recordedText(file), owners)
      expect(first).toMatchObject({ pid, memoryUsedBytes: mib * MIB, kind: 'graphics', gpuIndex: 0 })
    }
    expect(parsePmon(recordedText('gpu/pmon-550.txt'), owners)).toHaveLength(1)
  })

  it('names of lspci: those on the box', () => {
    expect([
      ...parseLspci(
        '0000:03:00.0 "VGA compatible controller" "Advanced Micro Devices, Inc. [AMD/ATI]" "Navi 31 [Radeon RX 7900 XT/7900 XTX]" -rc8 "Sapphire" "x"\n0000:00:02.0 "VGA compatible controller" "Intel Corporation" "UHD Graphics 770" -r04 "" ""'
      )
    ]).toEqual([
      ['0000:03:00.0', 'Radeon RX 7900 XT/7900 XTX'],
      ['0000:00:02.0', 'UHD Graphics 770']
    ])
  })
})
