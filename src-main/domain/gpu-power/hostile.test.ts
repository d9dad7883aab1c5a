/** Parsers of hardware texts against hostile ones: never an exception, never NaN, never a control character. */
import fc from 'fast-check'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { recordedText } from '../../../test/fakes/sysfs-tree.ts'
import { drmCards, parseLspci } from '../gpu/drm-cards.ts'
import { parseComputeApps, parseKfd, parseOwners, parsePmon } from '../gpu/gpu-processes.ts'
import { cudaVersion, parseMigDevices } from '../gpu/nvidia-list.ts'
import { NVIDIA_FIELDS, parseNvidiaCard, unknownField } from '../gpu/nvidia-query.ts'
import { nvidiaTrouble } from '../gpu/nvidia-trouble.ts'
import { parseDcmi } from './dcmi.ts'
import { batteries, powerMeters } from './power-meters.ts'
import { bestPower, powerSources } from './power-sources.ts'
import { raplWatts, raplZones } from './rapl.ts'
import { parseSensors } from './sensors.ts'
import { parseParts, parseSysfs } from './sysfs.ts'

const RUNS = process.env.VIRTHELM_LONG === '1' ? 10_000 : 1_000
const FOLDERS = ['gpu', 'power', 'sensors'] as const
const recordedFolder = join(import.meta.dirname, '../../../test/recorded')

/** As the scripts print the trees: the folder of the class goes, the first slash behind the device stays. */
const asPrinted = (tree: string): string =>
  tree
    .split('\n')
    .map((line) =>
      line
        .replace(/^sys\/class\/\w+\/(\S+?)\/(\S+) /, '$1/$2:')
        .replace(/^.*\/((?:hwmon|card)\d+)\/(\S+) /, '$1/$2:')
    )
    .join('\n')
const SEEDS = FOLDERS.flatMap((folder) =>
  readdirSync(join(recordedFolder, folder))
    .filter((file) => file !== 'README.md')
    .map((file) => asPrinted(recordedText(`${folder}/${file}`)).slice(0, 6_000))
)

/** Real text with pieces cut out, doubled, replaced, and plain noise. */
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
              '@thermal\n',
              '-1',
              '99999999999999999999',
              '1e999',
              'NaN',
              ' ',
              ':',
              '/',
              '\0',
              ', ',
              '[N/A]',
              'ERR!',
              '@',
              '\u202e'
            )
          )
        ),
        { minLength: 1, maxLength: 8 }
      )
    )
    .map(([text, cuts]) => {
      let changed = text
      for (const [at, length, replacement] of cuts)
        changed = changed.slice(0, at) + replacement + changed.slice(at + length)
      return changed
    })
)

function expectSound(value: unknown): void {
  if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true)
  else if (typeof value === 'string') expect(value).not.toMatch(/\p{Cc}/u)
  else if (value instanceof Map) for (const [key, inner] of value) [key, inner].forEach(expectSound)
  else if (typeof value === 'object' && value !== null) Object.values(value).forEach(expectSound)
}

const PARSERS: readonly (readonly [string, (text: string) => unknown])[] = [
  ['sensors', (text) => parseSensors(text, new Set())],
  ['rapl', (text) => raplZones(parseSysfs(text))],
  ['dcmi', parseDcmi],
  ['meters', (text) => powerMeters(parseSysfs(text))],
  ['batteries', (text) => batteries(parseSysfs(text))],
  [
    'nvidia rows',
    (text) => text.split('\n').map((line) => [parseNvidiaCard(line, NVIDIA_FIELDS), unknownField(line)])
  ],
  ['nvidia messages', (text) => nvidiaTrouble(text.split('\n'))],
  ['slices', (text) => [parseMigDevices(text, text), cudaVersion(text)]],
  ['compute apps', (text) => parseComputeApps(text, parseOwners(text))],
  ['pmon', (text) => parsePmon(text, parseOwners(text))],
  ['kfd', (text) => parseKfd(text, new Map(), parseOwners(text))],
  ['drm', (text) => drmCards(parseSysfs(text))],
  ['lspci', parseLspci]
]

describe('hostile text never gets out as an exception, as NaN or as control characters', () => {
  it.each(PARSERS)('%s', (_name, parse) => {
    fc.assert(
      fc.property(hostile, (text) => expectSound(parse(text))),
      { numRuns: RUNS }
    )
  })

  it('parts', () => {
    fc.assert(
      fc.property(hostile, (text) => void parseParts(text)),
      { numRuns: RUNS }
    )
  })

  it('watts and what is best of them', () => {
    fc.assert(
      fc.property(hostile, hostile, fc.double({ min: -1e9, max: 1e9 }), (before, after, spanSec) => {
        const rapl = raplWatts(
          raplZones(parseSysfs(before)).zones,
          raplZones(parseSysfs(after)).zones,
          spanSec
        )
        const sources = powerSources({
          ipmiWatts: null,
          meters: powerMeters(parseSysfs(after)),
          rapl,
          batteries: batteries(parseSysfs(after)),
          gpuWatts: null
        })
        expectSound([sources, bestPower(sources)])
        for (const { watts } of sources) expect(watts ?? 0).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: RUNS }
    )
  })

  it('reads what the real texts hold: the seeds are no noise', () => {
    const found = PARSERS.filter(([, parse]) =>
      SEEDS.some((seed) => JSON.stringify(parse(seed)) !== JSON.stringify(parse('')))
    )
    expect(found.map(([name]) => name)).toEqual(
      expect.arrayContaining(['sensors', 'rapl', 'dcmi', 'meters', 'batteries', 'slices', 'pmon'])
    )
  })
})
