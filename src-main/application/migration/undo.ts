/** Taking away what a migration made on its target. Only that: by the names and the UUID it gave, and never on the source. */
import { inPhase } from './pace.ts'
import { forever, isLost, whereNow, write, type Work } from './work.ts'

/** An upload that was cut off ends in its own time; the file is in use until then. */
const DELETE_TRIES = 20
const DELETE_AGAIN_MS = 500
const DEADLINE_MS = 30_000
/** A volume whose making nobody confirmed is only taken away while it is as empty as a new one. */
const EMPTY_BYTES = 1024 * 1024

/** What could not be taken away; empty when all is gone. */
export async function undo(work: Work, untilMs: number): Promise<readonly string[]> {
  const { servers, preparation, made, clock } = work
  if (made.volumes.length === 0 && !made.isDefinitionSent) return []
  work.progress(inPhase('undoing'))
  const uuid = preparation.targetUuid
  const where = await whereNow(servers.target, uuid, clock, untilMs)
  if (where === null) return made.volumes.map(({ volume }) => `${volume.pool}/${volume.name}`)
  if (where.state !== null) {
    // Only a definition of ours, and only while it is off: anything else is not for us to touch.
    if (!made.isDefinitionSent || where.state !== 'shutOff') return [uuid]
    await write(work, servers.target, uuid, (port, row) =>
      port.undefine(uuid, false, row, { signal: AbortSignal.timeout(DEADLINE_MS) })
    )
  }
  const left: string[] = []
  for (const entry of made.volumes)
    if (!(await remove(work, entry))) left.push(`${entry.volume.pool}/${entry.volume.name}`)
  return left
}

async function remove(work: Work, { volume, isSure }: Work['made']['volumes'][number]): Promise<boolean> {
  const { servers, preparation, clock } = work
  for (let attempt = 1; attempt <= DELETE_TRIES; attempt++) {
    try {
      const signal = AbortSignal.timeout(DEADLINE_MS)
      const found = await servers.target.session?.migration.volume(volume.pool, volume.name, { signal })
      if (found === null) return true
      if (found !== undefined) {
        const isOurs =
          isSure || (found.capacityBytes === volume.capacityBytes && found.allocationBytes < EMPTY_BYTES)
        if (!isOurs) return false
        await write(work, servers.target, preparation.targetUuid, (port, row) =>
          port.deleteVolume(volume.pool, volume.name, row, { signal })
        )
        return true
      }
    } catch (error) {
      if (attempt === DELETE_TRIES && !isLost(error)) return false
    }
    await clock.sleep(DELETE_AGAIN_MS, forever)
  }
  return false
}
