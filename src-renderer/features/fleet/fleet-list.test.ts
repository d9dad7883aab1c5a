import type { ServerView } from '#contract/servers.ts'
import { beforeAll, describe, expect, it } from 'vitest'
import { makeServer, manyServers, NINE_SERVERS, TROUBLED_SERVERS } from '../../../test/fakes/engine-model.ts'
import { parseFilter } from '../filter/index.ts'
import { filterServers, FLEET_VOCABULARY, groupServers } from './fleet-list.ts'
import { summarise } from './fleet-summary.ts'

const AT_MS = 1_700_000_000_000
let nine: ServerView[] = []
beforeAll(() => {
  nine = NINE_SERVERS.map((plan, index) => makeServer(plan, index, AT_MS).view)
})
const names = (servers: readonly ServerView[]): string[] => servers.map((view) => view.record.name)
const find = (text: string): string[] => names(filterServers(nine, parseFilter(text, FLEET_VOCABULARY)))

describe('the fleet filter', () => {
  it('knows tag, state, location and the newest values', () => {
    expect(find('tag:prod')).toEqual(['kvm-alpha', 'kvm-bravo'])
    expect(find('state:off')).toEqual(['build-host'])
    expect(find('state:empty')).toEqual(['new-rack-12'])
    expect(find('location:seoul state:on')).toEqual(['edge-seoul'])
    expect(find('disk>90')).toEqual(['web-front-eu-central-frankfurt-rack-07-unit-03-blue'])
    expect(find('节点')).toEqual(['存储-节点-07'])
    expect(find('<b>')).toEqual(['<b>nas</b> $(id)'])
  })

  it('does not take the old values of a server that is off for new ones', () => {
    expect(find('cpu>=0')).not.toContain('build-host')
  })
})

describe('the order of the fleet', () => {
  it('puts trouble first', () => {
    const [group] = groupServers(nine, 'none', 'attention')
    expect(names(group?.servers ?? []).slice(0, 3)).toEqual([
      'build-host',
      'new-rack-12',
      'web-front-eu-central-frankfurt-rack-07-unit-03-blue'
    ])
  })

  it('does not change places for a hair', () => {
    const [first, second] = manyServers(2).map((plan, index) => makeServer(plan, index, AT_MS).view)
    if (first === undefined || second === undefined) throw new Error('no servers')
    const withCpu = (view: ServerView, cpuUsedRatio: number): ServerView => ({
      ...view,
      now: view.now === null ? null : { ...view.now, cpuUsedRatio }
    })
    for (const cpu of [0.499, 0.501]) {
      const order = groupServers([withCpu(first, 0.5), withCpu(second, cpu)], 'none', 'cpu')[0]?.servers ?? []
      expect(names(order)).toEqual(['server-001', 'server-002'])
    }
    const far = groupServers([withCpu(first, 0.5), withCpu(second, 0.9)], 'none', 'cpu')[0]?.servers ?? []
    expect(names(far)).toEqual(['server-002', 'server-001'])
  })

  it('groups by location and by every tag, the rest last', () => {
    expect(groupServers(nine, 'location', 'name').map((group) => group.name)).toEqual([
      'Beijing DC-2',
      'Office',
      'Seoul lab'
    ])
    const byTag = groupServers(nine, 'tag', 'name')
    expect(byTag.at(-1)?.name).toBe('')
    expect(names(byTag.find((group) => group.name === 'web')?.servers ?? [])).toHaveLength(2)
  })
})

describe('the sums', () => {
  it('count servers that are on only, and give nothing for nothing', () => {
    const sum = summarise(nine)
    expect(sum.cpuThreads).toBe(160)
    expect(sum.memoryTotalBytes).toBe(632 * 1024 ** 3)
    const none = summarise(TROUBLED_SERVERS.map((plan, index) => makeServer(plan, index, AT_MS).view))
    expect(Object.values(none).every((value) => value === null)).toBe(true)
  })

  it('weigh the CPU by threads', () => {
    const two = manyServers(2).map(
      (plan, index) => makeServer({ ...plan, threads: index === 0 ? 10 : 30 }, index, AT_MS).view
    )
    const mean = summarise(
      two.map((view, index) => ({
        ...view,
        now: view.now && { ...view.now, cpuUsedRatio: index === 0 ? 1 : 0 }
      }))
    )
    expect(mean.cpuUsedRatio).toBeCloseTo(0.25)
  })
})
