import { describe, expect, it } from 'vitest'
import { ListenerWatch } from './listener-changes.ts'
import type { ListeningSocket } from './listeners.ts'
import { isSilent, portChanges, type ScannedPort } from './scan-changes.ts'

const socket = (port: number, change: Partial<ListeningSocket> = {}): ListeningSocket => ({
  protocol: 'tcp',
  family: 4,
  address: '0.0.0.0',
  port,
  exposure: 'allAddresses',
  service: null,
  uid: 0,
  user: 'root',
  process: { pid: 1, name: 'daemon', others: 0 },
  processMissing: null,
  unit: null,
  passing: false,
  ...change
})
const told = (changes: readonly { port: number; listens: boolean }[]): string[] =>
  changes.map(({ port, listens }) => `${listens ? '+' : '-'}${port}`)

describe('listening sockets that come and go', () => {
  it('are told once, when two readings agree', () => {
    const watch = new ListenerWatch()
    expect(watch.take([socket(22)])).toEqual([])
    expect(watch.take([socket(22), socket(80)])).toEqual([])
    expect(watch.isUnsure).toBe(true)
    expect(told(watch.take([socket(22), socket(80)]))).toEqual(['+80'])
    expect(watch.isUnsure).toBe(false)
    expect(watch.take([socket(22), socket(80)])).toEqual([])
    expect(watch.take([socket(22)])).toEqual([])
    expect(told(watch.take([socket(22)]))).toEqual(['-80'])
  })

  it('are no news when they restart between two readings, or when the kernel chose their port', () => {
    const watch = new ListenerWatch()
    watch.take([socket(80)])
    expect(watch.take([])).toEqual([])
    expect(watch.take([socket(80)])).toEqual([])
    expect(watch.take([socket(80)])).toEqual([])
    const passing = (port: number): ListeningSocket => socket(port, { protocol: 'udp', passing: true })
    for (let round = 0; round < 50; round++) {
      expect(watch.take([socket(80), passing(40_000 + round), passing(50_000)])).toEqual([])
    }
  })

  it('are told of a time when the console was closed, and never of what was never known', () => {
    const first = new ListenerWatch()
    expect(first.known).toBeNull()
    first.take([socket(22), socket(80)])
    const second = new ListenerWatch()
    second.restore(first.known ?? [])
    second.take([socket(22), socket(443)])
    expect(told(second.take([socket(22), socket(443)]))).toEqual(['+443', '-80'])
  })

  it('keep the name of the process for the time when it is gone', () => {
    const watch = new ListenerWatch()
    watch.take([socket(80, { process: { pid: 9, name: 'nginx', others: 2 } })])
    watch.take([])
    expect(watch.take([])[0]).toMatchObject({ process: 'nginx', listens: false })
  })
})

describe('two scans', () => {
  const port = (number: number, state: ScannedPort['state']): ScannedPort => ({
    port: number,
    state,
    reason: state === 'open' ? 'synAck' : 'noResponse'
  })
  it('differ only in ports that both knocked at', () => {
    expect(
      portChanges(
        [port(22, 'open'), port(80, 'open'), port(81, 'closed')],
        [port(22, 'open'), port(80, 'filtered'), port(443, 'open')]
      )
    ).toEqual([{ port: 80, from: 'open', to: 'filtered' }])
  })
  it('say nothing of ports when the second met only silence', () => {
    expect(isSilent([port(22, 'open')], [port(22, 'filtered'), port(80, 'filtered')])).toBe(true)
    expect(isSilent([port(22, 'open')], [port(22, 'filtered'), port(80, 'closed')])).toBe(false)
    expect(isSilent([port(80, 'filtered')], [port(80, 'filtered')])).toBe(false)
    // Another list than before.
    expect(isSilent([port(22, 'open')], [port(80, 'filtered')])).toBe(false)
  })
})
