import { describe, expect, it } from 'vitest'
import { parseEngine, parseStats, ratesOf, type ContainerUse } from './containers.ts'

const at = (iso: string): number => Date.parse(iso)
const use = (more: Partial<ContainerUse>): ContainerUse => ({
  uptimeSec: 100,
  cpuSec: 10,
  memoryBytes: null,
  memoryLimitBytes: null,
  processes: null,
  rxBytes: null,
  txBytes: null,
  readBytes: null,
  writeBytes: null,
  ...more
})

describe('containers', () => {
  const ID = 'c'.repeat(64)
  const engine = (parts: Record<string, string>) => parseEngine('docker', false, (part) => parts[part])
  const inspect = (more: object): string =>
    JSON.stringify({
      id: ID,
      name: '/web',
      image: 'nginx:1.27',
      status: 'running',
      exit: 0,
      started: '2025-11-28T08:00:00.123456789Z',
      finished: '0001-01-01T00:00:00Z',
      limit: 0,
      ...more
    })

  it('of docker: health out of its words, use without the cache that can be given back', () => {
    const answer = engine({
      exit: '0',
      list: `${ID} Up 3 days (healthy)\nnonsense`,
      inspect: inspect({}),
      use: `${ID} up=100.25 cpu_us=2500000 mem=1000 inactive=300 limit=9223372036854771712 pids=7`
    })
    expect(answer).toMatchObject({
      kind: 'listed',
      total: 1,
      containers: [
        {
          name: 'web',
          health: 'healthy',
          exitCode: null,
          sinceAtMs: at('2025-11-28T08:00:00Z'),
          memoryLimitBytes: null,
          use: { uptimeSec: 100.25, cpuSec: 2.5, memoryBytes: 700, memoryLimitBytes: null, processes: 7 }
        }
      ]
    })
  })

  it('of one that ended', () => {
    const answer = engine({
      exit: '0',
      inspect: inspect({ status: 'exited', exit: 137, finished: '2025-11-28T09:00:00+01:00' })
    })
    expect(answer).toMatchObject({ containers: [{ exitCode: 137, sinceAtMs: at('2025-11-28T08:00:00Z') }] })
  })

  it.each([
    [{}, 'missing'],
    [
      { exit: '1', errors: 'permission denied while trying to connect to the Docker daemon socket' },
      'denied'
    ],
    [{ exit: '1', errors: 'sudo: a password is required' }, 'denied'],
    [
      {
        exit: '1',
        errors:
          'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?'
      },
      'daemonDown'
    ],
    [{ exit: '125', errors: 'Error: something else' }, 'failed'],
    [{ exit: '0', list: '' }, 'listed']
  ])('says why there are none: %j', (parts, kind) => {
    expect(engine(parts).kind).toBe(kind)
  })

  it('gives CPU as a share of one thread, and nothing after a restart', () => {
    expect(ratesOf(use({}), use({ uptimeSec: 110, cpuSec: 15, rxBytes: 5 }))).toMatchObject({
      cpuUsedRatio: 0.5,
      rxBytesPerSec: null
    })
    expect(ratesOf(use({}), use({ uptimeSec: 110, cpuSec: 1 })).cpuUsedRatio).toBeNull()
    expect(ratesOf(null, use({})).cpuUsedRatio).toBeNull()
  })

  it('of docker stats', () => {
    const line = JSON.stringify({ ID, CPUPerc: '12.50%', MemUsage: '20.5MiB / 1.944GiB', PIDs: '3' })
    expect(parseStats(`${line}\n{"ID":"x"}\nnot json`).get(ID)).toEqual({
      cpuUsedRatio: 0.125,
      memoryUsedBytes: 21_495_808,
      processes: 3
    })
  })
})
