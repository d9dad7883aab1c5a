import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FUZZ_RUNS, recordedVirsh } from '../../../test/fakes/recorded-virsh.ts'
import { parseDomcontrol } from './domcontrol.ts'
import { numberOf, parseDomstats } from './domstats.ts'
import { numbersOf, parseDomstate, stateAndReasonOf, wordOf } from './domain-state.ts'
import { concernsList, concernsXmlOf, parseEventLine } from './events.ts'
import { failureKindOf } from './failure-words.ts'
import { type ListedDomain, looksLikeUuid, parseListing, parseUuidLines, stableNames } from './listing.ts'

const NAMES = ['$(id)', '-H', '12', '5a1b0000-0000-4000-8000-000000000001', ';reboot', 'web 01', 'ünï`x` \\']
const uuid = (n: number): string => `5a1b0000-0000-4000-8000-${String(n).padStart(12, '0')}`

/** Text as a server that wants to do harm would send it: lines of the real formats, cut and mixed. */
const hostileText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        "Domain: 'a'",
        "Domain: '",
        '  state.state=1',
        '  =',
        '  net.count=99999999999999999999',
        `${uuid(1)} 1 a`,
        `${uuid(1)} - `,
        uuid(2),
        "event 'lifecycle' for domain 'x': Started Booted",
        'occupied (99999999999s)'
      )
    ),
    { maxLength: 30 }
  )
  .map((lines) => lines.join('\n'))

describe('lists', () => {
  it('pairs UUID, number and name of domains with hostile names', () => {
    const { domains, sound } = parseListing(recordedVirsh('list-uuid-id-name'))
    expect(sound).toBe(true)
    expect(domains.map(({ name }) => name)).toEqual(expect.arrayContaining(NAMES))
    expect(domains.find(({ name }) => name === 'web 01')?.uuid).toBe(uuid(1))
    expect(domains.find(({ name }) => name === uuid(1))?.uuid).toBe(uuid(6))
    expect(domains.find(({ name }) => name === ';reboot')?.id).toBeNull()
  })

  it('trusts no pair when a name broke a line', () => {
    expect(parseListing(`${uuid(1)} 3 a\nb\n`).sound).toBe(false)
    expect(parseListing(`${uuid(1)} 3 a\n${uuid(1)} 3 forged\n`).sound).toBe(false)
  })

  it('reads sets of UUIDs', () => {
    expect([...parseUuidLines(recordedVirsh('list-autostart'))]).toEqual([uuid(2)])
    expect(parseUuidLines(recordedVirsh('list-transient')).size).toBe(0)
  })

  it('knows a UUID when it sees one', () => {
    expect(looksLikeUuid(uuid(1).toUpperCase())).toBe(true)
    expect(looksLikeUuid('web 01')).toBe(false)
  })
})

describe('domstats', () => {
  it('reads every domain whatever its name', () => {
    const records = parseDomstats(recordedVirsh('domstats-full'))
    expect(records.map(({ name }) => name)).toEqual(expect.arrayContaining(NAMES))
    const web = records.find(({ name }) => name === 'web 01')
    expect(web && numberOf(web, 'block.0.capacity')).toBe(67_108_864)
    expect(web?.fields.get('net.0.name')).toMatch(/^vnet\d+$/)
  })

  it('leaves out a domain whose record was forged by a value with a line feed', () => {
    const text = `Domain: 'evil'\n  block.0.path=/x\nDomain: 'web'\n  cpu.time=1\n\nDomain: 'web'\n  cpu.time=9\n`
    expect(parseDomstats(text).map(({ name }) => name)).toEqual(['evil'])
  })

  it('gives null for what is no number', () => {
    const [record] = parseDomstats(`Domain: 'a'\n  x=-1\n  y=1e9\n  z=\n  w= 5\n  ok=5\n`)
    expect(record && ['x', 'y', 'z', 'w', 'none', 'ok'].map((field) => numberOf(record, field))).toEqual([
      null,
      null,
      null,
      null,
      null,
      5
    ])
  })
})

describe('names and UUIDs', () => {
  /** The host at three moments: list, stats, list. Between them names move, as far as libvirt lets them. */
  const host = fc
    .array(
      fc.record({ name: fc.constantFrom('a', 'b', 'c', uuid(1), uuid(2), '1', '2'), running: fc.boolean() }),
      { minLength: 1, maxLength: 5 }
    )
    .map((drafts) =>
      drafts
        .filter(({ name }, index) => drafts.findIndex((other) => other.name === name) === index)
        .map(({ name, running }, index): ListedDomain => ({
          uuid: uuid(index + 1),
          id: running ? index + 1 : null,
          name
        }))
    )
  const moves = fc.array(
    fc.record({
      kind: fc.constantFrom('rename', 'stop', 'start'),
      at: fc.nat(4),
      name: fc.constantFrom('a', 'b', 'c', 'd', uuid(1))
    }),
    { maxLength: 6 }
  )
  let nextId = 100
  const moved = (
    domains: readonly ListedDomain[],
    steps: typeof moves extends fc.Arbitrary<infer T> ? T : never
  ) => {
    let now = [...domains]
    for (const { kind, at, name } of steps) {
      const target = now[at % now.length]
      if (target === undefined) continue
      const change = (to: Partial<ListedDomain>) =>
        (now = now.map((one) => (one === target ? { ...one, ...to } : one)))
      // libvirt renames only domains that are off, and never to a name that is taken.
      if (kind === 'rename' && target.id === null && !now.some((one) => one.name === name)) change({ name })
      if (kind === 'stop') change({ id: null })
      if (kind === 'start' && target.id === null) change({ id: ++nextId })
    }
    return now
  }

  it('never gives a running VM the values of another, whatever was renamed, stopped or started in between', () => {
    fc.assert(
      fc.property(host, moves, moves, (before, early, late) => {
        const during = moved(before, early)
        const after = moved(during, late)
        const names = stableNames(before, after)
        for (const owner of during) {
          const taken = names.get(owner.name)
          if (taken !== undefined && taken.id !== null) expect(taken).toEqual(owner)
        }
      }),
      { numRuns: FUZZ_RUNS }
    )
  })

  it('finds every VM when nothing moves', () => {
    const { domains } = parseListing(recordedVirsh('list-uuid-id-name'))
    expect(stableNames(domains, [...domains].reverse()).size).toBe(domains.length)
  })

  it('takes no name that is there twice', () => {
    const twice = [uuid(1), uuid(2), uuid(3)].map((id) => ({ uuid: id, id: 1, name: 'web' }))
    expect(stableNames(twice, twice).size).toBe(0)
  })
})

