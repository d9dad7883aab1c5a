/** Reads a server's users, units, updates and containers by the scripts beside this file. */
import { AppError } from '#contract/errors.ts'
import type { ContainerEngine } from '#contract/vocabulary.ts'
import type { Clock } from '../../application/clock.ts'
import type { ReadFrom, ServiceHost, UnitsAnswer } from '../../application/services/service-host.ts'
import { parseEngine, parseStats, type EngineAnswer } from '../../domain/services/containers.ts'
import { isRefusal } from '../../domain/services/service-words.ts'
import { parseSessions } from '../../domain/services/sessions.ts'
import { sectionsOf } from '../../domain/services/text.ts'
import { parseInit, parseListUnits, parseUnitDetails } from '../../domain/services/units.ts'
import { parseUpdates } from '../../domain/services/updates.ts'
import { quote } from '../ssh/quote.ts'
import {
  containersScript,
  REAL_PLACES,
  statsScript,
  UNIT_DETAILS,
  unitsScript,
  updatesScript,
  usersScript,
  type Places
} from './scripts.ts'
import { createServiceActs } from './service-acts.ts'

const DEADLINE_MS = 20_000
/** apt reads all of its lists anew, at the lowest priority, on a small board. */
const UPDATES_DEADLINE_MS = 180_000
const CONTAINERS_DEADLINE_MS = 30_000
const MAX_BYTES = 2 * 1024 * 1024

const read = async (script: string, { tools, signal }: ReadFrom, deadlineMs = DEADLINE_MS): Promise<string> =>
  (await tools.run(script, { signal, deadlineMs, maxBytes: MAX_BYTES })).stdout

/** @param places only tests give others */
export function createServiceHost(
  { clock }: { readonly clock: Clock },
  places: Places = REAL_PLACES
): ServiceHost {
  return {
    ...createServiceActs(clock),
    async users(from) {
      const sessions = parseSessions(sectionsOf(await read(usersScript(places), from)))
      if (sessions === null) throw new AppError('protocolViolation', { params: { subject: 'users' } })
      return sessions
    },
    units: async (from) => unitsOf(sectionsOf(await read(unitsScript(places), from))),
    async unitDetails(from, names) {
      if (names.length === 0) return new Map()
      return parseUnitDetails(await read(`${UNIT_DETAILS} ${names.map(quote).join(' ')}`, from))
    },
    updates: async (from) =>
      parseUpdates(sectionsOf(await read(updatesScript(from.sudo), from, UPDATES_DEADLINE_MS))),
    async containers(from) {
      const sections = sectionsOf(
        await read(containersScript(from.sudo, places), from, CONTAINERS_DEADLINE_MS)
      )
      return { engines: enginesOf(sections) }
    },
    containerStats: async (from, viaSudo) =>
      parseStats(await read(statsScript(viaSudo), from, CONTAINERS_DEADLINE_MS))
  }
}

function unitsOf(sections: ReadonlyMap<string, string>): UnitsAnswer {
  const init = parseInit(sections.get('init'))
  if (init !== 'systemd') return { kind: 'otherInit', init }
  const exit = sections.get('exit')?.trim()
  if (exit === 'missing') return { kind: 'missing' }
  if (exit === '0') return { kind: 'listed', units: parseListUnits(sections.get('units') ?? '') }
  const said = sections.get('errors') ?? ''
  if (isRefusal(said)) return { kind: 'denied' }
  return { kind: /failed to connect|host is down|connection refused/i.test(said) ? 'daemonDown' : 'failed' }
}

function enginesOf(
  sections: ReadonlyMap<string, string>
): { readonly engine: ContainerEngine; readonly answer: EngineAnswer }[] {
  const answerOf = (engine: ContainerEngine, viaSudo: boolean): EngineAnswer =>
    parseEngine(engine, viaSudo, (part) => sections.get(`${engine}${viaSudo ? '-sudo' : ''}-${part}`))
  const docker = answerOf('docker', true)
  return [
    // Through sudo it was asked only where the login user may not.
    { engine: 'docker', answer: docker.kind === 'listed' ? docker : answerOf('docker', false) },
    { engine: 'podman', answer: answerOf('podman', false) },
    { engine: 'podman', answer: answerOf('podman', true) }
  ]
}
