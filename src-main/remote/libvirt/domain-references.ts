/** Which files and networks a domain's XML refers to. Deleting looks at this: what is not known must not be missed. */
import type { DomainReferences, FileReference, ReferenceKind } from '../../domain/libvirt/uses.ts'
import { attributeOf, childOf, childrenOf, readXml, textOf, type XmlNode } from './xml-reader.ts'

type References = Pick<DomainReferences, 'files' | 'volumes' | 'interfaces'>
type VolumeReference = DomainReferences['volumes'][number]
type Owner = Omit<FileReference, 'path'>

/** A chain that is nested deeper is not followed. */
const MAX_DEPTH = 64

const DEVICE_KINDS: Readonly<Record<string, ReferenceKind>> = {
  disk: 'disk',
  lun: 'disk',
  cdrom: 'cdrom',
  floppy: 'floppy'
}

export interface DomainXmlReferences extends References {
  readonly uuid: string
  readonly name: string
}

/** @throws AppError protocolViolation when it is no domain */
export function parseDomainReferences(text: string): DomainXmlReferences {
  const domain = readXml(text, 'domain', 'dumpxml')
  return {
    uuid: textOf(domain, 'uuid')?.trim() ?? '',
    name: textOf(domain, 'name') ?? '',
    ...referencesOf(domain)
  }
}

/** The domain that a snapshot would bring back, and its memory file. @throws AppError protocolViolation */
export function parseSnapshotReferences(text: string): References {
  const snapshot = readXml(text, 'domainsnapshot', 'snapshot-dumpxml')
  const found = new Found()
  for (const element of ['domain', 'inactiveDomain']) {
    const domain = childOf(snapshot, element)
    if (domain !== null) found.takeAll(referencesOf(domain))
  }
  const memory = childOf(snapshot, 'memory')
  found.file(attributeOf(memory, 'file'), { kind: 'snapshot', target: null, readOnly: false })
  for (const disk of childrenOf(childOf(snapshot, 'disks'), 'disk'))
    found.source(childOf(disk, 'source'), {
      kind: 'snapshot',
      target: attributeOf(disk, 'name'),
      readOnly: false
    })
  return {
    files: found.files.map((file) => ({ ...file, kind: 'snapshot' as const })),
    volumes: found.volumes,
    interfaces: []
  }
}

function referencesOf(domain: XmlNode): References {
  const found = new Found()
  const os = childOf(domain, 'os')
  for (const [element, kind] of [
    ['kernel', 'kernel'],
    ['initrd', 'initrd'],
    ['dtb', 'dtb'],
    ['loader', 'loader'],
    ['nvram', 'nvram']
  ] as const)
    found.file(textOf(os, element), { kind, target: null, readOnly: kind !== 'nvram' })
  const nvram = childOf(os, 'nvram')
  found.file(attributeOf(nvram, 'template'), { kind: 'nvramTemplate', target: null, readOnly: true })
  found.source(childOf(nvram, 'source'), { kind: 'nvram', target: null, readOnly: false })
  const devices = childOf(domain, 'devices')
  for (const disk of childrenOf(devices, 'disk')) takeDisk(disk, found)
  takeOtherFiles(devices, found)
  const interfaces = childrenOf(devices, 'interface').flatMap((nic) => {
    const network = attributeOf(childOf(nic, 'source'), 'network')
    return network === null ? [] : [{ network, mac: attributeOf(childOf(nic, 'mac'), 'address') }]
  })
  return { files: found.files, volumes: found.volumes, interfaces }
}

function takeDisk(disk: XmlNode, found: Found): void {
  const device = attributeOf(disk, 'device') ?? 'disk'
  const kind = (Object.hasOwn(DEVICE_KINDS, device) ? DEVICE_KINDS[device] : undefined) ?? 'other'
  const target = attributeOf(childOf(disk, 'target'), 'dev')
  found.source(childOf(disk, 'source'), { kind, target, readOnly: childOf(disk, 'readonly') !== null })
  // A copy that is under way writes to its target.
  found.source(childOf(childOf(disk, 'mirror'), 'source'), { kind: 'disk', target, readOnly: false })
  found.file(attributeOf(childOf(disk, 'mirror'), 'file'), { kind: 'disk', target, readOnly: false })
  let below = childOf(disk, 'backingStore')
  for (let depth = 0; below !== null && depth < MAX_DEPTH; depth++) {
    found.source(childOf(below, 'source'), { kind: 'backing', target, readOnly: true })
    below = childOf(below, 'backingStore')
  }
}

/** Serial logs, passed-through file systems, memory devices, TPMs, shared memory: any device that names a path. */
function takeOtherFiles(devices: XmlNode | null, found: Found): void {
  const owner: Owner = { kind: 'other', target: null, readOnly: false }
  for (const element of [
    'filesystem',
    'hostdev',
    'memory',
    'serial',
    'console',
    'parallel',
    'channel',
    'rng',
    'tpm'
  ])
    for (const device of childrenOf(devices, element)) {
      const source = childOf(device, 'source')
      for (const name of ['file', 'dir', 'dev', 'path']) found.file(attributeOf(source, name), owner)
      found.file(textOf(source, 'path'), owner)
      const backend = childOf(device, 'backend')
      found.file(attributeOf(childOf(backend, 'device'), 'path'), owner)
      found.file(textOf(device, 'backend'), owner)
    }
}

class Found {
  readonly files: FileReference[] = []
  readonly volumes: VolumeReference[] = []

  file(path: string | null, owner: Owner): void {
    if (path !== null && path.startsWith('/')) this.files.push({ ...owner, path })
  }

  source(source: XmlNode | null, owner: Owner): void {
    const poolName = attributeOf(source, 'pool')
    const volumeName = attributeOf(source, 'volume')
    if (poolName !== null && volumeName !== null) this.volumes.push({ ...owner, poolName, volumeName })
    for (const name of ['file', 'dev', 'dir']) this.file(attributeOf(source, name), owner)
    // QEMU's own files beside the image: an NVMe or vhost socket, an external data file.
    const dataStore = childOf(source, 'dataStore')
    if (dataStore !== null) this.source(childOf(dataStore, 'source'), owner)
  }

  takeAll(references: References): void {
    this.files.push(...references.files)
    this.volumes.push(...references.volumes)
  }
}
