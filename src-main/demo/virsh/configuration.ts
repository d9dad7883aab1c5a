/** Changes of a VM's configuration on a demo server. */
import { hardwareOf } from '../../remote/libvirt/configuration/hardware-xml.ts'
import {
  childOf,
  childrenOf,
  element,
  parseXml,
  removeChildren,
  textOf,
  type XmlElement,
  XmlProblem
} from '../../remote/libvirt/configuration/xml-tree.ts'
import { editDefinition, setDefinition, type Which } from '../definitions.ts'
import type { DemoDomain, DemoHost } from '../model.ts'
import { dumpxml, failed, printed, type VirshOutput } from '../virsh-answers.ts'
import type { VirshAnswers, VirshCall } from './one-shot.ts'

type Edit = (tree: XmlElement, call: VirshCall, words: readonly string[]) => string | null

/** A command that changes one definition, or both. */
const changing =
  (edit: Edit, whichOf: (call: VirshCall) => Which = scopeOf) =>
  (host: DemoHost, call: VirshCall): VirshOutput => {
    const domain = domainOf(host, call)
    if (domain === undefined) return failed(`failed to get domain '${call.words[1] ?? ''}'`)
    const which = whichOf(call)
    if (which === 'live' && domain.id === null)
      return failed('Requested operation is not valid: domain is not running')
    let refusal: string | null = null
    editDefinition(domain, which, dumpxml(host, domain), (tree) => {
      refusal = edit(tree, call, plainWords(call))
    })
    if (refusal !== null) return failed(refusal)
    host.tell(domain, 'Defined', 'Updated')
    return printed('\n')
  }

const scopeOf = ({ words }: VirshCall): Which => (words.includes('--live') ? 'live' : 'nextBoot')
const domainOf = (host: DemoHost, { words }: VirshCall): DemoDomain | undefined =>
  host.domains.find(({ uuid }) => words.includes(uuid))
const optionOf = ({ words }: VirshCall, name: string): string | undefined => {
  const at = words.indexOf(name)
  return at < 0 ? undefined : words[at + 1]
}
/** Words that are no options, after the command and the UUID. */
const plainWords = ({ words }: VirshCall): readonly string[] =>
  words.slice(2).filter((word) => !word.startsWith('--'))

function setChild(
  parent: XmlElement,
  name: string,
  text: string,
  attributes: Record<string, string> = {}
): void {
  const found = childOf(parent, name)
  if (found === null) parent.children.splice(5, 0, element(name, attributes, [text]), '\n  ')
  else {
    found.children.splice(0, found.children.length, text)
    for (const [key, value] of Object.entries(attributes)) found.attributes[key] = value
  }
}

const setVcpus: Edit = (tree, { words }, [count = '1']) => {
  const vcpu = childOf(tree, 'vcpu')
  const max = Number(textOf(vcpu) ?? '1')
  const now = Number(vcpu?.attributes['current'] ?? max)
  if (!words.includes('--maximum') && Number(count) > max)
    return `invalid argument: requested vcpus is greater than max allowable vcpus for the domain: ${count} > ${max}`
  const nextMax = words.includes('--maximum') ? Number(count) : max
  const next = words.includes('--maximum') ? Math.min(now, nextMax) : Number(count)
  setChild(tree, 'vcpu', String(nextMax), { current: String(next) })
  return null
}

const setMemory =
  (name: 'memory' | 'currentMemory'): Edit =>
  (tree, _call, [kib = '0']) => {
    const max = Number(textOf(childOf(tree, 'memory')) ?? '0')
    if (name === 'currentMemory' && Number(kib) > max)
      return 'invalid argument: cannot set memory higher than max memory'
    setChild(tree, name, kib, { unit: 'KiB' })
    if (name === 'memory' && Number(textOf(childOf(tree, 'currentMemory')) ?? '0') > Number(kib))
      setChild(tree, 'currentMemory', kib, { unit: 'KiB' })
    return null
  }

const devicesOf = (tree: XmlElement): XmlElement => childOf(tree, 'devices') ?? element('devices')

const attachDevice: Edit = (tree, { document }) => {
  const device = parseXml(document ?? '')
  // The agent of the guest takes its end at once.
  const target = childOf(device, 'target')
  if (device.name === 'channel' && target !== null) target.attributes['state'] = 'connected'
  devicesOf(tree).children.push('  ', device, '\n  ')
  return null
}

const targetOf = (disk: XmlElement): string | undefined => childOf(disk, 'target')?.attributes['dev']

const detachDisk: Edit = (tree, _call, [target = '']) => {
  removeChildren(devicesOf(tree), (device) => device.name === 'disk' && targetOf(device) === target)
  return null
}

