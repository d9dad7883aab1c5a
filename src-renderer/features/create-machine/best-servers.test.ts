import type { ServerView } from '#contract/servers.ts'
import { describe, expect, it } from 'vitest'
import { makeServer, manyServers } from '../../../test/fakes/engine-model.ts'
import { serverChoices, whyNotOn } from './best-servers.ts'

const WORKS = [
  { id: 'libvirt', works: true, cause: null, fix: null },
  { id: 'libvirtWrite', works: true, cause: null, fix: null }
] as const

const TOTALS = { cpuThreads: 32, memoryTotalBytes: 128 * 2 ** 30, diskTotalBytes: 4 * 2 ** 40 }
let made = 0
function server(name: string, used: { cpu: number; memory: number; disk: number } | null): ServerView {
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
    now:
      used === null
        ? null
        : {
            ...now,
            ...TOTALS,
            cpuUsedRatio: used.cpu,
            memoryUsedRatio: used.memory,
            diskUsedRatio: used.disk
          }
  }
}
const names = (views: readonly ServerView[]) =>
  serverChoices(views).map(({ view, rank }) => [view.record.name, rank])

describe('the best servers', () => {
  it('are those whose narrowest room is the widest, three of them', () => {
    const views = [
      server('full-memory', { cpu: 0.1, memory: 0.95, disk: 0.1 }),
      server('busy', { cpu: 0.7, memory: 0.2, disk: 0.2 }),
      server('even', { cpu: 0.3, memory: 0.3, disk: 0.3 }),
      server('idle', { cpu: 0.05, memory: 0.1, disk: 0.2 }),
      server('unknown', null)
    ]
    expect(names(views)).toEqual([
      ['idle', 1],
      ['even', 2],
      ['busy', 3],
      ['full-memory', null],
      ['unknown', null]
    ])
    expect(serverChoices(views)[2]?.reasons).toEqual(['memory', 'disk'])
  })

  it('are not small ones that are only empty', () => {
    const small = server('small', { cpu: 0, memory: 0, disk: 0 })
    const views = [
      small.now === null ? small : { ...small, now: { ...small.now, memoryTotalBytes: 4 * 2 ** 30 } },
      server('large', { cpu: 0.4, memory: 0.6, disk: 0.4 })
    ]
    expect(names(views)).toEqual([
      ['large', 1],
      ['small', 2]
    ])
  })

  it('are never those that cannot be chosen; they stand last, with the reason', () => {
    const idle = { cpu: 0, memory: 0, disk: 0 }
    const lookOnly = server('look', idle)
    const views = [
      { ...lookOnly, record: { ...lookOnly.record, lookOnly: true } },
      server('free', { cpu: 0.5, memory: 0.5, disk: 0.5 })
    ]
    expect(names(views)).toEqual([
      ['free', 1],
      ['look', null]
    ])
  })

  it('names every reason', () => {
    const base = server('a', { cpu: 0, memory: 0, disk: 0 })
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
