import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recordedServices, RECORDED_SERVICES } from '../../../test/fakes/recorded-services.ts'
import { parseEngine, parseStats } from './containers.ts'
import { logLines } from './service-words.ts'
import { parseSessions, parseWho } from './sessions.ts'
import { sectionsOf } from './text.ts'
import { parseListUnits, parseUnitDetails } from './units.ts'
import { parseApk, parseApt, parseDnf, parsePacman, parseUpdates, parseZypper } from './updates.ts'

const RUNS = process.env.VIRTHELM_LONG === '1' ? 10_000 : 1_000
const SEEDS = RECORDED_SERVICES.map((file) => recordedServices(file).slice(0, 4_000))
/** Real answers with pieces cut out or replaced, and noise. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 2_000 }),
  fc
    .tuple(
      fc.constantFrom(...SEEDS),
      fc.array(
        fc.tuple(
          fc.nat(4_000),
          fc.nat(60),
          fc.oneof(
            fc.string({ unit: 'binary', maxLength: 20 }),
            fc.constantFrom(
              '\n',
              '\n@@ who\n',
              '@@ now\n9'.repeat(3),
              '-1',
              '9'.repeat(30),
              '=',
              '{"id":null}',
              '\0',
              '\u202e',
              '__proto__'
            )
          )
        ),
        { minLength: 1, maxLength: 8 }
      )
    )
    .map(([text, cuts]) =>
      cuts.reduce(
        (changed, [from, length, by]) => changed.slice(0, from) + by + changed.slice(from + length),
        text
      )
    )
)

function expectSane(value: unknown): void {
  if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true)
  else if (typeof value === 'string') expect(value).not.toMatch(/[\0\n]/)
  else if (value instanceof Map) for (const inner of value.values()) expectSane(inner)
  else if (typeof value === 'object' && value !== null) Object.values(value).forEach(expectSane)
}

describe('hostile text never gets out as an exception, NaN or a line break', () => {
  it.each([
    ['users', (text: string) => parseSessions(sectionsOf(text))],
    ['who', (text: string) => parseWho(text, 1_764_319_800_000)],
    ['units', parseListUnits],
    ['unit details', parseUnitDetails],
    [
      'updates',
      (text: string) =>
        parseUpdates(sectionsOf(`@@ manager\napt\n@@ exit\n0\n@@ lists\n1764319800\n@@ list\n${text}`))
    ],
    ['apt', parseApt],
    ['dnf', (text: string) => parseDnf(text, text)],
    ['zypper', parseZypper],
    ['pacman', parsePacman],
    ['apk', parseApk],
    ['containers', (text: string) => parseEngine('podman', true, () => text)],
    ['inspect', (text: string) => parseEngine('docker', false, (part) => (part === 'exit' ? '0' : text))],
    ['stats', parseStats]
  ] as const)('%s', (_name, parse) => {
    fc.assert(
      fc.property(hostile, (text) => {
        expectSane(parse(text))
      }),
      { numRuns: RUNS }
    )
  })

  it('logs: no line is endless, and there are never more than can be shown', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const lines = logLines(text.repeat(20))
        expect(lines.length).toBeLessThanOrEqual(200)
        expect(lines.every((line) => !line.includes('\n') && line.length <= 2_000)).toBe(true)
      }),
      { numRuns: RUNS / 10 }
    )
  })
})
