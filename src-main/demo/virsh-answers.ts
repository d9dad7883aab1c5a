/** What virsh prints about the domains of a demo server, in the forms that `remote/libvirt` asks for. */
import { isActive, numbersOf, wordOf } from '../domain/libvirt/domain-state.ts'
import { vncPortOf } from './consoles/index.ts'
import { definitionText } from './definitions.ts'
import { VIRTHELM_NAMESPACE } from '../domain/libvirt/virthelm-metadata.ts'
import type { DemoDomain, DemoHost } from './model.ts'

/** What one command printed; `hangs`: it waits for a QEMU that does not answer, and nothing more will come. */
export interface VirshOutput {
  readonly output: string
  readonly error: string
  readonly hangs?: boolean
}

const MONITOR_GROUPS = ['--cpu-total', '--vcpu', '--balloon', '--block']
const KIB = 1024

export const printed = (output: string): VirshOutput => ({ output, error: '' })
export const failed = (error: string): VirshOutput => ({ output: '\n', error: `error: ${error}\n` })

export function answerTo(host: DemoHost, command: string): VirshOutput {
  const [verb = '', ...args] = command.trim().split(/\s+/)
  const options = args.filter((word) => word.startsWith('--'))
  const names = args.filter((word) => !word.startsWith('--'))
  if (verb === 'list') return printed(list(host, options))
  if (verb === 'domstats') return domstats(host, options, names)
  const domain = find(host, names[0] ?? '')
  if (domain === undefined) return failed(`failed to get domain '${names[0] ?? ''}'`)
  switch (verb) {
    case 'dumpxml':
      return printed(
        `${definitionText(domain, options.includes('--inactive') ? 'nextBoot' : 'live', dumpxml(host, domain))}\n`
      )
    case 'domstate':
      return printed(`${wordOf(domain.state)}\n\n`)
    case 'domcontrol':
      return domcontrol(domain)
    default:
      return failed(`unknown command: '${verb}'`)
  }
}

/** virsh looks for a number, then a UUID, then a name. */
function find(host: DemoHost, handle: string): DemoDomain | undefined {
  return (
    host.domains.find((domain) => String(domain.id) === handle) ??
    host.domains.find((domain) => domain.uuid === handle) ??
    host.domains.find((domain) => domain.name === handle)
  )
}

function list(host: DemoHost, options: readonly string[]): string {
  const wanted = host.domains.filter(
    (domain) =>
      (!options.includes('--autostart') || domain.autostart) &&
      (!options.includes('--transient') || !domain.persistent) &&
      (!options.includes('--with-managed-save') || domain.managedSave) &&
      !options.some((option) => option === '--with-snapshot' || option === '--with-checkpoint')
  )
  const lines = wanted.map((domain) =>
    [
      options.includes('--uuid') ? domain.uuid : null,
      options.includes('--id') ? String(domain.id ?? '-') : null,
      options.includes('--name') ? domain.name : null
    ]
      .filter((part) => part !== null)
      .join(' ')
  )
  return `${lines.map((line) => `${line}\n`).join('')}\n`
}

function domcontrol(domain: DemoDomain): VirshOutput {
  if (!isActive(domain.state)) return failed('Requested operation is not valid: domain is not running')
  if (!domain.hung) return printed('ok\n\n')
  const forSec = (Date.now() - (domain.hungSinceMs ?? Date.now())) / 1000
  return printed(`occupied (${forSec.toFixed(3)}s)\n\n`)
}

function domstats(host: DemoHost, options: readonly string[], handles: readonly string[]): VirshOutput {
  const found = handles.map((handle) => find(host, handle))
  const missing = found.indexOf(undefined)
  if (missing >= 0) return failed(`failed to get domain '${handles[missing] ?? ''}'`)
  const domains = handles.length === 0 ? host.domains : found.filter((domain) => domain !== undefined)
  const hangs = options.some((option) => MONITOR_GROUPS.includes(option)) && domains.some(({ hung }) => hung)
  if (hangs) return { output: '', error: '', hangs: true }
  return printed(domains.map((domain) => `${recordOf(domain, options)}\n`).join(''))
}

function recordOf(domain: DemoDomain, options: readonly string[]): string {
  const lines = [`Domain: '${domain.name}'`]
  const put = (field: string, value: string | number): void => {
    lines.push(`  ${field}=${typeof value === 'number' ? Math.round(value) : value}`)
  }
  const active = isActive(domain.state)
  if (options.includes('--state')) {
    const numbers = numbersOf(domain.state, domain.stateReason)
    put('state.state', numbers.state)
    put('state.reason', numbers.reason)
  }
  if (options.includes('--cpu-total') && active) {
    put('cpu.time', domain.cpuTimeNs)
    put('cpu.user', domain.cpuTimeNs * 0.1)
    put('cpu.system', domain.cpuTimeNs * 0.2)
  }
  if (options.includes('--balloon')) putBalloon(domain, active, put)
  if (options.includes('--interface') && active) putInterfaces(domain, put)
  if (options.includes('--block')) putDisks(domain, active, put)
  return `${lines.join('\n')}\n`
}

type Put = (field: string, value: string | number) => void

function putBalloon(domain: DemoDomain, active: boolean, put: Put): void {
  put('balloon.current', domain.memoryBalloonBytes / KIB)
  put('balloon.maximum', domain.memoryMaxBytes / KIB)
  if (!active) return
  const usedBytes = domain.memoryUsedBytes
  if (usedBytes !== null) {
    const usableKib = (domain.memoryBalloonBytes - usedBytes) / KIB
    put('balloon.unused', usableKib * 0.6)
    put('balloon.available', (domain.memoryBalloonBytes / KIB) * 0.97)
    put('balloon.usable', usableKib)
  }
  put('balloon.last-update', usedBytes === null ? 0 : Math.floor(Date.now() / 1000))
  put('balloon.rss', domain.memoryBalloonBytes / KIB)
}

