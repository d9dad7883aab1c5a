/** Networks are started, stopped, made and removed: by UUID, journalled, undone when a step fails. */
import { randomUUID } from 'node:crypto'
import { type NetworkAction, NetworkUuid, type NewNetwork } from '#contract/networks.ts'
import type { ActionJournal } from '../../../application/machines/hypervisor.ts'
import type { Log } from '../../../application/platform/platform.ts'
import { networkXml } from '../../../domain/libvirt/store-documents.ts'
import { STDIN, type Virsh } from '../virsh.ts'
import { asTaken, checkName, commandOrAlready, undoing, undoOptions } from './store-writes.ts'

const DEADLINE_MS = 30_000

const COMMANDS: Readonly<Record<NetworkAction, readonly string[]>> = {
  start: ['net-start'],
  stop: ['net-destroy'],
  autostartOn: ['net-autostart'],
  autostartOff: ['net-autostart', '--disable']
}
const NOT_ACTIVE = /is not active/
const ALREADY: Partial<Record<NetworkAction, RegExp>> = { start: /already active/, stop: NOT_ACTIVE }

export async function actOnNetwork(
  virsh: Virsh,
  request: { readonly uuid: NetworkUuid; readonly action: NetworkAction; readonly seenName: string },
  journal: ActionJournal,
  signal: AbortSignal
): Promise<'done' | 'already'> {
  const { uuid, action, seenName } = request
  await checkName(virsh, ['net-name', uuid], seenName, signal)
  const [command = '', ...flags] = COMMANDS[action]
  return commandOrAlready(
    () =>
      virsh.write({ args: [command, '--network', uuid, ...flags] }, journal, {
        signal,
        deadlineMs: DEADLINE_MS
      }),
    ALREADY[action]
  )
}

/** libvirt chooses the bridge's name and MAC address. */
export async function createNetwork(
  { virsh, log }: { readonly virsh: Virsh; readonly log: Log },
  network: NewNetwork,
  journal: ActionJournal,
  signal: AbortSignal
): Promise<NetworkUuid> {
  const uuid = randomUUID()
  const options = { signal, deadlineMs: DEADLINE_MS }
  await undoing(log, async (undo) => {
    const document = networkXml(uuid, network.name, network)
    await virsh
      .write({ args: ['net-define', '--file', STDIN], document }, journal, options)
      .catch(asTaken(network.name))
    undo(() => virsh.write({ args: ['net-undefine', '--network', uuid] }, journal, undoOptions()))
    await virsh.write({ args: ['net-start', '--network', uuid] }, journal, options)
    undo(() => virsh.write({ args: ['net-destroy', '--network', uuid] }, journal, undoOptions()))
    if (network.autostart) await virsh.write({ args: ['net-autostart', '--network', uuid] }, journal, options)
  })
  return NetworkUuid.parse(uuid)
}

export async function deleteNetwork(
  virsh: Virsh,
  { uuid, seenName }: { readonly uuid: NetworkUuid; readonly seenName: string },
  journal: ActionJournal,
  signal: AbortSignal
): Promise<void> {
  const options = { signal, deadlineMs: DEADLINE_MS }
  await checkName(virsh, ['net-name', uuid], seenName, signal)
  await commandOrAlready(
    () => virsh.write({ args: ['net-destroy', '--network', uuid] }, journal, options),
    NOT_ACTIVE
  )
  // A transient one is gone with its end.
  await commandOrAlready(
    () => virsh.write({ args: ['net-undefine', '--network', uuid] }, journal, options),
    /not found|no network with matching/i
  )
}
