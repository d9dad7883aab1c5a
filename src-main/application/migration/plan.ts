/** The plan of a migration: what it would do, whether it may, and the exact commands. Made anew right before it is done. */
import { randomUUID } from 'node:crypto'
import { VmUuid } from '#contract/ids.ts'
import type {
  MigrationCheck,
  MigrationChoice,
  MigrationDisk,
  MigrationNetwork,
  MigrationPlan,
  NetworkPlace
} from '#contract/migration.ts'
import type { DomainChanges } from '../../domain/migration/facts.ts'
import type { ServerRuntime } from '../servers/server-runtime.ts'
import { fail, ok } from './check.ts'
import { judge, networkKey, targetNameOf } from './checks.ts'
import { bytesOf, isSharedByWord } from './disk-checks.ts'
import { FILE_POOLS, gather, type DiskLook, type Looks } from './gather.ts'
import type { DirectWay, LiveMove, MigrationPort, NewVolume, Waits } from './migration-port.ts'

export interface MigrationServers {
  readonly source: ServerRuntime
  readonly target: ServerRuntime
}

/** A disk that is copied, from where to where. */
export interface DiskCopy {
  readonly target: string
  readonly from: { readonly pool: string; readonly name: string }
  readonly volume: NewVolume
  readonly path: string
  readonly bytes: number
  /** Of the source when it was looked at: another one afterwards means that it was written to. */
  readonly changedAt: string | null
  readonly allocationBytes: number
}

/** All that the work needs. Only a possible plan has it. */
export interface Preparation {
  readonly choice: MigrationChoice
  readonly name: string
  readonly targetName: string
  readonly targetUuid: VmUuid
  readonly hasNvram: boolean
  readonly autostart: boolean
  readonly copies: readonly DiskCopy[]
  /** Files of the source that a move leaves there. */
  readonly filesLeft: readonly string[]
  readonly live: LiveMove | null
  /** Definition for the target when it is off. */
  readonly definition: string | null
}

export interface Planned {
  readonly plan: MigrationPlan
  readonly preparation: Preparation | null
}

/** @throws AppError vmNotFound, and those of reading */
export async function planMigration(
  servers: MigrationServers,
  choice: MigrationChoice,
  waits: Waits
): Promise<Planned> {
  const reached = reachChecks(servers)
  const source = servers.source.session?.migration
  const target = servers.target.session?.migration
  const view = servers.source.machines.view(choice.vmUuid)
  if (source === undefined || target === undefined || choice.serverId === choice.targetServerId) {
    const same = choice.serverId === choice.targetServerId ? [fail('otherServer', 'same')] : []
    return {
      plan: emptyPlan(view?.name ?? '', view?.state ?? 'unknown', [...reached, ...same]),
      preparation: null
    }
  }
  const way = wayTo(servers.target)
  const looks = await gather({ source, target, way }, choice, waits)
  const isHung = view !== null && view.notRespondingSinceAtMs !== null
  const checks = [...reached, ...judge(looks, { isHung })]
  const possible = checks.every((check) => check.level !== 'fail')
  const preparation = possible ? await prepare(source, looks, way, waits) : null
  return { plan: planOf(looks, checks, preparation, source, target), preparation }
}

/** As the operator reaches it; from the source it may be another way, which is what the check of the route finds out. */
const wayTo = ({ record }: ServerRuntime): DirectWay => ({
  host: record.connection.host,
  port: record.connection.port,
  user: record.connection.user
})

function reachChecks({ source, target }: MigrationServers): MigrationCheck[] {
  return [source, target].flatMap((runtime) => {
    const server = { server: runtime.record.name }
    const { session } = runtime
    if (session === null) return [fail('reached', 'notReached', server)]
    const write = session.capabilities.find((one) => one.id === 'libvirtWrite')
    const writable = runtime.record.lookOnly
      ? fail('writable', 'lookOnly', server)
      : write?.works === false
        ? fail('writable', 'denied', server)
        : ok('writable', 'ok', server)
    return [ok('reached', 'ok', server), writable]
  })
}

function emptyPlan(seenName: string, state: MigrationPlan['state'], checks: MigrationCheck[]): MigrationPlan {
  return {
    seenName,
    state,
    targetName: seenName,
    checks,
    possible: false,
    disks: [],
    networks: [],
    targetPools: [],
    targetNetworks: [],
    bytesToCopy: 0,
    commands: []
  }
}

function planOf(
  looks: Looks,
  checks: MigrationCheck[],
  preparation: Preparation | null,
  source: MigrationPort,
  target: MigrationPort
): MigrationPlan {
  const { choice, domain, disks } = looks
  const isShared = choice.storage === 'shared'
  return {
    seenName: domain.facts.name,
    state: domain.state,
    targetName: targetNameOf(looks),
    checks,
    possible: preparation !== null,
    disks: disks.map((look) => shownDisk(look, isShared)),
    networks: networksOf(looks),
    targetPools: looks.target.pools
      .filter((pool) => FILE_POOLS.has(pool.type))
      .map(({ name, availableBytes }) => ({ name, availableBytes })),
    targetNetworks: [
      ...looks.target.networks.map((name): NetworkPlace => ({ kind: 'network', name })),
      ...looks.target.bridges.map((name): NetworkPlace => ({ kind: 'bridge', name }))
    ],
    bytesToCopy: isShared ? 0 : disks.reduce((sum, look) => sum + bytesOf(look, choice.way), 0),
    commands: preparation === null ? [] : commandsOf(preparation, source, target)
  }
}