describe('states', () => {
  it('words libvirt numbers, and knows them back', () => {
    expect(stateAndReasonOf(1, 1)).toEqual({ state: 'running', stateReason: 'booted' })
    expect(stateAndReasonOf(5, 2)).toEqual({ state: 'shutOff', stateReason: 'destroyed' })
    expect(stateAndReasonOf(5, 0)).toEqual({ state: 'shutOff', stateReason: null })
    expect(stateAndReasonOf(99, 1)).toEqual({ state: 'unknown', stateReason: null })
    expect(stateAndReasonOf(null, null)).toEqual({ state: 'unknown', stateReason: null })
    expect(numbersOf('paused', 'I/O error')).toEqual({ state: 3, reason: 5 })
  })

  it('reads the words of domstate', () => {
    for (const state of [
      'running',
      'blocked',
      'paused',
      'shuttingDown',
      'shutOff',
      'crashed',
      'suspended'
    ] as const)
      expect(parseDomstate(`${wordOf(state)}\n\n`)).toBe(state)
    expect(parseDomstate('constructor')).toBe('unknown')
  })

  it('reads domcontrol', () => {
    expect(parseDomcontrol(recordedVirsh('domcontrol-ok'))).toEqual({ kind: 'ok' })
    expect(parseDomcontrol('occupied (12.345s)\n\n')).toEqual({ kind: 'occupied', forMs: 12_345 })
    expect(parseDomcontrol('job (1.0s)\n')).toEqual({ kind: 'job' })
    expect(parseDomcontrol('error: monitor failure\n')).toEqual({ kind: 'error' })
    expect(parseDomcontrol('')).toEqual({ kind: 'unknown' })
  })
})

describe('events', () => {
  it('reads a start and a stop as they came', () => {
    const hints = recordedVirsh('events').trim().split('\n').map(parseEventLine)
    expect(hints.length).toBeGreaterThan(4)
    for (const hint of hints) {
      expect(hint?.event).toBe('lifecycle')
      expect(hint && concernsList(hint)).toBe(true)
      expect(hint && concernsXmlOf(hint, '12')).toBe(true)
      expect(hint && concernsXmlOf(hint, '1')).toBe(false)
    }
  })

  it('takes no balloon tick for a change', () => {
    const hint = parseEventLine("event 'balloon-change' for domain 'web': 1024KiB")
    expect(hint && concernsList(hint)).toBe(false)
  })

  it('takes events of a libvirt that quotes no names', () => {
    const hint = parseEventLine("event 'lifecycle' for domain web: Defined Updated")
    expect(hint && concernsXmlOf(hint, 'web')).toBe(true)
  })
})

describe('failures', () => {
  it.each([
    ['daemon-down', 'daemonDown'],
    ['denied', 'denied']
  ])('knows the recorded words of %s', (file, kind) => {
    expect(failureKindOf(recordedVirsh(file))).toBe(kind)
  })

  it('knows what libvirt says about acts that do not fit', () => {
    const refusals = recordedVirsh('acts')
      .split('== ')
      .filter((part) => part.includes('exit 1'))
      .map((part) =>
        part
          .split('\n')
          .filter((line) => line.startsWith('error:'))
          .join('\n')
      )
    expect(refusals.map(failureKindOf)).toEqual([...Array<string>(7).fill('notPossible'), 'vmNotFound'])
  })

  it('is not led astray by the name of a VM', () => {
    const stderr = "error: Failed to start domain 'Permission denied'\nerror: internal error: qemu died"
    expect(failureKindOf(stderr.replace('Permission denied', 'web'))).toBe('other')
    expect(
      failureKindOf(
        "error: Failed to start domain 'Connection refused'\nerror: Requested operation is not valid: x"
      )
    ).toBe('notPossible')
  })

  it('has nothing to say about nothing', () => {
    expect(failureKindOf(' \n')).toBeNull()
  })
})

describe('hostile text', () => {
  it('ends every reader in a value, never in an exception', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        parseListing(text)
        parseUuidLines(text)
        parseDomcontrol(text)
        parseDomstate(text)
        failureKindOf(text)
        for (const line of text.split('\n')) parseEventLine(line)
        for (const record of parseDomstats(text))
          for (const field of record.fields.keys()) {
            const value = numberOf(record, field)
            expect(value === null || (Number.isFinite(value) && value >= 0)).toBe(true)
          }
      }),
      { numRuns: FUZZ_RUNS }
    )
  })
})