const macOf = (nic: XmlElement): string | undefined => childOf(nic, 'mac')?.attributes['address']

const detachInterface: Edit = (tree, call) => {
  const mac = optionOf(call, '--mac')
  removeChildren(devicesOf(tree), (device) => device.name === 'interface' && macOf(device) === mac)
  return null
}

const setLink: Edit = (tree, _call, [mac = '', state = 'up']) => {
  const nic = childrenOf(devicesOf(tree), 'interface').find((one) => macOf(one) === mac)
  if (nic === undefined) return `interface (target: ${mac}) not found`
  removeChildren(nic, ({ name }) => name === 'link')
  if (state === 'down') nic.children.push(element('link', { state }))
  return null
}

const changeMedia: Edit = (tree, call, [target = '']) => {
  const drive = childrenOf(devicesOf(tree), 'disk').find((one) => targetOf(one) === target)
  if (drive === undefined) return `No disk found whose source path or target is ${target}`
  removeChildren(drive, ({ name }) => name === 'source')
  const file = optionOf(call, '--source')
  if (file !== undefined) drive.children.push(element('source', { file }))
  return null
}

const describe: Edit = (tree, call) => {
  const name = call.words.includes('--title') ? 'title' : 'description'
  const text = optionOf(call, '--new-desc') ?? ''
  if (text === '') removeChildren(tree, (child) => child.name === name)
  else setChild(tree, name, text)
  return null
}

const setMetadata: Edit = (tree, call) => {
  removeChildren(tree, ({ name }) => name === 'metadata')
  const set = optionOf(call, '--set')
  const uri = optionOf(call, '--uri') ?? ''
  if (set === undefined) return null
  const inside = parseXml(set)
  const prefixed = (node: XmlElement): XmlElement =>
    element(
      `virthelm:${node.name}`,
      node.attributes,
      node.children.map((child) => (typeof child === 'string' ? child : prefixed(child)))
    )
  const machine = prefixed(inside)
  machine.attributes['xmlns:virthelm'] = uri
  tree.children.splice(5, 0, element('metadata', {}, [machine]), '\n  ')
  return null
}

/** null: another VM's definition, which is no change of one that is there. */
export function redefine(host: DemoHost, { document, words }: VirshCall): VirshOutput | null {
  let tree: XmlElement
  try {
    tree = parseXml(document ?? '')
  } catch (error) {
    if (!(error instanceof XmlProblem)) throw error
    return failed(`(domain_definition):${error.line ?? 1}: ${error.message}`)
  }
  const domain = host.domains.find(({ uuid }) => uuid === textOf(childOf(tree, 'uuid')))
  if (domain === undefined) return null
  const unknown = tree.children.find((child) => typeof child !== 'string' && !KNOWN.has(child.name))
  if (words.includes('--validate') && typeof unknown === 'object')
    return failed(
      `XML document failed to validate against schema: Unable to validate doc against /usr/share/libvirt/schemas/domain.rng\nElement domain has extra content: ${unknown.name}`
    )
  if (hardwareOf(tree) === null) return failed('internal error: no domain')
  setDefinition(domain, dumpxml(host, domain), tree)
  host.tell(domain, 'Defined', 'Updated')
  return printed('\n')
}

/** Elements that a domain may have, of those that the demo's have and operators write. */
const KNOWN = new Set(
  'name uuid title description metadata memory currentMemory maxMemory vcpu vcpus cputune memtune blkiotune iothreads os features cpu clock pm on_poweroff on_reboot on_crash devices seclabel resource memoryBacking numatune'.split(
    ' '
  )
)

function grow(domain: DemoDomain | undefined, target: string, size: string): VirshOutput {
  const disk = domain?.disks.find((one) => one.target === target || one.source === target)
  if (disk === undefined) return failed(`invalid argument: disk '${target}' was not found in the domain`)
  disk.capacityBytes = Number(size.replace(/B$/, ''))
  return printed('\n')
}

export const configurationAnswers: VirshAnswers = {
  setvcpus: changing(setVcpus),
  setmem: changing(setMemory('currentMemory')),
  setmaxmem: changing(setMemory('memory')),
  'attach-device': changing(attachDevice),
  'detach-disk': changing(detachDisk),
  'detach-interface': changing(detachInterface),
  'domif-setlink': changing(setLink, ({ words }) => (words.includes('--config') ? 'nextBoot' : 'live')),
  'change-media': changing(changeMedia),
  desc: changing(describe),
  metadata: changing(setMetadata),
  define: (host, call) => redefine(host, call) ?? failed('the demo takes no new machine this way'),
  blockresize: (host, call) => grow(domainOf(host, call), call.words[2] ?? '', call.words[3] ?? ''),
  'vol-create-as': () => printed('\n')
}
