/** What is chosen and typed in the dialog, and the machine it makes. Pure; values of all steps live on while one goes back. */
import { MachineSpec, type CreateCheckId } from '#contract/create.ts'
import type { ServerId } from '#contract/ids.ts'

export const STEPS = ['where', 'from', 'system', 'size', 'network', 'review'] as const
export type StepId = (typeof STEPS)[number]

export type SourceKind = MachineSpec['source']['kind']
/** `poolUuid/name`: a volume as one word of a list. '' = none is chosen. */
export type VolumeKey = string

export interface CreateForm {
  vmUuid: string
  serverId: ServerId | null

  source: SourceKind
  iso: VolumeKey
  image: VolumeKey
  existing: VolumeKey
  copy: 'backing' | 'full'
  useSeed: boolean
  seedKind: 'fields' | 'own'
  hostName: string
  user: string
  password: string
  /** One per line. */
  sshKeys: string
  userData: string
  addressing: 'automatic' | 'static'
  address: string
  gateway: string
  /** Separated by commas or blanks. */
  nameServers: string

  os: MachineSpec['os']
  firmware: 'auto' | NonNullable<MachineSpec['firmware']>
  emulated: boolean

  name: string
  vcpus: number | null
  memoryGib: number | null
  withDisk: boolean
  diskGib: number | null
  poolUuid: string
  format: 'qcow2' | 'raw'
  allocation: 'thin' | 'full'

  /** `network NAME`, `bridge NAME`, `typed` or `none`. */
  network: string
  bridge: string
  mac: string

  start: boolean
  autostart: boolean
  /** The operator's own XML; null = made from the choices. */
  xml: string | null
}

export type FormField = keyof CreateForm

const GIB = 1024 ** 3

export const emptyForm = (vmUuid: string, serverId: ServerId | null): CreateForm => ({
  vmUuid,
  serverId,
  source: 'iso',
  iso: '',
  image: '',
  existing: '',
  copy: 'backing',
  useSeed: true,
  seedKind: 'fields',
  hostName: '',
  user: 'admin',
  password: '',
  sshKeys: '',
  userData: '#cloud-config\n',
  addressing: 'automatic',
  address: '',
  gateway: '',
  nameServers: '',
  os: 'linux',
  firmware: 'auto',
  emulated: false,
  name: '',
  vcpus: 2,
  memoryGib: 2,
  withDisk: true,
  diskGib: 20,
  poolUuid: '',
  format: 'qcow2',
  allocation: 'thin',
  network: '',
  bridge: '',
  mac: '',
  start: true,
  autostart: false,
  xml: null
})

export const volumeKey = (volume: { poolUuid: string; name: string }): VolumeKey =>
  `${volume.poolUuid}/${volume.name}`
const volumeOf = (key: VolumeKey): { poolUuid: string; name: string } => ({
  poolUuid: key.slice(0, 36),
  name: key.slice(37)
})

/** The chosen volume of the chosen source. */
export function chosenVolume(form: CreateForm): VolumeKey {
  if (form.source === 'iso') return form.iso
  if (form.source === 'cloudImage') return form.image
  return form.source === 'existingDisk' ? form.existing : ''
}

/** Whether a new disk is made: an existing one takes its place, and a cloud image is nothing without its copy. */
export const makesDisk = (form: CreateForm): boolean =>
  form.source === 'cloudImage' || (form.source !== 'existingDisk' && form.withDisk)

/** A host name made of the machine's name, for the seed. */
export const hostNameFrom = (name: string): string =>
  name
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z0-9-]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '')

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
const wordsOf = (text: string): string[] => text.split(/[\s,]+/).filter((word) => word !== '')

function seedOf(form: CreateForm): unknown {
  if (!form.useSeed) return null
  return {
    hostName: form.hostName.trim() === '' ? hostNameFrom(form.name) || 'machine' : form.hostName.trim(),
    user:
      form.seedKind === 'own'
        ? { kind: 'own', userData: form.userData }
        : {
            kind: 'fields',
            name: form.user.trim(),
            password: form.password === '' ? null : form.password,
            sshKeys: linesOf(form.sshKeys)
          },
    network:
      form.addressing === 'automatic'
        ? { kind: 'automatic' }
        : {
            kind: 'static',
            address: form.address.trim(),
            gateway: form.gateway.trim() === '' ? null : form.gateway.trim(),
            nameServers: wordsOf(form.nameServers)
          }
  }
}

