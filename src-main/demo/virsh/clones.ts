/** Cloning on a demo server: one pool of files, copies that take a moment, and a definition that makes a VM. */
import type { DemoDomain, DemoHost } from '../model.ts'
import { failed, printed, type VirshOutput } from '../virsh-answers.ts'
import type { VirshAnswers, VirshCall } from './one-shot.ts'

const POOL_UUID = '7a2c7f52-6b5e-4d3c-9c1d-0d9a5d1c2f10'
const FOLDER = '/var/lib/libvirt/images'
const GIB = 2 ** 30
const AVAILABLE_BYTES = 812 * GIB

interface DemoVolume {
  readonly name: string
  readonly format: 'qcow2' | 'raw'
  /** The image that it was copied from, or is a layer over. */
  readonly fromPath: string
  readonly allocationBytes: number
}

const volumes = new WeakMap<DemoHost, Map<string, DemoVolume>>()

function volumesOf(host: DemoHost): Map<string, DemoVolume> {
  const known = volumes.get(host) ?? new Map<string, DemoVolume>()
  volumes.set(host, known)
  return known
}

const option = ({ words }: VirshCall, name: string): string =>
  words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3) ?? ''

const unescaped = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&')

const inside = (text: string, element: string): string =>
  unescaped(new RegExp(`<${element}(?: [^>]*)?>([^<]*)</${element}>`).exec(text)?.[1] ?? '')

const noVolume = (name: string): VirshOutput =>
  failed(
    `failed to get vol '${name}'\nerror: Storage volume not found: no storage vol with matching path '${name}'`
  )

const poolXml = `<pool type='dir'><name>default</name><uuid>${POOL_UUID}</uuid><available unit='bytes'>${AVAILABLE_BYTES}</available><target><path>${FOLDER}</path></target></pool>`

function makeVolume(host: DemoHost, call: VirshCall, fromPath: string, isCopy: boolean): VirshOutput {
  const document = call.document ?? ''
  const name = inside(document, 'name')
  const format = document.includes('<format type="raw"') ? 'raw' : 'qcow2'
  const allocationBytes = isCopy ? (diskAt(host, fromPath)?.allocationBytes ?? GIB) : 2 ** 18
  volumesOf(host).set(name, { name, format, fromPath, allocationBytes })
  return printed(`Vol ${name} created\n`)
}

function diskAt(host: DemoHost, path: string): DemoDomain['disks'][number] | undefined {
  return host.domains.flatMap(({ disks }) => disks).find((disk) => disk.source === path)
}

function define(host: DemoHost, call: VirshCall): VirshOutput {
  const document = call.document ?? ''
  const uuid = inside(document, 'uuid')
  const name = inside(document, 'name')
  if (host.domains.some((domain) => domain.name === name))
    return failed(`operation failed: domain '${name}' already exists`)
  const paths = [...document.matchAll(/<source file="([^"]*)"/g)].map(([, path = '']) => unescaped(path))
  const volume = paths.map((path) => volumesOf(host).get(path.slice(FOLDER.length + 1))).find(Boolean)
  const source = host.domains.find(({ disks }) => disks.some((disk) => disk.source === volume?.fromPath))
  if (source === undefined || volume === undefined)
    return failed('internal error: the demo only defines clones')
  const { format, allocationBytes } = volume
  host.addClone(source, { uuid, name, path: `${FOLDER}/${volume.name}`, format, allocationBytes })
  return printed(`Domain '${name}' defined\n`)
}

export const cloneAnswers: VirshAnswers = {
  'pool-list': () => printed(`${POOL_UUID}\n\n`),
  'pool-dumpxml': () => printed(poolXml),
  'pool-refresh': () => printed('Pool default refreshed\n'),
  'pool-create-as': () => failed('cannot open directory'),
  'vol-dumpxml': (host, { words }) => {
    const path = words.at(-1) ?? ''
    const disk = diskAt(host, path)
    if (disk === undefined) return noVolume(path)
    return printed(
      `<volume type='file'><name>${path.slice(FOLDER.length + 1)}</name><capacity unit='bytes'>${disk.capacityBytes}</capacity><allocation unit='bytes'>${Math.round(disk.allocationBytes)}</allocation><target><path>${path}</path><format type='${disk.format}'/></target></volume>`
    )
  },
  'vol-create': (host, call) =>
    makeVolume(host, call, /<backingStore><path>([^<]*)/.exec(call.document ?? '')?.[1] ?? '', false),
  'vol-create-from': (host, call) => makeVolume(host, call, option(call, 'vol'), true),
  'vol-path': (host, call) => {
    const name = option(call, 'vol')
    return volumesOf(host).has(name) ? printed(`${FOLDER}/${name}\n`) : noVolume(name)
  },
  define,
  undefine: (host, { words }) => {
    host.removeDomain(words[1] ?? '')
    return printed('Domain undefined\n')
  },
  start: (host, { words }) => {
    const domain = host.domains.find(({ uuid }) => uuid === words[1])
    const problem = domain === undefined ? 'failed to get domain' : host.act(domain, 'start')
    return problem === null ? printed('Domain started\n') : failed(problem)
  },
  metadata: (host, { words }) => {
    const domain = host.domains.find(({ uuid }) => uuid === words[1])
    if (domain === undefined) return failed(`failed to get domain '${words[1] ?? ''}'`)
    const element = words[words.indexOf('--set') + 1] ?? ''
    domain.template = words.includes('--set') && element.includes('template="yes"')
    host.tell(domain, 'Defined', 'Updated')
    return printed('\n')
  }
}
