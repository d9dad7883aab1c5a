import type { RecommendationLevel } from '#contract/fleet-figures.ts'
import type { ServerView } from '#contract/servers.ts'
import { describe, expect, it } from 'vitest'
import { makeServer, manyServers } from '../../../test/fakes/engine-model.ts'
import { serverChoices, whyNotOn } from './best-servers.ts'

const WORKS = [
  { id: 'libvirt', works: true, cause: null, fix: null },
  { id: 'libvirtWrite', works: true, cause: null, fix: null }
] as const

let made = 0
function server(name: string, diskUsedRatio = 0.2): ServerView {
  const [plan] = manyServers(1)
  if (plan === undefined) throw new Error('no plan')
  const { view } = makeServer(plan, made++, 1_700_000_000_000)
  const { now } = view
  if (now === null) throw new Error('a server without values')
  return {
    ...view,
    record: { ...view.record, name },
    connection: { kind: 'online', sinceAtMs: 0 },
    capabilities: [...WORKS],
    now: { ...now, diskTotalBytes: 4 * 2 ** 40, diskUsedRatio }
  }
}
interface Judged {
  readonly level?: RecommendationLevel
  readonly threads?: number
  readonly memoryGib?: number
}
/** By name; a server that is not in it is not judged yet. */
const ranks = (views: readonly ServerView[], judged: Readonly<Record<string, Judged>>) => {
  const names = new Map(views.map(({ record }) => [record.id, record.name]))
  const choices = serverChoices(views, (serverId) => {
    const found = judged[names.get(serverId) ?? '']
    if (found === undefined) return undefined
    const { level = 'good', threads = 16, memoryGib = 64 } = found
    return {
      serverId,
      level,
      reasons: [{ code: 'cpuFree', value: threads }],
      freeCpuThreads: threads,
      freeMemoryBytes: memoryGib * 2 ** 30,
      freeGpuMemoryBytes: null
    }
  })
  return choices.map(({ view, rank }) => [view.record.name, rank])
}

describe('the best servers', () => {
  it('are those of the best level, then those whose narrowest room is the widest, three of them', () => {
    const views = [
      server('if-need-be'),
      server('no-threads'),
      server('even'),
      server('full-disk', 0.99),
      server('better-not'),
      server('not-judged')
    ]
    const judged = {
      'if-need-be': { level: 'fair' },
      'no-threads': { threads: 1 },
      even: { threads: 4, memoryGib: 8 },
      'full-disk': {},
      'better-not': { level: 'poor', threads: 64, memoryGib: 512 }
    } as const
    expect(ranks(views, judged)).toEqual([
      ['even', 1],
      ['full-disk', 2],
      ['no-threads', 3],
      ['better-not', null],
      ['if-need-be', null],
      ['not-judged', null]
    ])
  })

  it('are fewer where fewer can be recommended', () => {
    const views = [server('poor'), server('fair')]
    expect(ranks(views, { poor: { level: 'poor' }, fair: { level: 'fair' } })).toEqual([
      ['fair', 1],
      ['poor', null]
    ])
  })

  it('are never those that cannot be chosen; they stand last, with the reason', () => {
    const lookOnly = server('look')
    const views = [{ ...lookOnly, record: { ...lookOnly.record, lookOnly: true } }, server('free')]
    expect(ranks(views, { look: {}, free: { level: 'fair' } })).toEqual([
      ['free', 1],
      ['look', null]
    ])
  })

  it('names every reason', () => {
    const base = server('a')
    const off = { works: false, cause: 'toolMissing', fix: null } as const
    const [reads, writes] = WORKS
    expect(whyNotOn(base)).toBeNull()
    expect(whyNotOn({ ...base, record: { ...base.record, lookOnly: true } })).toBe('lookOnly')
    expect(whyNotOn({ ...base, connection: { kind: 'stopped', sinceAtMs: 0 } })).toBe('stopped')
    expect(whyNotOn({ ...base, connection: { kind: 'connecting', sinceAtMs: 0, attempt: 1 } })).toBe(
      'connecting'
    )
    expect(whyNotOn({ ...base, capabilities: [] })).toBe('checking')
    expect(whyNotOn({ ...base, capabilities: [{ ...reads, ...off }, writes] })).toBe('noLibvirt')
    expect(whyNotOn({ ...base, capabilities: [reads, { ...writes, ...off }] })).toBe('mayNotWrite')
  })
})