function putInterfaces(domain: DemoDomain, put: Put): void {
  put('net.count', domain.interfaces.length)
  for (const [index, nic] of domain.interfaces.entries()) {
    put(`net.${index}.name`, nic.target ?? `vnet${index}`)
    put(`net.${index}.rx.bytes`, nic.rxBytes)
    put(`net.${index}.rx.pkts`, nic.rxPackets)
    put(`net.${index}.tx.bytes`, nic.txBytes)
    put(`net.${index}.tx.pkts`, nic.txPackets)
  }
}

function putDisks(domain: DemoDomain, active: boolean, put: Put): void {
  put('block.count', domain.disks.length)
  for (const [index, disk] of domain.disks.entries()) {
    put(`block.${index}.name`, disk.target)
    put(`block.${index}.path`, disk.source)
    if (active) {
      put(`block.${index}.rd.reqs`, disk.readOps)
      put(`block.${index}.rd.bytes`, disk.readBytes)
      put(`block.${index}.wr.reqs`, disk.writeOps)
      put(`block.${index}.wr.bytes`, disk.writeBytes)
    }
    put(`block.${index}.allocation`, disk.allocationBytes)
    put(`block.${index}.capacity`, disk.capacityBytes)
    put(`block.${index}.physical`, disk.allocationBytes)
  }
}

export function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    "'": '&apos;',
    '"': '&quot;'
  }
  return text.replace(/[&<>'"]/g, (character) => entities[character] ?? '')
}

/** libvirt writes the prefix before each element. */
const prefixed = (marks: string): string =>
  marks
    .replace(/<(\/?)(?=[a-z])/g, '<$1virthelm:')
    .replace('<virthelm:machine', `<virthelm:machine xmlns:virthelm="${VIRTHELM_NAMESPACE}"`)

/** As libvirt stores what `virsh metadata --set` was given. */
const metadataXml = ({ marks }: DemoDomain): string =>
  marks === null ? '' : `  <metadata>${prefixed(marks)}</metadata>\n`

export function dumpxml(host: DemoHost, domain: DemoDomain): string {
  const id = domain.id === null ? '' : ` id='${domain.id}'`
  const element = (name: string, text: string | null): string =>
    text === null ? '' : `  <${name}>${escaped(text)}</${name}>\n`
  const loader = `    <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader>\n`
  const stats = domain.balloonPeriodSec > 0 ? `<stats period='${domain.balloonPeriodSec}'/>` : ''
  return `<domain type='kvm'${id}>
  <name>${escaped(domain.name)}</name>
  <uuid>${domain.uuid}</uuid>
${element('title', domain.title)}${element('description', domain.description)}${metadataXml(domain)}  <memory unit='KiB'>${Math.round(domain.memoryMaxBytes / KIB)}</memory>
  <currentMemory unit='KiB'>${Math.round(domain.memoryBalloonBytes / KIB)}</currentMemory>
  <vcpu placement='static'>${domain.vcpus}</vcpu>
  <os>
    <type arch='x86_64' machine='${escaped(domain.machineType)}'>${escaped(domain.osType)}</type>
${domain.firmware === 'uefi' ? loader : ''}    <boot dev='hd'/>
  </os>
  <cpu mode='host-passthrough' check='none'/>
  <devices>
${domain.disks.map(diskXml).join('')}${DRIVE_XML}${domain.interfaces.map(interfaceXml).join('')}${agentXml(domain)}${consolesXml(host, domain)}    <memballoon model='virtio'>${stats}</memballoon>
  </devices>
</domain>`
}

const DRIVE_XML = `    <disk type='file' device='cdrom'>
      <driver name='qemu' type='raw'/>
      <target dev='sda' bus='sata'/>
      <readonly/>
    </disk>
`

const consolesXml = (host: DemoHost, domain: DemoDomain): string =>
  `    <serial type='pty'><target port='0'/></serial>
    <console type='pty'><target type='serial' port='0'/></console>
    <graphics type='vnc' port='${domain.id === null ? -1 : vncPortOf(host, domain)}' autoport='yes' listen='127.0.0.1'>
      <listen type='address' address='127.0.0.1'/>
    </graphics>
    <video><model type='virtio'/></video>
`

const diskXml = (disk: DemoDomain['disks'][number]): string =>
  `    <disk type='file' device='disk'>
      <driver name='qemu' type='${disk.format}'/>
      <source file='${escaped(disk.source)}'/>
${backingXml(disk.backing ?? [])}      <target dev='${escaped(disk.target)}' bus='virtio'/>
    </disk>
`

/** The chain below a disk, one inside the other. */
const backingXml = ([path, ...below]: readonly string[]): string =>
  path === undefined
    ? `<backingStore/>\n`
    : `<backingStore type='file'><format type='qcow2'/><source file='${escaped(path)}'/>${backingXml(below)}</backingStore>\n`

/** Of guests that have one; Windows and appliances of the demo do without. */
const agentXml = ({ firmware, state }: DemoDomain): string =>
  firmware === 'uefi'
    ? ''
    : `    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0' state='${isActive(state) ? 'connected' : 'disconnected'}'/></channel>\n`

const interfaceXml = (nic: DemoDomain['interfaces'][number]): string =>
  `    <interface type='bridge'>
      <mac address='${escaped(nic.mac)}'/>
      <source bridge='${escaped(nic.source)}'/>
${nic.target === null ? '' : `      <target dev='${escaped(nic.target)}'/>\n`}      <model type='${escaped(nic.model)}'/>
    </interface>
`
