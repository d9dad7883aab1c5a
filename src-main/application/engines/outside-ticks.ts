/** From a tick of the sampling to one that can go out: with names, without what is not to be kept. */
import type { LiveTick } from '#contract/history.ts'
import type { VmUuid } from '#contract/ids.ts'
import type { OutsideEntity, OutsideTick } from '../../domain/engines/naming.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'

/** null when the server is gone, or nothing of the tick is to go out. */
export function outsideTickOf(tick: LiveTick, directory: ServerDirectory): OutsideTick | null {
  const runtime = directory.find(tick.serverId)
  if (runtime === undefined) return null
  const { name, machinesNotCollected } = runtime.record
  const notCollected = new Set<string>(machinesNotCollected)
  const entities: OutsideEntity[] = []
  for (const { kind, key, values } of tick.entities) {
    if (kind === 'vm' && notCollected.has(key)) continue
    const finite = Object.entries(values).every(([, value]) => Number.isFinite(value))
    entities.push({
      kind,
      key,
      name: kind === 'vm' ? (runtime.machines.view(key as VmUuid)?.name ?? '') : '',
      values: finite
        ? values
        : Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value)))
    })
  }
  return entities.length === 0
    ? null
    : { atMs: Math.round(tick.atMs), serverId: tick.serverId, server: name, entities }
}
