/** Lists of networks, with the addresses that their DHCP servers have given out. */
import { AppError } from '#contract/errors.ts'
import { type Network, NetworkUuid } from '#contract/networks.ts'
import { parseUuidLines } from '../../../domain/libvirt/listing.ts'
import { parseLeases } from '../../../domain/libvirt/store-tables.ts'
import { readBatch, type BatchAnswer } from '../virsh-batch.ts'
import { parseNetworkXml } from './network-xml.ts'
import type { StoreDeps } from './store-deps.ts'

const DEADLINE_MS = 8_000
const MAX_NETWORKS = 1000
const MAX_LEASES = 5000

/** @throws AppError libvirtDaemonDown, libvirtFailed, and those of `readBatch` */
export async function readNetworks(deps: StoreDeps, signal: AbortSignal): Promise<readonly Network[]> {
  const lists = await ask(deps, signal, [
    ['net-list', '--all', '--uuid'],
    ['net-list', '--uuid'],
    ['net-list', '--all', '--autostart', '--uuid'],
    ['net-list', '--all', '--persistent', '--uuid']
  ])
  const failed = lists.find(({ error }) => error !== '')
  if (failed !== undefined)
    throw new AppError('libvirtFailed', { params: { stderr: failed.error }, retryable: true })
  const [all, active, autostart, persistent] = lists.map(({ output }) => parseUuidLines(output))
  const uuids = [...(all ?? [])].slice(0, MAX_NETWORKS)
  const answers = await ask(
    deps,
    signal,
    uuids.flatMap((uuid) => [
      ['net-dumpxml', uuid],
      ['net-dhcp-leases', uuid]
    ])
  )
  return uuids.flatMap((uuid, index) => {
    const xml = answers[2 * index]
    const isActive = active?.has(uuid) === true
    const leases = isActive ? parseLeases(answers[2 * index + 1]?.output ?? '') : []
    // Gone meanwhile.
    if (xml === undefined || xml.error !== '') return []
    return [
      {
        ...parseNetworkXml(xml.output),
        uuid: NetworkUuid.parse(uuid),
        active: isActive,
        autostart: autostart?.has(uuid) === true,
        persistent: persistent?.has(uuid) === true,
        usedBy: [],
        leases: leases.slice(0, MAX_LEASES).map((lease) => ({ ...lease, vm: null }))
      }
    ]
  })
}

async function ask(
  deps: StoreDeps,
  signal: AbortSignal,
  questions: readonly (readonly string[])[]
): Promise<readonly BatchAnswer[]> {
  if (questions.length === 0) return []
  const { answers, end } = await readBatch(deps, questions, { signal, deadlineMs: DEADLINE_MS })
  if (end !== 'answered') throw new AppError('libvirtDaemonDown', { params: { stderr: '' }, retryable: true })
  return answers
}

const BRIDGES_SCRIPT = `for b in /sys/class/net/*/bridge; do
[ -d "$b" ] || continue
b=\${b%/bridge}; printf '%s\\n' "\${b##*/}"
done
`

/** Bridges of the server, libvirt's own included. */
export async function readHostBridges(
  { connection }: StoreDeps,
  signal: AbortSignal
): Promise<readonly string[]> {
  const { stdout } = await connection.run(BRIDGES_SCRIPT, { signal, deadlineMs: DEADLINE_MS })
  return stdout
    .split('\n')
    .filter((name) => /^[\w.:-]{1,15}$/.test(name))
    .slice(0, 256)
}
