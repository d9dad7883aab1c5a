import { beforeAll, describe, expect, it } from 'vitest'
import type { ServerView } from '#contract/servers.ts'
import { makeServer, NINE_SERVERS } from '../../../test/fakes/engine-model.ts'
import { factGroups, factsText } from './facts-rows.ts'

const NOW = 1_700_000_000_000
let view: ServerView
beforeAll(() => {
  const [plan] = NINE_SERVERS
  if (plan === undefined) throw new Error('no server')
  view = makeServer(plan, 0, NOW).view
})
const context = {
  zone: 'utc',
  locale: 'en',
  nowMs: NOW,
  word: (id: string, values: Record<string, string | number> = {}) =>
    `${id} ${Object.values(values).join(' ')}`
} as const
const row = (of: ServerView, id: string) =>
  factGroups(of, context)
    .flatMap(({ rows }) => rows)
    .find((each) => each.id === id)
const withSkew = (clockSkewMs: number): ServerView => ({
  ...view,
  now: view.now && { ...view.now, clockSkewMs }
})

describe('the facts of a server', () => {
  it('warn of a clock that is more than two seconds off', () => {
    expect(row(withSkew(1_900), 'clock')).toMatchObject({
      value: expect.stringMatching(/^clockAhead 1\ss$/) as string,
      warned: false
    })
    expect(row(withSkew(-2_100), 'clock')).toMatchObject({
      value: expect.stringMatching(/^clockBehind 2\ss$/) as string,
      warned: true
    })
  })

  it('count equal memory modules, and the slots', () => {
    const module = {
      slot: 'A1',
      sizeBytes: 32 * 2 ** 30,
      type: 'DDR5',
      megatransfersPerSec: 4800,
      manufacturer: 'Samsung',
      partNumber: 'M321'
    }
    const facts = view.facts && {
      ...view.facts,
      memoryModules: [module, { ...module, slot: 'B1' }],
      memorySlots: 8
    }
    expect(row({ ...view, facts }, 'memoryModules')?.value).toBe(
      '2 × 32 GiB DDR5, 4800 MT/s, Samsung M321\nslots 2 8'
    )
    expect(row(view, 'memoryModules')).toMatchObject({ value: null, missing: 'firmwareTables' })
  })

  it('tell no route from no answer, and no uptime of a server that is off', () => {
    const facts = view.facts && { ...view.facts, defaultGateways: [], dnsServers: null }
    expect(row({ ...view, facts }, 'gateway')?.value).toBe('none ')
    expect(row({ ...view, facts }, 'dns')?.value).toBeNull()
    expect(row({ ...view, presence: 'OFF' }, 'uptime')?.value).toBeNull()
  })

  it('go to the clipboard line by line', () => {
    const lines = factsText(factGroups(view, context), (id) => id).split('\n')
    expect(lines).toContain('dns: 10.4.0.2; 10.4.0.3')
    expect(lines).toContain('serialNumber: —')
  })
})
