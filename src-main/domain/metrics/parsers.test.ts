import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recorded, RECORDED_SYSTEMS } from '../../../test/fakes/recorded-proc.ts'
import { parseDf } from './df.ts'
import { deriveFileSystems } from './derive-file-systems.ts'
import { deriveSample } from './derive-sample.ts'
import { parseHostFacts } from './facts.ts'
import { FRAME_FILES, parseHostFrame, splitFrame } from './frame.ts'
import { parseInventory } from './inventory.ts'
import { parseMountinfo } from './mountinfo.ts'
import { parseArcStats, parseProcMemory } from './proc-memory.ts'
import { parseProcDiskstats } from './proc-diskstats.ts'
import { parseProcLoad, parseProcPressure, parseProcUptime } from './proc-load.ts'
import { parseProcNetDev } from './proc-net-dev.ts'
import { parseProcStat } from './proc-stat.ts'

const RUNS = process.env.VIRTHELM_LONG === '1' ? 10_000 : 1_000

const FILES = ['inventory.txt', 'frame-1.txt', 'frame-2.txt', 'mountinfo.txt', 'space.txt', 'inodes.txt']
const SEEDS = RECORDED_SYSTEMS.flatMap((system) =>
  FILES.map((file) => recorded(system, file).slice(0, 6_000))
)

/** Real text with pieces cut out, doubled, replaced or swapped, and plain noise. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 2_000 }),
  fc
    .tuple(
      fc.constantFrom(...SEEDS),
      fc.array(
        fc.tuple(
          fc.nat(6_000),
          fc.nat(60),
          fc.oneof(
            fc.string({ unit: 'binary', maxLength: 20 }),
            fc.constantFrom(
              '\n',
              'Linux\n',
              '-1',
              '99999999999999999999999',
              '1e999',
              'NaN',
              ' ',
              ':',
              '\0',
              '\\777'
            )
          )
        ),
        { minLength: 1, maxLength: 8 }
      )
    )
    .map(([text, cuts]) => {
      let changed = text
      for (const [at, length, replacement] of cuts) {
        changed = changed.slice(0, at) + replacement + changed.slice(at + length)
      }
      return changed
    })
)

/** Every number anywhere in the value is finite. */
function expectFinite(value: unknown): void {
  if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true)
  else if (value instanceof Map) for (const inner of value.values()) expectFinite(inner)
  else if (typeof value === 'object' && value !== null) Object.values(value).forEach(expectFinite)
}

describe('hostile text never gets out as an exception or as NaN', () => {
  it.each([
    ['stat', parseProcStat],
    ['meminfo', parseProcMemory],
    ['arcstats', parseArcStats],
    ['loadavg', parseProcLoad],
    ['uptime', parseProcUptime],
    ['pressure', parseProcPressure],
    ['net/dev', parseProcNetDev],
    ['diskstats', parseProcDiskstats],
    ['mountinfo', parseMountinfo],
    ['df', parseDf],
    ['inventory', parseInventory]
  ] as const)('%s', (_name, parse) => {
    fc.assert(
      fc.property(hostile, (text) => {
        expectFinite(parse(text))
      }),
      { numRuns: RUNS }
    )
  })

  it('facts', () => {
    const names = [
      'hostname',
      'os-release',
      'cpuinfo',
      'topology',
      'uptime',
      'meminfo',
      'machine',
      'sys-vendor'
    ]
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...names), hostile), { maxLength: 5 }), (texts) => {
        const facts = parseHostFacts(new Map(texts))
        expectFinite(facts)
        for (const fact of Object.values(facts)) {
          if (typeof fact === 'string') expect(fact).not.toMatch(/\p{Cc}/u)
        }
      }),
      { numRuns: RUNS }
    )
  })

  it('frames, and what is derived from them', () => {
    const inventory = parseInventory(recorded('rhel-9', 'inventory.txt'))
    const files = FRAME_FILES.slice(0, 6)
    fc.assert(
      fc.property(hostile, hostile, (before, after) => {
        const frames = [before, after].map((body) => {
          const sections = splitFrame(body, files)
          return sections === null ? null : parseHostFrame(sections)
        })
        const [first, second] = frames
        if (!second) return
        const previous = first ? { frame: first, inventory } : null
        const { entities } = deriveSample(previous, { frame: second, inventory })
        for (const { values } of entities) {
          for (const value of Object.values(values)) {
            expect(Number.isFinite(value)).toBe(true)
            expect(value).toBeGreaterThanOrEqual(0)
          }
        }
      }),
      { numRuns: RUNS }
    )
  })

  it('file systems', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, (mounts, space, inodes) => {
        const entities = deriveFileSystems({
          mounts: parseMountinfo(mounts),
          space: parseDf(space),
          inodes: parseDf(inodes),
          network: new Map()
        })
        for (const { values } of entities) expectFinite(values)
      }),
      { numRuns: RUNS }
    )
  })
})

describe('facts', () => {
  const facts = (text: string) =>
    parseHostFacts(
      new Map(
        text
          .split('\nMARK fact ')
          .slice(1)
          .map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1)] as const)
      )
    )

  it('of the recorded system', () => {
    expect(facts(recorded('debian-12-recorded', 'facts.txt'))).toEqual({
      hostName: 'vm',
      distribution: 'Debian GNU/Linux 12 (bookworm)',
      osName: 'Linux',
      kernelRelease: '6.18.44-fc-v657',
      architecture: 'x86_64',
      bits: 64,
      cpuModel: 'AMD EPYC',
      cpuSockets: 1,
      cpuCores: 2,
      cpuThreads: 2,
      memoryTotalBytes: 24684092 * 1024,
      virtualisation: 'docker',
      boardModel: null,
      uptimeSec: expect.any(Number) as number,
      loginShell: '/bin/bash',
      mainBoard: null,
      biosVersion: null,
      biosDate: null,
      timeZone: null,
      defaultGateways: null,
      dnsServers: null,
      packageManager: null,
      initSystem: null
    })
  })

  it('of a small ARM board: model from the device tree', () => {
    const arm = parseHostFacts(
      new Map([
        ['machine', 'armv7l\n'],
        ['cpuinfo', 'processor\t: 0\nprocessor\t: 1\nHardware\t: BCM2835\nModel\t\t: Raspberry Pi 2\n'],
        ['device-tree', 'Raspberry Pi 2 Model B Rev 1.1\0']
      ])
    )
    expect(arm).toMatchObject({
      bits: 32,
      cpuThreads: 2,
      boardModel: 'Raspberry Pi 2 Model B Rev 1.1',
      cpuSockets: null
    })
  })

  it('of nothing readable: everything null', () => {
    expect(Object.values(parseHostFacts(new Map())).filter((fact) => fact !== null)).toEqual([])
  })

  it.each([
    ['QEMU\n', 'Standard PC (Q35 + ICH9, 2009)\n', 'qemu'],
    ['Dell Inc.\n', 'PowerEdge R740\n', 'none'],
    ['VMware, Inc.\n', 'VMware Virtual Platform\n', 'vmware'],
    ['To Be Filled By O.E.M.\n', 'Default string\n', null]
  ])('virtualisation without systemd-detect-virt: %s', (vendor, product, expected) => {
    const { virtualisation } = parseHostFacts(
      new Map([
        ['sys-vendor', vendor],
        ['product-name', product]
      ])
    )
    expect(virtualisation).toBe(expected)
  })
})