function sourceOf(form: CreateForm): unknown {
  const volume = volumeOf(chosenVolume(form))
  switch (form.source) {
    case 'iso':
    case 'existingDisk':
      return { kind: form.source, volume }
    case 'cloudImage':
      return { kind: 'cloudImage', volume, copy: form.copy, seed: seedOf(form) }
    case 'network':
    case 'none':
      return { kind: form.source }
  }
}

function networkOf({ network, bridge }: CreateForm): unknown {
  if (network === 'none') return { kind: 'none' }
  if (network === 'typed') return { kind: 'bridge', name: bridge.trim() }
  const [kind = '', ...name] = network.split(' ')
  return { kind, name: name.join(' ') }
}

const bytesOf = (gib: number | null): number | null => (gib === null ? null : Math.round(gib * GIB))

/** Where a problem of the spec belongs in the form. First match of the path's beginning. */
const FIELD_OF: readonly (readonly [string, FormField])[] = [
  ['source.seed.hostName', 'hostName'],
  ['source.seed.user.name', 'user'],
  ['source.seed.user.password', 'password'],
  ['source.seed.user.sshKeys', 'sshKeys'],
  ['source.seed.user', 'userData'],
  ['source.seed.network.address', 'address'],
  ['source.seed.network.gateway', 'gateway'],
  ['source.seed.network.nameServers', 'nameServers'],
  ['name', 'name'],
  ['vcpus', 'vcpus'],
  ['memoryBytes', 'memoryGib'],
  ['disk.poolUuid', 'poolUuid'],
  ['disk', 'diskGib'],
  ['network', 'network'],
  ['mac', 'mac']
]

function fieldOf(form: CreateForm, path: string): FormField {
  if (path.startsWith('source.volume'))
    return form.source === 'iso' ? 'iso' : form.source === 'cloudImage' ? 'image' : 'existing'
  const field = FIELD_OF.find(([start]) => path.startsWith(start))?.[1] ?? 'source'
  return field === 'network' && form.network === 'typed' ? 'bridge' : field
}

export type SpecResult =
  | { readonly ok: true; readonly spec: MachineSpec }
  | { readonly ok: false; readonly fields: ReadonlySet<FormField> }

/** The machine as the contract wants it, or the fields that keep it from being one. */
export function specOf(form: CreateForm): SpecResult {
  const parsed = MachineSpec.safeParse({
    vmUuid: form.vmUuid,
    name: form.name,
    source: sourceOf(form),
    os: form.os,
    firmware: form.firmware === 'auto' ? null : form.firmware,
    emulated: form.emulated,
    vcpus: form.vcpus,
    memoryBytes: bytesOf(form.memoryGib),
    disk: makesDisk(form)
      ? {
          poolUuid: form.poolUuid,
          sizeBytes: bytesOf(form.diskGib),
          format: form.format,
          allocation: form.allocation
        }
      : null,
    network: networkOf(form),
    mac: form.mac.trim() === '' ? null : form.mac.trim().toLowerCase(),
    start: form.start,
    autostart: form.autostart
  })
  const fields = new Set<FormField>()
  if (form.serverId === null) fields.add('serverId')
  for (const issue of parsed.error?.issues ?? []) fields.add(fieldOf(form, issue.path.join('.')))
  return parsed.success && fields.size === 0 ? { ok: true, spec: parsed.data } : { ok: false, fields }
}

const STEP_OF: Readonly<Partial<Record<FormField, StepId>>> = {
  serverId: 'where',
  source: 'from',
  iso: 'from',
  image: 'from',
  existing: 'from',
  hostName: 'from',
  user: 'from',
  password: 'from',
  sshKeys: 'from',
  userData: 'from',
  address: 'from',
  gateway: 'from',
  nameServers: 'from',
  name: 'size',
  vcpus: 'size',
  memoryGib: 'size',
  diskGib: 'size',
  poolUuid: 'size',
  network: 'network',
  bridge: 'network',
  mac: 'network'
}

/** The wrong fields of one step. */
export function wrongFields(form: CreateForm, step: StepId): ReadonlySet<FormField> {
  const result = specOf(form)
  return new Set(result.ok ? [] : [...result.fields].filter((field) => STEP_OF[field] === step))
}

/** The step where a check can be mended. */
export const STEP_OF_CHECK: Readonly<Record<CreateCheckId, StepId>> = {
  name: 'size',
  acceleration: 'system',
  firmware: 'system',
  tpm: 'system',
  cpus: 'size',
  memory: 'size',
  source: 'from',
  pool: 'size',
  space: 'size',
  network: 'network',
  xml: 'review'
}
