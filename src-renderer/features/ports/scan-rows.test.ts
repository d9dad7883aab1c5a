import { describe, expect, it } from 'vitest'
import type { Listener, PortResult } from '#contract/ports.ts'
import type { ListenerExposure, PortState } from '#contract/vocabulary.ts'
import { filteredRows, findingOf, type ScanRow } from './scan-rows.ts'

const result = (state: PortState): PortResult => ({
  port: 80,
  state,
  reason: state === 'open' ? 'synAck' : state === 'closed' ? 'reset' : 'noResponse',
  service: 'http',
  answerMs: state === 'filtered' ? null : 1
})
const listener = (exposure: ListenerExposure): Listener => ({
  protocol: 'tcp',
  family: 4,
  address: '0.0.0.0',
  port: 80,
  exposure,
  service: 'http',
  uid: 0,
  user: 'root',
  process: null,
  processMissing: 'permissionDenied',
  unit: null,
  passing: false
})

describe('a port seen from here, from inside, and in the list of what listens', () => {
  it.each<[PortState | null, PortState | null, ListenerExposure | null, string]>([
    ['open', 'open', 'allAddresses', 'open'],
    ['open', 'closed', 'oneAddress', 'outsideOnly'],
    ['filtered', 'open', 'allAddresses', 'listensFiltered'],
    ['closed', 'open', 'oneAddress', 'listensClosed'],
    ['closed', 'open', 'loopback', 'loopbackOnly'],
    ['closed', 'open', null, 'insideOnly'],
    [null, 'open', 'allAddresses', 'open'],
    ['closed', 'closed', null, 'nothing']
  ])('%s, %s, %s: %s', (direct, ssh, exposure, finding) => {
    const seen = {
      direct: direct === null ? null : result(direct),
      ssh: ssh === null ? null : result(ssh),
      listeners: exposure === null ? [] : [listener(exposure)]
    }
    expect(findingOf(seen, true)).toBe(finding)
  })

  it('says nothing of what listens where that could not be read', () => {
    expect(findingOf({ direct: result('closed'), ssh: null, listeners: [] }, false)).toBe('none')
  })

  it('is left out by the filters that ask for something else', () => {
    const row = (finding: ScanRow['finding'], state: PortState): ScanRow => ({
      port: 80,
      service: null,
      direct: result(state),
      ssh: null,
      listeners: [],
      finding
    })
    const rows = [row('open', 'open'), row('listensFiltered', 'filtered'), row('nothing', 'closed')]
    expect(filteredRows(rows, 'open')).toEqual([rows[0]])
    expect(filteredRows(rows, 'differs')).toEqual([rows[1]])
    expect(filteredRows(rows, 'all')).toEqual(rows)
  })
})
