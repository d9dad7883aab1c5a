/** The definition of a clone: the source's own, with what must not be the same in two VMs made anew. */
import { posix } from 'node:path'
import type { CloneNote } from '#contract/clones.ts'
import { VIRTHELM_NAMESPACE } from '../../domain/libvirt/virthelm-metadata.ts'
import type { CloneChanges } from '../../application/clones/clone-host.ts'
import { editXml, type XmlElement } from './xml-edit.ts'

const DISKS = new Set(['disk', 'lun'])
const LINES = ['serial', 'parallel', 'console', 'channel']

/** libvirt makes MAC addresses, generation ids and ports itself where none is given. */
export function cloneXml(xml: string, changes: CloneChanges): string {
  return editXml(xml, 'domain', (domain) => {
    domain.setAttribute('id', null)
    domain.child('name')?.setText(changes.name)
    const oldUuid = domain.child('uuid')?.text().trim() ?? ''
    domain.child('uuid')?.setText(changes.uuid)
    domain.child('genid')?.setText('')
    takeMarksAway(domain.child('metadata'))
    renewSmbios(domain, oldUuid, changes.uuid)
    if (changes.nvramPath !== null) setNvram(domain.child('os')?.child('nvram') ?? null, changes.nvramPath)
    const devices = domain.child('devices')
    if (devices === null) return
    for (const disk of devices.children('disk')) changeDisk(disk, changes)
    for (const nic of devices.children('interface')) {
      nic.remove(({ name }) => name === 'mac' || name === 'target' || name === 'alias')
    }
    renewLines(devices, changes.uuid)
    for (const graphics of devices.children('graphics')) renewPorts(graphics)
  })
}

/** A clone of a template is a VM like any other. */
function takeMarksAway(metadata: XmlElement | null): void {
  metadata?.remove((element) => {
    const colon = element.name.indexOf(':')
    const declaration = colon < 0 ? 'xmlns' : `xmlns:${element.name.slice(0, colon)}`
    return (element.attribute(declaration) ?? metadata.attribute(declaration)) === VIRTHELM_NAMESPACE
  })
}

/** libvirt refuses a definition whose SMBIOS names another UUID than its own. */
function renewSmbios(domain: XmlElement, oldUuid: string, newUuid: string): void {
  for (const sysinfo of domain.children('sysinfo')) {
    for (const entry of sysinfo.child('system')?.children('entry') ?? []) {
      if (entry.attribute('name') === 'uuid' && entry.text().trim().toLowerCase() === oldUuid)
        entry.setText(newUuid)
    }
  }
}

function setNvram(nvram: XmlElement | null, path: string): void {
  const source = nvram?.child('source') ?? null
  if (source !== null) source.setAttribute('file', path)
  else nvram?.setText(path)
}

function changeDisk(disk: XmlElement, { disks, keepMedia }: CloneChanges): void {
  const device = disk.attribute('device') ?? 'disk'
  if (!DISKS.has(device)) {
    if (!keepMedia) disk.remove(({ name }) => name === 'source')
    return
  }
  const own = disks.get(disk.child('target')?.attribute('dev') ?? '')
  if (own === undefined) return
  disk.setAttribute('type', 'file')
  disk.remove(({ name }) => name === 'backingStore' || name === 'mirror')
  const source = disk.child('source')
  source?.setAttribute('file', own.path)
  source?.setAttribute('index', null)
  disk.child('driver')?.setAttribute('type', own.format)
}

/** Log files and sockets of serial lines and channels: two VMs on one would stop each other from starting. */
function renewLines(devices: XmlElement, uuid: string): void {
  const logs = new Map<string, string>()
  for (const line of LINES.flatMap((name) => devices.children(name))) {
    const log = line.child('log')
    const old = log?.attribute('file') ?? null
    if (log !== null && old !== null) {
      const fresh = logs.get(old) ?? posix.join(posix.dirname(old), `${uuid}-${logs.size}.log`)
      logs.set(old, fresh)
      log.setAttribute('file', fresh)
    }
    const isBound = line.child('source')?.attribute('mode') === 'bind'
    if (line.name === 'channel' && line.attribute('type') === 'unix' && isBound)
      line.remove(({ name }) => name === 'source')
  }
}

function renewPorts(graphics: XmlElement): void {
  if (graphics.attribute('port') === null && graphics.attribute('tlsPort') === null) return
  graphics.setAttribute('port', '-1')
  graphics.setAttribute('tlsPort', null)
  graphics.setAttribute('websocket', null)
  graphics.setAttribute('autoport', 'yes')
}

/** What the operator should know of a clone of this definition. */
export function notesOf(xml: string): CloneNote[] {
  const notes: CloneNote[] = []
  editXml(xml, 'domain', (domain) => {
    const devices = domain.child('devices')
    if (devices === null) return
    if (devices.children('graphics').length > 0) notes.push('consolePassword')
    if (devices.children('tpm').length > 0) notes.push('tpm')
    const nics = devices.children('interface').some((nic) => nic.attribute('type') === 'hostdev')
    if (devices.children('hostdev').length > 0 || nics) notes.push('hostDevice')
  })
  return notes
}
