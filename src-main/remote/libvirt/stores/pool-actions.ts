/** Pools are started, stopped, refreshed, forgotten and made: by UUID, journalled, undone when a step fails. */
import { randomUUID } from 'node:crypto'
import { type NewPool, PoolUuid, type PoolAction } from '#contract/storage.ts'
import type { ActionJournal } from '../../../application/machines/hypervisor.ts'
import type { Log } from '../../../application/platform/platform.ts'
import { poolXml } from '../../../domain/libvirt/store-documents.ts'
import { STDIN, type Virsh } from '../virsh.ts'
import { asTaken, checkName, commandOrAlready, undoing, undoOptions } from './store-writes.ts'

const DEADLINE_MS = 20_000
/** Mounting a file server and reading a large folder take their time. */
const START_DEADLINE_MS = 60_000

const COMMANDS: Readonly<Record<PoolAction, readonly string[]>> = {
  start: ['pool-start'],
  stop: ['pool-destroy'],
  refresh: ['pool-refresh'],
  autostartOn: ['pool-autostart'],
  autostartOff: ['pool-autostart', '--disable'],
  forget: ['pool-undefine']
}
const ALREADY: Partial<Record<PoolAction, RegExp>> = {
  start: /already active/,
  stop: /is not active/
}

export interface PoolActionRequest {
  readonly uuid: PoolUuid
  readonly action: PoolAction
  readonly seenName: string
}

export async function actOnPool(
  virsh: Virsh,
  { uuid, action, seenName }: PoolActionRequest,
  journal: ActionJournal,
  signal: AbortSignal
): Promise<'done' | 'already'> {
  await checkName(virsh, ['pool-name', uuid], seenName, signal)
  const deadlineMs = action === 'start' || action === 'refresh' ? START_DEADLINE_MS : DEADLINE_MS
  const [command = '', ...flags] = COMMANDS[action]
  return commandOrAlready(
    () => virsh.write({ args: [command, '--pool', uuid, ...flags] }, journal, { signal, deadlineMs }),
    ALREADY[action]
  )
}

/**
 * `pool-build` makes the folder, or the volume group of the given devices: only with `devices`, and without
 * `--overwrite`, so that libvirt refuses devices that hold something.
 */
export async function createPool(
  { virsh, log }: { readonly virsh: Virsh; readonly log: Log },
  pool: NewPool,
  journal: ActionJournal,
  signal: AbortSignal
): Promise<PoolUuid> {
  const uuid = randomUUID()
  const write = (args: readonly string[], document?: string): Promise<string> =>
    virsh.write({ args, ...(document !== undefined && { document }) }, journal, {
      signal,
      deadlineMs: START_DEADLINE_MS
    })
  await undoing(log, async (undo) => {
    await write(['pool-define', '--file', STDIN], poolXml(uuid, pool.name, pool)).catch(asTaken(pool.name))
    undo(() => virsh.write({ args: ['pool-undefine', '--pool', uuid] }, journal, undoOptions()))
    if (pool.type !== 'logical' || pool.devices.length > 0) await write(['pool-build', '--pool', uuid])
    await write(['pool-start', '--pool', uuid])
    undo(() => virsh.write({ args: ['pool-destroy', '--pool', uuid] }, journal, undoOptions()))
    if (pool.autostart) await write(['pool-autostart', '--pool', uuid])
  })
  return PoolUuid.parse(uuid)
}
