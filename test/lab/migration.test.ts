/** VMs between two real servers: moved while they run, moved and copied while they are off, and everything that can go wrong. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MigrationChoice, MigrationProgress } from '#contract/migration.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import { migrate } from '../../src-main/application/migration/migrate.ts'
import { planMigration } from '../../src-main/application/migration/plan.ts'
import type { ServerRuntime } from '../../src-main/application/servers/server-runtime.ts'
import { createHypervisor } from '../../src-main/remote/libvirt/hypervisor.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { startLabConsole, type LabConsole } from './console.ts'
import * as lab from './lab.ts'
import {
  FOLDER,
  filesIn,
  lastTick,
  makePools,
  makeVm,
  sha256Of,
  startVm,
  stateOf,
  tell,
  type TestVm,
  virshOut
} from './migration-parts.ts'

const missing = lab.whyNoLab()

describe.skipIf(missing !== null)(`VMs between servers${missing === null ? '' : ` (${missing})`}`, () => {
  let console_: LabConsole
  let source: ServerRuntime
  let target: ServerRuntime

  beforeEach(async () => {
    console_ = startLabConsole(createHypervisor({ log: silentLog, clock: systemClock }), 5_000)
    await makePools(['lab1', 'lab2'])
    source = await console_.add({ server: 'lab1', user: 'op' })
    target = await console_.add({ server: 'lab2', user: 'op' })
    await lab.eventually(
      'both have libvirt',
      () => source.session !== null && target.session !== null,
      20_000
    )
  })

  afterEach(async () => {
    await console_.close()
    await lab.restoreLab()
  })

  const choose = (vm: TestVm, changes: Partial<MigrationChoice> = {}): MigrationChoice => ({
    serverId: source.record.id,
    vmUuid: vm.uuid as MigrationChoice['vmUuid'],
    targetServerId: target.record.id,
    kind: 'move',
    way: 'live',
    route: 'console',
    storage: 'copy',
    newName: null,
    pools: {},
    networks: {},
    ...changes
  })
  const plan = async (choice: MigrationChoice) =>
    (await planMigration({ source, target }, choice, { signal: AbortSignal.timeout(60_000) })).plan
  const problems = async (choice: MigrationChoice): Promise<string[]> =>
    (await plan(choice)).checks
      .filter((check) => check.level === 'fail')
      .map((check) => `${check.id} ${check.reason}`)

  function go(choice: MigrationChoice, vm: TestVm, signal = AbortSignal.timeout(120_000)) {
    const seen: MigrationProgress[] = []
    const progress = (one: MigrationProgress): void => void seen.push(one)
    const deps = {
      journal: console_.storage.asStorage().journal,
      clock: systemClock,
      log: silentLog,
      onJournal: () => undefined
    }
    const result = migrate({ source, target }, { choice, seenName: vm.name }, deps, { signal, progress })
    result.catch(() => undefined)
    return { result, seen }
  }

  const count = (vm: TestVm): Promise<void> =>
    tell(vm, 'run (i=0; while :; do i=$((i+1)); echo tick $i >/dev/console; sleep 0.3; done) &', 'tick 3')

  it('moves a running VM with its disk, which goes on counting, without anything set up between the servers', async () => {
    const vm = await makeVm('lab1', 1)
    await startVm(vm)
    await tell(vm, 'write 20', 'wrote 20 MiB')
    await count(vm)
    await lab.eventually('it counts', () => lastTick('lab1') >= 3, 20_000)
    const allocated = Number(
      (await virshOut('lab1', 'domblkinfo', vm.uuid, 'vda')).match(/Allocation:\s+(\d+)/)?.[1]
    )
    const shown = await plan(choose(vm))
    expect(shown.checks.filter((check) => check.level === 'fail')).toEqual([])
    expect(shown.commands.map(({ on }) => on)).toEqual(['target', 'source', 'source'])
    const { result, seen } = go(choose(vm), vm)
    const done = await result
    console.log(
      `live: ${done.durationMs} ms, ${done.bytesCopied} B of disk, ${seen.length} progress events`,
      seen.filter((one) => one.phase === 'copying').slice(0, 3)
    )
    expect(await stateOf('lab2', vm.uuid)).toBe('running')
    expect(await stateOf('lab1', vm.uuid)).toBe('absent')
    const before = lastTick('lab1')
    await lab.eventually('it goes on counting there', () => lastTick('lab2') > before, 20_000)
    expect(before).toBeGreaterThanOrEqual(3)
    // Its definition is gone, its file is not.
    expect(done.sourceUndefined).toBe(true)
    expect(done.filesLeft).toEqual([vm.disk])
    expect(await filesIn('lab1')).toEqual(['migt-1.qcow2'])
    const info = await virshOut('lab2', 'domblkinfo', vm.uuid, 'vda')
    expect(info).toContain(`Capacity:       ${64 * 1024 ** 2}`)
    expect(Number(info.match(/Allocation:\s+(\d+)/)?.[1])).toBeGreaterThan(allocated * 0.9)
    expect(await virshOut('lab2', 'list', '--all', '--uuid', '--persistent')).toContain(vm.uuid)
    // One row on each server for each write, and none left open.
    const rows = console_.storage.journal.map(
      ({ serverName, command, outcome }) => `${serverName} ${command.split(' ')[3]} ${outcome}`
    )
    expect(rows).toEqual(['lab2 vol-create-as done', 'lab1 migrate done', 'lab1 undefine done'])
    // Nothing is left of the tunnel.
    expect((await lab.inServer('lab1', ['sh', '-c', 'ls -d /tmp/virthelm* 2>/dev/null || :'])).stdout).toBe(
      ''
    )
  })

  it('moves one that is off, byte for byte, and undefines it only then', async () => {
    const vm = await makeVm('lab1', 2, { format: 'raw', mib: 48 })
    await lab.inServer('lab1', [
      'sh',
      '-c',
      `dd if=/dev/urandom of=${vm.disk} bs=1M count=30 conv=notrunc 2>/dev/null`
    ])
    await virshOut('lab1', 'autostart', vm.uuid)
    const bytes = sha256Of('lab1', vm.disk)
    const { result, seen } = go(choose(vm, { way: 'cold' }), vm)
    const done = await result
    console.log(`cold: ${done.durationMs} ms for ${done.bytesCopied} B, ${seen.length} progress events`)
    expect(done.checksums).toEqual([{ target: 'vda', sha256: bytes }])
    expect(sha256Of('lab2', vm.disk)).toBe(bytes)
    expect(await stateOf('lab2', vm.uuid)).toBe('shut off')
    expect(await virshOut('lab2', 'list', '--all', '--uuid', '--autostart')).toContain(vm.uuid)
    expect(await stateOf('lab1', vm.uuid)).toBe('absent')
    expect(await filesIn('lab1')).toEqual(['migt-2.raw'])
    expect(seen.some(({ phase, bytesDone }) => phase === 'copying' && bytesDone > 0)).toBe(true)
    // The whole VM is there: it starts on its new server.
    await virshOut('lab2', 'start', vm.uuid)
    expect(await stateOf('lab2', vm.uuid)).toBe('running')
  })

  it('copies one under another identity and leaves the first as it is', async () => {
    const vm = await makeVm('lab1', 3)
    const before = await virshOut('lab1', 'dumpxml', '--inactive', vm.uuid)
    const bytes = sha256Of('lab1', vm.disk)
    const done = await go(choose(vm, { kind: 'copy', way: 'cold', newName: 'migt-3b' }), vm).result
    expect(done.targetUuid).not.toBe(vm.uuid)
    expect(done.sourceUndefined).toBe(false)
    const copy = await virshOut('lab2', 'dumpxml', '--inactive', done.targetUuid)
    expect(copy).toContain('<name>migt-3b</name>')
    expect(copy).toContain(`<source file='${FOLDER}/migt-3b-vda.qcow2'/>`)
    expect(copy).not.toContain('52:54:00:77:ee:03')
    expect(sha256Of('lab2', `${FOLDER}/migt-3b-vda.qcow2`)).toBe(bytes)
    expect(await virshOut('lab1', 'dumpxml', '--inactive', vm.uuid)).toBe(before)
    expect(sha256Of('lab1', vm.disk)).toBe(bytes)
  })

  it('is cancelled in the middle of a live move: it runs on as if nothing had been, and the target is empty again', async () => {
    const vm = await makeVm('lab1', 4)
    await startVm(vm)
    await count(vm)
    const stop = new AbortController()
    const { result, seen } = go(choose(vm), vm, stop.signal)
    await lab.eventually(
      'it is under way',
      () => seen.some((one) => one.phase === 'copying' && one.bytesDone > 0),
      120_000
    )
    stop.abort()
    await expect(result).rejects.toMatchObject({ code: 'cancelled' })
    const tick = lastTick('lab1')
    expect(await stateOf('lab1', vm.uuid)).toBe('running')
    await lab.eventually('it goes on counting', () => lastTick('lab1') > tick, 20_000)
    expect(await stateOf('lab2', vm.uuid)).toBe('absent')
    expect(await filesIn('lab2')).toEqual([])
  })

  it('is cancelled in the middle of a copy: nothing is left on the target', async () => {
    const vm = await makeVm('lab1', 5, { format: 'raw', mib: 400 })
    const stop = new AbortController()
    const { result, seen } = go(choose(vm, { way: 'cold' }), vm, stop.signal)
    await lab.eventually(
      'bytes flow',
      () => seen.some((one) => one.phase === 'copying' && one.bytesDone > 0),
      60_000,
      5
    )
    stop.abort()
    await expect(result).rejects.toMatchObject({ code: 'cancelled' })
    expect(await stateOf('lab1', vm.uuid)).toBe('shut off')
    expect(await stateOf('lab2', vm.uuid)).toBe('absent')
    expect(await filesIn('lab2')).toEqual([])
  })

  it('says before anything is done what will not work, and why', async () => {
    const vm = await makeVm('lab1', 6, { network: 'migt-net' })
    expect(await problems(choose(vm, { way: 'cold' }))).toEqual(['networks noNetwork'])
    const mapped = { 'network:migt-net': { kind: 'network' as const, name: 'default' } }
    expect(await problems(choose(vm, { way: 'cold', networks: mapped }))).toEqual([])
    expect(await problems(choose(vm, { networks: mapped }))).toEqual(['state notRunning'])
    const lost = { way: 'cold' as const, networks: mapped, pools: { vda: 'no-such' } }
    expect(await problems(choose(vm, lost))).toEqual(['targetPool missing'])
    await virshOut('lab1', 'snapshot-create-as', vm.uuid, 'one', '--disk-only')
    expect(await problems(choose(vm, { way: 'cold', networks: mapped }))).toContain('snapshots snapshots')
    await expect(go(choose(vm, { way: 'cold' }), vm).result).rejects.toMatchObject({
      code: 'migrationNotPossible'
    })
    expect(console_.storage.journal).toEqual([])
    // From server to server a key is missing, and it says whose and where.
    const direct = await plan(choose(vm, { route: 'direct', networks: mapped }))
    expect(direct.checks.find((check) => check.id === 'route')).toMatchObject({
      level: 'fail',
      reason: 'directHostKey',
      params: { user: 'op' }
    })
  })

  it('finds a pool that is too small before it starts, and takes everything back when one fills up on the way', async () => {
    const vm = await makeVm('lab1', 7, { format: 'raw', mib: 40 })
    const small = `${FOLDER}-small`
    await lab.inServer('lab2', ['sh', '-c', `mkdir -p ${small} && mount -t tmpfs -o size=60m tmpfs ${small}`])
    await virshOut('lab2', 'pool-create-as', 'migt-small', 'dir', '--target', small)
    const choice = choose(vm, { way: 'cold', pools: { vda: 'migt-small' } })
    expect(await problems(choice)).toEqual([])
    const big = await makeVm('lab1', 8, { format: 'raw', mib: 80 })
    expect(await problems({ ...choice, vmUuid: big.uuid as MigrationChoice['vmUuid'] })).toEqual([
      'space full'
    ])
    // Another one takes the room between the look and the work.
    const { result } = go(choice, vm)
    await lab.eventually(
      'the volume is there',
      async () => (await filesIn('lab2', small)).length > 0,
      30_000,
      10
    )
    await lab.inServer('lab2', [
      'sh',
      '-c',
      `dd if=/dev/zero of=${small}/other bs=1M count=58 2>/dev/null || :`
    ])
    await expect(result).rejects.toMatchObject({ code: 'migrationFailed' })
    await result.catch((error: unknown) =>
      console.log('full:', JSON.stringify((error as { params: unknown }).params))
    )
    expect(await filesIn('lab2', small)).toEqual(['other'])
    expect(await stateOf('lab1', vm.uuid)).toBe('shut off')
    expect(await stateOf('lab2', vm.uuid)).toBe('absent')
  })

  it('keeps the VM running on the source when the target vanishes in the middle', async () => {
    const vm = await makeVm('lab1', 9)
    await startVm(vm)
    await count(vm)
    const { result, seen } = go(choose(vm), vm)
    await lab.eventually(
      'it is under way',
      () => seen.some((one) => one.phase === 'copying' && one.bytesDone > 0),
      120_000
    )
    await lab.freezeLink('lab2')
    await lab.eventually('the link is noticed', () => target.session === null, 20_000)
    await lab.thawLink('lab2')
    await expect(result).rejects.toMatchObject({
      code: 'migrationFailed',
      params: { source: 'lab1', target: 'lab2' }
    })
    expect(await stateOf('lab1', vm.uuid)).toBe('running')
    const tick = lastTick('lab1')
    await lab.eventually('it goes on counting', () => lastTick('lab1') > tick, 20_000)
    expect(await stateOf('lab2', vm.uuid)).toBe('absent')
    expect(await filesIn('lab2')).toEqual([])
  })
})