function shownDisk({ disk, volume, pool, place }: DiskLook, isShared: boolean): MigrationDisk {
  return {
    target: disk.target,
    source: disk.path ?? '',
    format: volume?.format ?? disk.format ?? '',
    capacityBytes: volume?.capacityBytes ?? 0,
    allocationBytes: volume?.allocationBytes ?? 0,
    sourcePool: volume?.pool ?? null,
    targetPool: isShared ? null : (pool?.name ?? null),
    targetPath: isShared ? disk.path : (place?.path ?? null),
    does: isShared ? 'shared' : 'copied'
  }
}

function networksOf({ choice, domain, target }: Looks): MigrationNetwork[] {
  const networks = new Map<string, MigrationNetwork>()
  for (const network of domain.facts.networks) {
    if (network.kind === 'other' || network.name === null) continue
    const from: NetworkPlace = { kind: network.kind, name: network.name }
    const key = networkKey(from)
    const to = choice.networks[key] ?? from
    const there = (to.kind === 'network' ? target.networks : target.bridges).includes(to.name)
    networks.set(key, { key, from, to, there })
  }
  return [...networks.values()]
}

async function prepare(
  source: MigrationPort,
  looks: Looks,
  way: DirectWay,
  waits: Waits
): Promise<Preparation> {
  const { choice, domain } = looks
  const { facts } = domain
  const isCopy = choice.kind === 'copy'
  const targetUuid = isCopy ? VmUuid.parse(randomUUID()) : choice.vmUuid
  const copies = choice.storage === 'shared' ? [] : looks.disks.flatMap(copyOf)
  const changes: DomainChanges = {
    ...(isCopy ? { newUuid: targetUuid, name: targetNameOf(looks) } : {}),
    diskPaths: new Map(copies.map(({ target, path }) => [target, path])),
    emptied: new Set(looks.media.filter((file) => file.presence === 'absent').map((file) => file.target)),
    networks: new Map(networksOf(looks).map(({ key, to }) => [key, to]))
  }
  const persistent = await source.definition(choice.vmUuid, 'persistent', changes, waits)
  const base = {
    choice,
    name: facts.name,
    targetName: targetNameOf(looks),
    targetUuid,
    hasNvram: facts.nvram !== null,
    autostart: domain.autostart,
    copies,
    filesLeft: copies.map(
      (copy) => looks.disks.find(({ disk }) => disk.target === copy.target)?.disk.path ?? ''
    )
  }
  if (choice.way === 'cold') return { ...base, live: null, definition: persistent }
  const live = await source.definition(choice.vmUuid, 'live', changes, waits)
  const move: LiveMove = {
    uuid: choice.vmUuid,
    xml: { live, persistent },
    copyDisks: copies.length > 0,
    unsafe: choice.storage === 'shared' && isSharedByWord(looks),
    direct: choice.route === 'direct' ? way : null
  }
  return { ...base, live: move, definition: null }
}

function copyOf(look: DiskLook): DiskCopy[] {
  const { disk, volume, pool, place } = look
  if (volume === null || pool === null || place === null) return []
  const format = volume.format ?? disk.format ?? 'raw'
  return [
    {
      target: disk.target,
      from: { pool: volume.pool, name: volume.name },
      volume: { pool: pool.name, name: place.name, format, capacityBytes: volume.capacityBytes },
      path: place.path,
      bytes: volume.lengthBytes,
      changedAt: volume.changedAt,
      allocationBytes: volume.allocationBytes
    }
  ]
}

function commandsOf(
  { choice, copies, live, definition, hasNvram }: Preparation,
  source: MigrationPort,
  target: MigrationPort
): MigrationPlan['commands'] {
  const commands: MigrationPlan['commands'] = []
  const onTarget = (command: string): void => void commands.push({ on: 'target', command })
  const onSource = (command: string): void => void commands.push({ on: 'source', command })
  for (const { volume, from } of copies) {
    onTarget(target.words.createVolume(volume))
    if (live !== null) continue
    onSource(source.words.send(from.pool, from.name))
    onTarget(target.words.receive(volume.pool, volume.name))
    onTarget(target.words.checksum(volume.pool, volume.name))
  }
  if (live !== null) onSource(source.words.moveLive(live))
  if (definition !== null) onTarget(target.words.define(definition))
  if (choice.kind === 'move') onSource(source.words.undefine(choice.vmUuid, hasNvram))
  return commands
}
