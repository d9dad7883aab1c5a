/** From the operator's choices to what is done: the domain's XML and the writes in their order. */
import type { MachineSpec, VolumeRef } from '#contract/create.ts'
import type { Volume } from '#contract/storage.ts'
import { BLOCK_POOLS } from '../../domain/libvirt/create-checks.ts'
import { macOf, newDomainXml, type DiskPlace } from '../../domain/libvirt/new-domain-xml.ts'
import type { HostAbilities } from '../../domain/libvirt/os-presets.ts'
import type { CreateAction, NewVolume } from './creation.ts'

export interface PlannedStep {
  readonly step: 'disk' | 'seed' | 'define' | 'start'
  readonly action: CreateAction
}

export interface PlannedCreate {
  readonly xml: string
  readonly steps: readonly PlannedStep[]
  /** What has to be taken away again when it fails. */
  readonly volumes: readonly VolumeRef[]
}

export interface PlanInput {
  readonly spec: MachineSpec
  readonly host: HostAbilities
  /** The pool of the new disk. */
  readonly pool: { readonly type: string; readonly targetPath: string | null } | null
  /** The ISO, the cloud image or the existing disk. */
  readonly image: Volume | null
  readonly seed: Uint8Array | null
  /** The operator's own XML. */
  readonly xml: string | null
}

export function planCreate(input: PlanInput): PlannedCreate {
  const { spec, host, pool, image } = input
  const isBlock = pool !== null && BLOCK_POOLS.includes(pool.type)
  const placeOf = (name: string, format: string): DiskPlace => ({
    path: `${pool?.targetPath ?? ''}/${name}`,
    kind: isBlock ? 'block' : 'file',
    format
  })
  const disk = newDiskOf(spec, image, isBlock)
  const seed = seedVolumeOf(spec, input.seed, isBlock)
  const imagePlace: DiskPlace | null =
    image === null
      ? null
      : { path: image.path, kind: image.kind === 'block' ? 'block' : 'file', format: diskFormatOf(image) }
  const xml =
    input.xml ??
    newDomainXml(
      {
        uuid: spec.vmUuid,
        name: spec.name,
        os: spec.os,
        firmware: spec.firmware,
        emulated: spec.emulated,
        vcpus: spec.vcpus,
        memoryBytes: spec.memoryBytes,
        disk:
          disk === null
            ? spec.source.kind === 'existingDisk'
              ? imagePlace
              : null
            : placeOf(disk.volume.name, disk.volume.format),
        iso: spec.source.kind === 'iso' && imagePlace !== null ? { ...imagePlace, format: 'raw' } : null,
        seed: seed === null ? null : placeOf(seed.name, 'raw'),
        network: spec.network.kind === 'none' ? null : spec.network,
        mac: spec.mac ?? macOf(spec.vmUuid),
        networkBoot: spec.source.kind === 'network'
      },
      host
    )
  const steps: PlannedStep[] = [
    ...(disk?.actions ?? []).map((action) => ({ step: 'disk' as const, action })),
    ...seedSteps(seed, input.seed),
    { step: 'define', action: { kind: 'define', xml } },
    ...(spec.autostart
      ? [{ step: 'define' as const, action: { kind: 'autostart' as const, vmUuid: spec.vmUuid } }]
      : []),
    ...(spec.start
      ? [{ step: 'start' as const, action: { kind: 'start' as const, vmUuid: spec.vmUuid } }]
      : [])
  ]
  const volumes = [disk?.volume ?? null, seed].filter((volume) => volume !== null)
  return { xml, steps, volumes: volumes.map(({ poolUuid, name }) => ({ poolUuid, name })) }
}

/** An image that libvirt has no format for is taken as it is. */
const diskFormatOf = ({ format }: Volume): string => (format === null || format === 'iso' ? 'raw' : format)

/** Names the machine for people, and holds a part of its UUID: what has this name is this machine's. */
function volumeName({ name, vmUuid }: MachineSpec, ending: string): string {
  const words = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 40)
  return `${words === '' ? 'machine' : words}-${vmUuid.slice(0, 8)}${ending}`
}

function newDiskOf(
  spec: MachineSpec,
  image: Volume | null,
  isBlock: boolean
): { readonly volume: NewVolume; readonly actions: readonly CreateAction[] } | null {
  const { disk, source } = spec
  if (disk === null || source.kind === 'existingDisk') return null
  const copy = source.kind === 'cloudImage' ? source.copy : null
  const volume: NewVolume = {
    poolUuid: disk.poolUuid,
    name: volumeName(spec, isBlock ? '' : disk.format === 'qcow2' ? '.qcow2' : '.img'),
    format: disk.format,
    capacityBytes: disk.sizeBytes,
    allocation: disk.allocation,
    backing: copy === 'backing' && image !== null ? { path: image.path, format: diskFormatOf(image) } : null
  }
  if (copy !== 'full' || source.kind !== 'cloudImage')
    return { volume, actions: [{ kind: 'createVolume', volume }] }
  return {
    volume,
    actions: [
      {
        kind: 'copyVolume',
        volume: {
          ...volume,
          capacityBytes: isBlock ? disk.sizeBytes : (image?.capacityBytes ?? disk.sizeBytes)
        },
        fromPoolUuid: source.volume.poolUuid,
        fromName: source.volume.name
      },
      // A logical volume has its size from the start.
      ...(isBlock
        ? []
        : [
            {
              kind: 'growVolume' as const,
              poolUuid: disk.poolUuid,
              name: volume.name,
              sizeBytes: disk.sizeBytes
            }
          ])
    ]
  }
}

const wantsSeed = ({ source }: MachineSpec): boolean => source.kind === 'cloudImage' && source.seed !== null

function seedVolumeOf(spec: MachineSpec, content: Uint8Array | null, isBlock: boolean): NewVolume | null {
  if (!wantsSeed(spec) || spec.disk === null) return null
  return {
    poolUuid: spec.disk.poolUuid,
    name: volumeName(spec, isBlock ? '-seed' : '-seed.iso'),
    format: 'raw',
    capacityBytes: content?.length ?? 65_536,
    allocation: 'thin',
    backing: null
  }
}

function seedSteps(volume: NewVolume | null, content: Uint8Array | null): PlannedStep[] {
  if (volume === null) return []
  const { poolUuid, name } = volume
  return [
    { step: 'seed', action: { kind: 'createVolume', volume } },
    { step: 'seed', action: { kind: 'uploadVolume', poolUuid, name, content } }
  ]
}
