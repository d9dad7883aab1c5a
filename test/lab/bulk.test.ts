/** One action on thirty machines of several servers: all at the same time, a few on each, every result by itself. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BulkItem, BulkProgress, BulkTarget } from '#contract/bulk.ts'
import type { VmUuid } from '#contract/ids.ts'
import type { MachineAction } from '#contract/vocabulary.ts'
import { bulkHandlers } from '../../src-main/application/bulk/bulk-handlers.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import type { ServerRuntime } from '../../src-main/application/servers/server-runtime.ts'
import { createHypervisor } from '../../src-main/remote/libvirt/hypervisor.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { defineBareGuests, type BareGuest } from './bare-guests.ts'
import { startLabConsole, type LabConsole } from './console.ts'
import * as lab from './lab.ts'
import { sh, virshOf } from './own-guests.ts'

const missing = lab.whyNoLab()
const MACHINES = 30

describe.skipIf(missing !== null)(`many machines at once${missing === null ? '' : ` (${missing})`}`, () => {
  let console_: LabConsole
  let servers: ServerRuntime[]
  let guests: BareGuest[]

  beforeEach(async () => {
    const names = lab
      .labState()
      .servers.filter(({ libvirt }) => libvirt)
      .map(({ name }) => name)
    console_ = startLabConsole(createHypervisor({ log: silentLog, clock: systemClock }), 5_000)
    guests = (await Promise.all(names.map((name) => defineBareGuests(name, MACHINES / names.length)))).flat()
    servers = await Promise.all(names.map((name) => console_.add({ server: name, user: 'op' })))
    const shown = (): string[] =>
      servers.flatMap((server) => server.machines.views().map(({ ref }) => ref.vmUuid))
    await lab.eventually('all are shown', () => guests.every(({ uuid }) => shown().includes(uuid)), 30_000)
  })

  afterEach(async () => {
    await console_.close()
    await lab.restoreLab()
  })

  const targetOf = (guest: BareGuest): BulkTarget => {
    const server = servers.find(({ record }) => record.name === guest.server)
    if (server === undefined) throw new Error(`${guest.server} is not registered`)
    return { serverId: server.record.id, vmUuid: guest.uuid as VmUuid, seenName: guest.name }
  }

  function run(
    action: MachineAction,
    targets: readonly BulkTarget[],
    { signal = AbortSignal.timeout(120_000), onItem = (_item: BulkItem): void => undefined } = {}
  ) {
    const seen: BulkProgress[] = []
    const handlers = bulkHandlers({
      directory: console_.directory,
      log: silentLog,
      journal: console_.storage.asStorage().journal,
      clock: systemClock,
      onJournal: () => undefined
    })
    const result = handlers['bulk.run'](
      { action, targets: [...targets], perServer: 2 },
      {
        signal,
        progress(progress) {
          seen.push(progress)
          for (const item of progress.items) onItem(item)
        }
      }
    )
    return { seen, result }
  }

  /** The most that were under way at once: on all servers together, and on the busiest. */
  function mostAtOnce(seen: readonly BulkProgress[], targets: readonly BulkTarget[]) {
    const running = new Map<string, Set<number>>()
    let all = 0
    let onOne = 0
    for (const { index, state } of seen.flatMap(({ items }) => items)) {
      const at = targets[index]?.serverId ?? ''
      const set = running.get(at) ?? new Set()
      running.set(at, set)
      if (state === 'running') set.add(index)
      else set.delete(index)
      onOne = Math.max(onOne, set.size)
      all = Math.max(
        all,
        [...running.values()].reduce((sum, { size }) => sum + size, 0)
      )
    }
    return { all, onOne }
  }

  const autostarted = async (): Promise<string[]> => {
    const lists = servers.map(({ record }) => virshOf(record.name, 'list', '--all', '--uuid', '--autostart'))
    const found = (await Promise.all(lists)).join('\n')
    return guests.filter(({ uuid }) => found.includes(uuid)).map(({ uuid }) => uuid)
  }

  it('does it on all thirty, two at a time on each server, and tells of each', async () => {
    const targets = guests.map(targetOf)
    expect(targets).toHaveLength(MACHINES)
    const startedMs = performance.now()
    const { seen, result } = run('autostartOn', targets)
    const { items } = await result
    console.log(
      `${MACHINES} machines on ${servers.length} servers in ${(performance.now() - startedMs).toFixed(0)} ms`
    )
    expect(items.map(({ state }) => state)).toEqual(targets.map(() => 'done'))
    expect(await autostarted()).toHaveLength(MACHINES)
    expect(mostAtOnce(seen, targets)).toEqual({ all: 2 * servers.length, onOne: 2 })
    for (const index of targets.keys()) {
      const states = seen.flatMap((one) => one.items).filter((item) => item.index === index)
      expect(states.map(({ state }) => state)).toEqual(['running', 'done'])
    }
    expect(seen.at(-1)).toMatchObject({ ended: MACHINES, total: MACHINES })
    const rows = console_.storage.journal.filter(({ command }) => command.includes('autostart'))
    expect(rows.map(({ outcome }) => outcome)).toEqual(targets.map(() => 'done'))
  })

  it('begins no more when it is stopped, and leaves no outcome open', async () => {
    const targets = guests.map(targetOf)
    const stop = new AbortController()
    const states = new Map<number, BulkItem['state']>()
    const { result } = run('autostartOn', targets, {
      signal: stop.signal,
      onItem({ index, state }) {
        states.set(index, state)
        if ([...states.values()].filter((one) => one === 'done').length === 7) stop.abort()
      }
    })
    await expect(result).rejects.toMatchObject({ code: 'cancelled' })
    const done = targets.filter((_target, index) => states.get(index) === 'done').map(({ vmUuid }) => vmUuid)
    expect([...states.values()]).not.toContain('running')
    // What was under way when it was stopped has ended too.
    expect(done.length).toBeGreaterThanOrEqual(7)
    expect(done.length).toBeLessThan(7 + 2 * servers.length)
    expect((await autostarted()).sort()).toEqual([...done].sort())
    expect(console_.storage.journal.map(({ outcome }) => outcome)).not.toContain('pending')

    const rest = targets.filter((_target, index) => !states.has(index))
    expect((await run('autostartOn', rest).result).items.every(({ state }) => state === 'done')).toBe(true)
    expect(await autostarted()).toHaveLength(MACHINES)
  })

  it('lets no failure stop the others, and does the failed ones again by themselves', async () => {
    const targets = guests.map(targetOf)
    const [renamed, other] = [guests[0], guests.at(-1)]
    if (renamed === undefined || other === undefined) throw new Error('no guests')
    const rename = (to: string) => virshOf(renamed.server, 'domrename', renamed.uuid, to)
    await rename('somebody-else')
    const xml = await virshOf(other.server, 'dumpxml', other.uuid)
    await virshOf(other.server, 'undefine', other.uuid)
    const { items } = await run('autostartOn', targets).result
    const failed = items.filter(({ state }) => state === 'failed')
    expect(failed.map(({ index, error }) => [index, error?.code])).toEqual([
      [0, 'vmChanged'],
      [MACHINES - 1, 'vmNotFound']
    ])
    expect(items.filter(({ state }) => state === 'done')).toHaveLength(MACHINES - 2)

    await rename(renamed.name)
    await sh(other.server, `echo '${xml.replaceAll("'", '"')}' | virsh -q define /dev/stdin`)
    const lines = console_.storage.journal.length
    const again = await run(
      'autostartOn',
      failed.flatMap(({ index }) => targets[index] ?? [])
    ).result
    expect(again.items.map(({ state }) => state)).toEqual(['done', 'done'])
    expect(console_.storage.journal).toHaveLength(lines + 2)
    expect(await autostarted()).toHaveLength(MACHINES)
  })

  it('starts and forces off some of each server', async () => {
    const some = servers.flatMap(({ record }) =>
      guests.filter(({ server }) => server === record.name).slice(0, 3)
    )
    const targets = some.map(targetOf)
    const states = async (): Promise<string[]> =>
      Promise.all(some.map(async ({ server, uuid }) => (await virshOf(server, 'domstate', uuid)).trim()))
    for (const [action, state] of [
      ['start', 'running'],
      ['pause', 'paused'],
      ['resume', 'running'],
      ['forceOff', 'shut off']
    ] as const) {
      const { items } = await run(action, targets).result
      expect([action, items.map((item) => item.state)]).toEqual([action, targets.map(() => 'done')])
      expect(await states()).toEqual(some.map(() => state))
    }
  })
})
