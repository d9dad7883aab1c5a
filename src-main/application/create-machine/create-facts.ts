/** What a server says about a wanted machine, right now: read before the plan is shown, and again before it is carried out. */
import type { CreateOptions, MachineSpec } from '#contract/create.ts'
import { AppError } from '#contract/errors.ts'
import type { Pool, Volume } from '#contract/storage.ts'
import type { CreateFacts, ImageFacts, PoolFacts, WantedMachine } from '../../domain/libvirt/create-checks.ts'
import { usesOf } from '../../domain/libvirt/uses.ts'
import type { HypervisorSession, MachineListing } from '../machines/hypervisor.ts'
import type { ServerRuntime } from '../servers/server-runtime.ts'
import type { References } from '../stores/stores.ts'

export interface GatheredFacts {
  readonly facts: CreateFacts
  readonly pool: Pool | null
  readonly image: Volume | null
  /** A machine has this UUID already. */
  readonly isUuidTaken: boolean
}

const ACTIVE: ReadonlySet<MachineListing['state']> = new Set([
  'running',
  'blocked',
  'paused',
  'suspended',
  'shuttingDown'
])

export async function createOptions(
  runtime: ServerRuntime,
  session: HypervisorSession,
  signal: AbortSignal
): Promise<CreateOptions> {
  const [host, machines] = await Promise.all([session.creation.abilities(signal), session.list(signal)])
  const running = machines.filter(({ state }) => ACTIVE.has(state))
  const sum = (of: (machine: MachineListing) => number | null): number =>
    running.reduce((total, machine) => total + (of(machine) ?? 0), 0)
  return {
    architecture: host.architecture,
    kvm: host.kvm,
    firmwares: [...host.firmwares],
    tpm: host.tpm,
    maxVcpus: host.maxVcpus,
    ...hostRoom(runtime),
    running: {
      machines: running.length,
      vcpus: sum(({ vcpus }) => vcpus),
      memoryBytes: sum(({ memoryMaxBytes }) => memoryMaxBytes)
    }
  }
}

function hostRoom(
  runtime: ServerRuntime
): Pick<CreateOptions, 'cpuThreads' | 'memoryTotalBytes' | 'memoryAvailableBytes'> {
  const { now, facts } = runtime.view()
  const totalBytes = now?.memoryTotalBytes ?? facts?.memoryTotalBytes ?? null
  const usedBytes = now?.memoryUsedBytes ?? null
  return {
    cpuThreads: now?.cpuThreads ?? facts?.cpuThreads ?? null,
    memoryTotalBytes: totalBytes,
    memoryAvailableBytes:
      totalBytes === null || usedBytes === null ? null : Math.max(0, totalBytes - usedBytes)
  }
}

/** Throws libvirtFailed and what reading throws; what is not there comes as null. */
export async function gatherFacts(
  runtime: ServerRuntime,
  session: HypervisorSession,
  spec: MachineSpec,
  signal: AbortSignal
): Promise<GatheredFacts> {
  const [host, machines, pools, uses, network] = await Promise.all([
    session.creation.abilities(signal),
    session.list(signal),
    session.storage.pools(signal),
    session.storage.references(signal),
    networkFacts(session, spec, signal)
  ])
  const { source, disk } = spec
  const poolOf = (uuid: string): Pool | null => pools.pools.find((pool) => pool.uuid === uuid) ?? null
  const pool = disk === null ? null : poolOf(disk.poolUuid)
  const wantsImage = 'volume' in source ? source.volume : null
  const found =
    wantsImage === null ? null : await imageOf(session, poolOf(wantsImage.poolUuid), wantsImage.name, signal)
  return {
    pool,
    image: found?.image ?? null,
    isUuidTaken: machines.some(({ uuid }) => uuid === spec.vmUuid),
    facts: {
      host,
      ...hostRoom(runtime),
      takenNames: machines.map(({ name }) => name),
      image: found === null ? null : await imageFacts(session, found, uses, signal),
      pool: pool === null ? null : poolFacts(pool),
      network,
      usesKnown: uses.complete
    }
  }
}

/** What of the choices the checks look at. */
export function wantedOf(spec: MachineSpec): WantedMachine {
  const { source } = spec
  return {
    name: spec.name,
    os: spec.os,
    firmware: spec.firmware,
    emulated: spec.emulated,
    vcpus: spec.vcpus,
    memoryBytes: spec.memoryBytes,
    source: source.kind,
    copy: source.kind === 'cloudImage' ? source.copy : null,
    disk: source.kind === 'existingDisk' ? null : spec.disk,
    network: spec.network.kind
  }
}

const poolFacts = ({ name, type, state, notRespondingSinceAtMs, availableBytes }: Pool): PoolFacts => ({
  name,
  type,
  isRunning: state === 'running',
  isResponding: notRespondingSinceAtMs === null,
  availableBytes
})

interface FoundImage {
  readonly image: Volume
  readonly pool: Pool
  readonly siblings: readonly Volume[]
}

async function imageOf(
  session: HypervisorSession,
  pool: Pool | null,
  name: string,
  signal: AbortSignal
): Promise<FoundImage | null> {
  if (pool === null || pool.state !== 'running') return null
  const { volumes } = await session.storage.volumes(pool.uuid, { signal })
  const image = volumes.find((volume) => volume.name === name)
  return image === undefined ? null : { image, pool, siblings: volumes }
}

async function imageFacts(
  session: HypervisorSession,
  { image, pool, siblings }: FoundImage,
  { domains }: References,
  signal: AbortSignal
): Promise<ImageFacts> {
  const images = siblings.map(({ path, name, backingPath }) => ({
    path,
    name,
    backingPath,
    poolName: pool.name
  }))
  // Two paths may lead to one file.
  const paths = new Set([
    image.path,
    ...domains.flatMap(({ files }) => files.map(({ path }) => path)),
    ...images.flatMap(({ backingPath }) => backingPath ?? [])
  ])
  const identities = await session.storage.identities([...paths], signal)
  const uses = usesOf({ domains, images, identityOf: (path) => identities.get(path) ?? path })
  const names = new Set(uses.usedBy(image.path).map(({ vmName }) => vmName))
  return {
    name: image.name,
    format: image.format,
    capacityBytes: image.capacityBytes,
    usedBy: [...names],
    isBacking: uses.backingOf(image.path).length > 0
  }
}

async function networkFacts(
  session: HypervisorSession,
  { network }: MachineSpec,
  signal: AbortSignal
): Promise<CreateFacts['network']> {
  if (network.kind === 'none') return null
  const { name } = network
  if (network.kind === 'bridge') {
    const bridges = await session.networks.hostBridges(signal)
    return bridges.includes(name) ? { name, isActive: true } : null
  }
  const found = (await session.networks.list(signal)).find((one) => one.name === name)
  return found === undefined ? null : { name, isActive: found.active }
}

/** Throws conflict: the same create was sent twice, or its machine is there. */
export function refuseTaken({ isUuidTaken }: GatheredFacts, spec: MachineSpec): void {
  if (isUuidTaken) throw new AppError('conflict', { params: { what: 'vmUuid', name: spec.name } })
}
