import type { MachineView } from '#contract/machines.ts'
import { DomainState } from '#contract/vocabulary.ts'
import { describe, expect, it } from 'vitest'
import { manyServers, makeServer } from '../../../test/fakes/engine-model.ts'
import { filteredRows, machineRows } from './machine-rows.ts'
import { actionsFor, actionWordOf, blockOf, machineDot } from './machine-state.ts'

function itemOf<T>(list: readonly T[], index: number): T {
  const item = list[index]
  if (item === undefined) throw new Error(`no item ${index}`)
  return item
}

const played = makeServer(
  { ...itemOf(manyServers(6), 5), name: 'alpha', tags: ['web'], location: 'Lab' },
  0,
  Date.now()
)
const machine = (change: Partial<MachineView> = {}): MachineView => ({
  ...itemOf(played.machines, 0),
  notRespondingSinceAtMs: null,
  ...change
})

describe('actionsFor', () => {
  it('never offers to start what runs, or to stop what is off', () => {
    for (const state of DomainState.options) {
      const { buttons, menu } = actionsFor(machine({ state }))
      const all = [...buttons, ...menu]
      expect(all.includes('start') && all.includes('forceOff')).toBe(false)
      expect(buttons).not.toContain('forceOff')
    }
    expect(actionsFor(machine({ state: 'running' })).buttons).toEqual(['shutDown', 'reboot', 'pause'])
    expect(actionsFor(machine({ state: 'shutOff', autostart: false }))).toEqual({
      buttons: ['start'],
      menu: ['autostartOn']
    })
  })

  it('offers to forget a saved state only while it is off', () => {
    expect(actionsFor(machine({ state: 'shutOff', hasSavedState: true })).menu).toContain('discardSaved')
    expect(actionsFor(machine({ state: 'running', hasSavedState: true })).menu).not.toContain('discardSaved')
    expect(actionWordOf(machine({ hasSavedState: true }), 'start')).toBe('startSaved')
  })

  it('offers only the plug when the VM does not respond', () => {
    expect(actionsFor(machine({ state: 'running', notRespondingSinceAtMs: 1, autostart: true }))).toEqual({
      buttons: ['forceOff'],
      menu: ['autostartOff']
    })
    expect(machineDot(machine({ state: 'running', notRespondingSinceAtMs: 1 }))).toBe('warn')
  })
})

describe('blockOf', () => {
  it('says why nothing can be done', () => {
    const { view } = played
    expect(blockOf(view)).toBeNull()
    expect(blockOf(undefined)).toBe('notConnected')
    expect(blockOf({ ...view, connection: { kind: 'stopped', sinceAtMs: 0 } })).toBe('notConnected')
    expect(blockOf({ ...view, record: { ...view.record, lookOnly: true } })).toBe('lookOnly')
    expect(
      blockOf({
        ...view,
        capabilities: [{ id: 'libvirtWrite', works: false, cause: 'permissionDenied', fix: null }]
      })
    ).toBe('libvirtWrite')
  })
})

describe('the filter of tables', () => {
  const rows = machineRows(
    [
      machine({ name: 'web-01', state: 'running' }),
      machine({ name: '<b>x</b> $(id)', state: 'shutOff', now: null }),
      machine({ name: '存储', state: 'running', notRespondingSinceAtMs: 5 })
    ],
    () => played.view
  )
  const names = (text: string) => filteredRows(rows, text).rows.map((row) => row.view.name)

  it('asks for states, servers, tags and numbers', () => {
    expect(names('state:off')).toEqual(['<b>x</b> $(id)'])
    expect(names('state:not-resp')).toEqual(['存储'])
    expect(names('server:alpha tag:web location:lab 存')).toEqual(['存储'])
    expect(names('server:other')).toEqual([])
    expect(names('cpu>=0')).not.toContain('<b>x</b> $(id)')
  })

  it('takes hostile names as text, and names what it did not understand', () => {
    expect(names('$(id)')).toEqual(['<b>x</b> $(id)'])
    expect(filteredRows(rows, 'foo:bar').filter.problems).toEqual(['foo:bar'])
  })
})
