import type { HistoryEvent, HistoryMark } from '#contract/history.ts'
import { ServerId } from '#contract/ids.ts'
import { describe, expect, it } from 'vitest'
import { MarkBudget } from './mark-budget.ts'

const serverId = ServerId.parse('00000000-0000-4000-8000-000000000001')
const mark = (event: HistoryEvent, atMs = 1): HistoryMark => ({ serverId, atMs, event })
const port = (
  from: 'open' | 'closed',
  to: 'open' | 'closed' | 'filtered',
  origin: 'direct' | 'ssh' = 'direct'
): HistoryEvent => ({
  kind: 'portChanged',
  origin,
  port: 443,
  service: 'https',
  from,
  to
})

describe('events of ports beyond the budget', () => {
  it('are held as one for each port and origin, and none when all is as it was', () => {
    const budget = new MarkBudget()
    for (let spent = 0; spent < 1_000; spent++) budget.take(mark({ kind: 'serverRebooted' }), 0)
    expect(budget.take(mark(port('closed', 'open')), 0)).toEqual([])
    expect(budget.take(mark(port('open', 'filtered')), 0)).toEqual([])
    expect(budget.take(mark(port('open', 'closed', 'ssh')), 0)).toEqual([])
    expect(budget.take(mark(port('closed', 'open', 'ssh')), 0)).toEqual([])
    expect(budget.drain().map(({ event }) => event)).toEqual([port('closed', 'filtered')])
  })
})
