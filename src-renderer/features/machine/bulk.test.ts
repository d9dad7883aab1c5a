import { flushPromises } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import type { BulkItem } from '#contract/bulk.ts'
import { AppError } from '#contract/errors.ts'
import type { MachineView } from '#contract/machines.ts'
import { makeServer, manyServers } from '../../../test/fakes/engine-model.ts'
import { stubRpc } from '../../../test/fakes/stub-rpc.ts'
import { countsByServer, questionFor, rowsFor, templatesOf } from './bulk-choice.ts'
import { startBulk } from './bulk-run.ts'
import type { MachineRow } from './machine-rows.ts'

const servers = manyServers(6).map((plan, index) => makeServer(plan, index, Date.now()))
function rowOf(server: number, change: Partial<MachineView>): MachineRow {
  const fake = servers.filter(({ machines }) => machines.length > 0)[server]
  const [machine] = fake?.machines ?? []
  if (fake === undefined || machine === undefined) throw new Error('no machine')
  const view = { ...machine, notRespondingSinceAtMs: null, ...change }
  return { view, server: fake.view, serverName: fake.view.record.name }
}

describe('what can be done with many', () => {
  it('counts only those that it can be done with', () => {
    const rows = [
      rowOf(0, { state: 'running' }),
      rowOf(0, { state: 'shutOff', name: 'b' }),
      rowOf(1, { state: 'running', persistent: false })
    ]
    expect(rowsFor('start', rows).map(({ view }) => view.name)).toEqual(['b'])
    expect(rowsFor('forceOff', rows)).toHaveLength(2)
    expect(rowsFor('save', rows)).toHaveLength(1)
    expect(countsByServer(rows).map(({ count }) => count)).toEqual([2, 1])
    const [first] = rows
    const lookOnly =
      first?.server === undefined
        ? []
        : [{ ...first, server: { ...first.server, record: { ...first.server.record, lookOnly: true } } }]
    expect(rowsFor('shutDown', lookOnly)).toEqual([])
  })

  it('asks before it starts a template among others, and names it', () => {
    const template = rowOf(0, { template: true, name: 'golden' })
    expect(questionFor('start', [rowOf(0, {}), template])).toBe('ask')
    expect(questionFor('pause', [template])).toBe('none')
    expect(templatesOf('start', [rowOf(0, {}), template])).toEqual([template])
    expect(templatesOf('autostartOn', [template])).toEqual([])
  })

  it('wants the count typed where many would lose something', () => {
    const one = rowOf(0, {})
    expect(['forceOff', 'reset'].map((action) => questionFor(action as 'reset', [one, one]))).toEqual([
      'type',
      'type'
    ])
    expect(questionFor('forceOff', [one])).toBe('ask')
    expect(questionFor('shutDown', [one, one])).toBe('ask')
    expect(questionFor('start', [one, one])).toBe('none')
  })
})

describe('one action on many', () => {
  const rows = ['a', 'b', 'c'].map((name, index) =>
    rowOf(0, {
      name,
      ref: { ...rowOf(0, {}).view.ref, vmUuid: `00000000-0000-4000-8000-00000000000${index}` as never }
    })
  )
  const item = (index: number, state: BulkItem['state'], error: BulkItem['error'] = null): BulkItem => ({
    index,
    state,
    error
  })

  it('shows each as it goes, and tries the failed ones again, and only those', async () => {
    const failure = new AppError('vmNotResponding').toInfo()
    let round = 0
    const stub = stubRpc({
      'bulk.run': () =>
        ++round === 1
          ? { items: [item(0, 'done'), item(1, 'failed', failure), item(2, 'already')] }
          : { items: [item(0, 'done')] }
    })
    const run = startBulk(stub.rpc, 'shutDown', rows)
    expect(run.running.value).toBe(true)
    await run.ended
    expect(run.rows.value.map(({ state }) => state)).toEqual(['done', 'failed', 'already'])
    await run.again()
    expect(run.rows.value.map(({ state }) => state)).toEqual(['done', 'done', 'already'])
    const names = stub
      .inputsOf('bulk.run')
      .map(({ targets }: { targets: { seenName: string }[] }) => targets.map(({ seenName }) => seenName))
    expect(names).toEqual([['a', 'b', 'c'], ['b']])
  })

  it('says what was not begun when it is stopped', async () => {
    const stub = stubRpc({
      'bulk.run': (_input, { signal, onProgress }) =>
        new Promise((_resolve, reject) => {
          onProgress?.({ items: [item(0, 'done')], ended: 1, total: 3 } as never)
          signal?.addEventListener('abort', () => reject(new AppError('cancelled')))
        })
    })
    const run = startBulk(stub.rpc, 'start', rows)
    await flushPromises()
    run.stop()
    await run.ended
    expect(run.rows.value.map(({ state }) => state)).toEqual(['done', 'skipped', 'skipped'])
    expect([run.error.value, run.running.value]).toEqual([null, false])
  })
})
