import { describe, expect, it } from 'vitest'
import type { HistoryEvent, HistoryMark } from '#contract/history.ts'
import type { AlertId, ServerId, VmUuid } from '#contract/ids.ts'
import { i18n } from '../../app/i18n.ts'
import { concerns, marksInWords } from './mark-words.ts'

const serverId = '11111111-1111-4111-8111-111111111111' as ServerId
const VM = 'aaaaaaaa-0000-4000-8000-000000000001' as VmUuid
const OTHER = 'aaaaaaaa-0000-4000-8000-000000000002' as VmUuid
const { t } = i18n.global
const raised = { alertId: '22222222-2222-4222-8222-222222222222' as AlertId, label: '/srv\u202e', vmUuid: VM }
const mark = (event: HistoryEvent): HistoryMark => ({ serverId, atMs: 5, event })
const words = (event: HistoryEvent, server = '') =>
  marksInWords([mark(event)], {
    text: (key, values) => t(`history.mark.${key}`, values),
    state: (state) => t(`machine.state.${state}`),
    preset: (preset) => t(`alerts.presets.${preset}`),
    machine: (_mark, vmUuid) => (vmUuid === VM ? 'db' : ''),
    server: () => server
  })[0]

describe('events in words', () => {
  it.each<[HistoryEvent, string, string]>([
    [
      { kind: 'machineState', vmUuid: VM, name: 'db', from: 'running', to: 'shutOff' },
      'db: running → off',
      'neutral'
    ],
    [
      { kind: 'machineState', vmUuid: VM, name: 'db', from: 'running', to: 'crashed' },
      'db: running → crashed',
      'red'
    ],
    [{ kind: 'machineState', vmUuid: VM, name: 'db', from: null, to: 'running' }, 'db is new: running', 'ok'],
    [
      { kind: 'machineState', vmUuid: VM, name: 'db', from: 'shutOff', to: null },
      'db was removed',
      'neutral'
    ],
    [
      { kind: 'alertRaised', ...raised, level: 'RED', ruleName: null, preset: 'disk' },
      'RED: File system is filling up (db, /srv‹U+202E›)',
      'red'
    ],
    [
      { kind: 'alertRecovered', ...raised, level: 'AMBER', ruleName: '<b>', preset: null },
      'recovered: <b> (db, /srv‹U+202E›)',
      'ok'
    ],
    [{ kind: 'serverOnline' }, 'connected', 'ok'],
    [{ kind: 'serverOffline', code: 'connectTimeout' }, 'not reachable any more', 'red'],
    [{ kind: 'serverRebooted' }, 'rebooted', 'amber'],
    [{ kind: 'collectingStopped', vmUuid: null }, 'collecting stopped', 'neutral'],
    [
      { kind: 'portChanged', origin: 'direct', port: 443, service: 'https', from: 'open', to: 'filtered' },
      'port 443 (https) from here: open → filtered',
      'amber'
    ],
    [
      {
        kind: 'listenerChanged',
        protocol: 'tcp',
        address: '::',
        port: 80,
        service: 'http',
        process: 'nginx',
        listens: true
      },
      'nginx listens on tcp [::]:80',
      'neutral'
    ],
    [{ kind: 'collectingStarted', vmUuid: VM }, 'db: collecting started', 'neutral']
  ])('%o', (event, text, tone) => {
    expect(words(event)).toEqual({ atMs: 5, label: text, tone })
  })

  it('name the server where several share the axis', () => {
    expect(words({ kind: 'serverRebooted' }, 'alpha')?.label).toBe('alpha: rebooted')
  })

  it('make hostile names visible', () => {
    const event: HistoryEvent = {
      kind: 'machineState',
      vmUuid: VM,
      name: '\u202eb\u0007',
      from: null,
      to: 'running'
    }
    expect(words(event)?.label).not.toMatch(/[\u202e\u0007]/)
  })
})

describe('on a page of one VM', () => {
  it('stand its own events and those of its server, and none of other VMs', () => {
    const of = (vmUuid: VmUuid) => mark({ kind: 'machineState', vmUuid, name: '', from: null, to: 'running' })
    expect(concerns(of(VM), VM)).toBe(true)
    expect(concerns(of(OTHER), VM)).toBe(false)
    expect(concerns(mark({ kind: 'serverRebooted' }), VM)).toBe(true)
    expect(concerns(mark({ kind: 'collectingStopped', vmUuid: null }), VM)).toBe(true)
    expect(concerns(mark({ kind: 'collectingStopped', vmUuid: OTHER }), VM)).toBe(false)
  })
})
