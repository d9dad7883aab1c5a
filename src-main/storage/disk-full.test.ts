import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import { openAt } from './test-open.ts'
import {
  makeTemporaryFolder,
  never,
  newServerId,
  removeFolder,
  serverRecord,
  START_MS,
  tick
} from './test-support.ts'

/** Mounts a small file system of its own there; null when this machine does not let us. */
function mountSmall(folder: string, size: string): (() => void) | null {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', folder], { stdio: 'pipe' })
  } catch (error) {
    console.log(`disk-full.test.ts does not run: it cannot mount a tmpfs (${String(error)})`)
    return null
  }
  return () => execFileSync('umount', ['-l', folder])
}

/** Some 6 KB of noise each, so that the disk is full soon. */
function bigTick(serverId: ReturnType<typeof newServerId>, atMs: number) {
  const noise = (): number => Math.floor(Math.random() * 2 ** 50)
  const vms: EntityValues[] = Array.from({ length: 100 }, (_, index) => ({
    kind: 'vm',
    key: `vm-${index}`,
    values: {
      memoryUsedBytes: noise(),
      diskAllocationBytes: noise(),
      netRxBytes: noise(),
      netTxBytes: noise(),
      diskReadBytesPerSec: noise(),
      diskWriteBytesPerSec: noise(),
      memoryBalloonBytes: noise()
    }
  }))
  return tick(serverId, atMs, [{ kind: 'server', key: '', values: { load1: 1 } }, ...vms])
}

it('a full disk is survived: reads go on, and writing comes back within two intervals', async (context) => {
  const folder = makeTemporaryFolder()
  const unmount = mountSmall(folder, '32m')
  if (unmount === null) {
    removeFolder(folder)
    context.skip('no tmpfs can be mounted here')
    return
  }
  const serverId = newServerId()
  let storage = await openAt(folder)
  try {
    await storage.servers.insert(serverRecord('Alpha', serverId))
    let atMs = START_MS
    const append = async (): Promise<string> => {
      atMs += 5_000
      try {
        const appended = storage.history.append(bigTick(serverId, atMs))
        await Promise.all([appended, storage.history.flush()])
        return 'kept'
      } catch (error) {
        return error instanceof AppError ? error.code : String(error)
      }
    }
    let kept = 0
    let outcome = 'kept'
    while (outcome === 'kept' && kept < 20_000) {
      const outcomes = await Promise.all(Array.from({ length: 50 }, append))
      kept += outcomes.filter((one) => one === 'kept').length
      outcome = outcomes.at(-1) ?? ''
    }
    expect(outcome).toBe('diskFull')
    const lastKeptMs = START_MS + kept * 5_000
    // Something else takes what the reserve gave back.
    for (let number = 0; ; number++) {
      try {
        writeFileSync(join(folder, `other-${number}`), Buffer.alloc(256 * 1024))
      } catch {
        break
      }
    }
    for (let count = 0; count < 20; count++) expect(await append()).toBe('diskFull')
    expect(await storage.health()).toMatchObject({ storageFull: true })

    const read = () =>
      storage.history.read(
        {
          series: [{ entity: { serverId, kind: 'vm', key: 'vm-7' }, metrics: ['memoryUsedBytes'] }],
          fromAtMs: START_MS,
          toAtMs: atMs + 5_000,
          maxPoints: 20_000
        },
        never
      )
    // Also a console that is started on the full disk.
    await storage.close()
    storage = await openAt(folder, atMs)
    atMs += 600_000
    expect(await append()).toBe('diskFull')
    const during = await read()
    expect(during.atMs.filter((at) => at <= lastKeptMs)).toHaveLength(kept)
    expect(await storage.servers.list()).toHaveLength(1)

    execFileSync('mount', ['-o', 'remount,size=160m', folder])
    const after = [await append(), await append()]
    expect(after).toContain('kept')
    expect(await storage.health()).toMatchObject({ storageFull: false })
    const answer = await read()
    const [closed, full] = answer.gaps
    const reopenedMs = closed?.toAtMs ?? NaN
    expect(answer.gaps).toHaveLength(2)
    expect(closed).toMatchObject({ fromAtMs: lastKeptMs, reason: 'consoleClosed' })
    expect(reopenedMs).toBeGreaterThan(lastKeptMs + 20 * 5_000)
    expect(full).toMatchObject({
      fromAtMs: reopenedMs,
      toAtMs: answer.atMs.find((at) => at > reopenedMs),
      reason: 'storageFull'
    })
    await storage.close()
    const again = await openAt(folder, atMs)
    expect((await again.health()).databaseRecovered).toBeNull()
    await again.close()
  } finally {
    await storage.close()

    unmount()
    removeFolder(folder)
  }
})
