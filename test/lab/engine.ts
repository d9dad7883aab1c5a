/** The whole engine over real servers: every lane there is, a history on the disk, no window. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Capability } from '#contract/servers.ts'
import { ServerDraft } from '#contract/servers.ts'
import type { DemoServer } from '../../src-main/application/servers/seed-demo.ts'
import type { ServerRuntime } from '../../src-main/application/servers/server-runtime.ts'
import { compose, type Engine } from '../../src-main/entry/compose.ts'
import { workers } from '../../src-main/entry/installation.ts'
import { browserReportDesk } from '../../src-main/platform/browser-report-desk.ts'
import { downloadExportTarget } from '../../src-main/platform/download-export-target.ts'
import { memoryCipher } from '../../src-main/platform/memory-cipher.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { settingsFor, type LabLogin } from './console.ts'
import { eventually } from './faults.ts'
import { labServer } from './state.ts'

export interface LabEngine {
  readonly engine: Engine
  /** By the name it was given. */
  server(name: string): ServerRuntime
  capability(name: string, id: Capability['id']): Capability | undefined
  /** Titles of what was shown natively, oldest first. */
  readonly notified: readonly string[]
  close(): Promise<void>
}

export interface LabEngineServer extends LabLogin {
  readonly name: string
  readonly useSudo?: boolean
}

/**
 * With the host keys of the servers trusted, and of those they are reached through. `folder`: a data folder of the test's own,
 * which stays; else a new one that goes with the engine.
 */
export async function startLabEngine(
  servers: readonly LabEngineServer[],
  intervalMs = 2_000,
  folder: string | null = null
): Promise<LabEngine> {
  const dataFolder = folder ?? (await mkdtemp(join(tmpdir(), 'virthelm-lab-engine-')))
  const notified: string[] = []
  const engine = await compose({
    platform: {
      info: {
        version: 'test',
        mode: 'browser',
        demo: false,
        dataFolder,
        platform: 'linux',
        secretStore: { canKeep: false, backend: 'memory' }
      },
      cipher: memoryCipher(),
      notifier: { show: ({ title, body }) => void notified.push(`${title}: ${body}`) },
      exportTarget: downloadExportTarget(),
      exportsSecrets: false,
      log: silentLog,
      reportDesk: browserReportDesk(() => null),
      openDemo: () => Promise.resolve(null)
    },
    dataFolder,
    workers,
    demo: servers.flatMap((server) => [...jumpOf(server), seedOf(server, intervalMs)])
  })
  const server = (name: string): ServerRuntime => {
    const found = engine.directory.runtimes().find(({ record }) => record.name === name)
    if (found === undefined) throw new Error(`no server is called ${name}`)
    return found
  }
  return {
    engine,
    server,
    capability: (name, id) =>
      server(name)
        .view()
        .capabilities.find((each) => each.id === id),
    notified,
    async close() {
      await engine.close()
      if (folder === null) await rm(dataFolder, { recursive: true, force: true })
    }
  }
}

function seedOf({ name, useSudo = false, ...login }: LabEngineServer, intervalMs: number): DemoServer {
  const { address, port, hostKeys } = labServer(login.server)
  const [key] = hostKeys
  if (key === undefined) throw new Error(`${login.server} has no host key`)
  return {
    draft: ServerDraft.parse({ name, useSudo, intervalMs, connection: settingsFor(login) }),
    password: 'none is asked for',
    hostKey: { host: address, port, ...key }
  }
}

/** The jump host stands in the list without being collected, so that its key is pinned. */
function jumpOf({ server, user }: LabEngineServer): DemoServer[] {
  const { via } = labServer(server)
  if (via === null) return []
  const { draft, ...rest } = seedOf({ name: `${via} (jump)`, server: via, user }, 60_000)
  return [{ ...rest, draft: { ...draft, collecting: false } }]
}

/** Resolves when each lane of each server has spoken and none is still being checked. */
export async function everyLaneHasSpoken(lab: LabEngine, names: readonly string[]): Promise<void> {
  const counts = new Map<string, string>()
  let quietSinceMs = performance.now()
  await eventually(
    'every lane has spoken',
    () => {
      for (const name of names) {
        const { capabilities, connection } = lab.server(name).view()
        const ids = capabilities.map(({ id, cause }) => `${id} ${cause === 'checking' ? 'checking' : ''}`)
        const now = `${connection.kind} ${ids.join()}`
        if (counts.get(name) !== now || now.includes('checking') || connection.kind !== 'online')
          quietSinceMs = performance.now()
        counts.set(name, now)
      }
      // Lanes that wait after the connection came up wait at most this long.
      return performance.now() - quietSinceMs > 15_000
    },
    120_000,
    250
  )
}
