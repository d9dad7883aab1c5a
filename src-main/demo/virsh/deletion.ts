/** Deleting machines of a demo server: the many reads of a survey in one virsh, undefine, and the volumes of one pool. */
import type { DemoDomainAction, DemoHost } from '../model.ts'
import type { VirshOutput } from '../virsh-answers.ts'
import type { VirshAnswers, VirshCall } from './one-shot.ts'

const FOLDER = '/var/lib/libvirt/images'
const printed = (output: string): VirshOutput => ({ output, error: '' })
const failed = (error: string): VirshOutput => ({ output: '', error: `error: ${error}\n` })

interface DemoVolume {
  readonly path: string
  readonly format: string
  readonly capacityBytes: number
  readonly allocationBytes: number
}

/** The disks that the server had when it was looked at first; what was deleted since is taken out. */
const volumes = new WeakMap<DemoHost, Map<string, DemoVolume>>()

function volumesOf(host: DemoHost): Map<string, DemoVolume> {
  const known = volumes.get(host) ?? new Map<string, DemoVolume>()
  if (!volumes.has(host))
    for (const { source: path, format, capacityBytes, allocationBytes } of host.domains.flatMap(
      ({ disks }) => disks
    ))
      known.set(path.slice(FOLDER.length + 1), { path, format, capacityBytes, allocationBytes })
  volumes.set(host, known)
  return known
}

function option({ words }: VirshCall, name: string): string {
  const at = words.indexOf(`--${name}`)
  return at < 0 ? '' : (words[at + 1] ?? '')
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

function volumeXml(host: DemoHost, call: VirshCall): VirshOutput {
  const path = option(call, 'vol')
  const entry = [...volumesOf(host)].find(([, volume]) => volume.path === path)
  if (entry === undefined) return failed(`failed to get vol '${path}'`)
  const [name, { format, capacityBytes, allocationBytes }] = entry
  return printed(`<volume type='file'>
  <name>${escaped(name)}</name>
  <key>${escaped(path)}</key>
  <capacity unit='bytes'>${Math.round(capacityBytes)}</capacity>
  <allocation unit='bytes'>${Math.round(allocationBytes)}</allocation>
  <target><path>${escaped(path)}</path><format type='${format}'/></target>
</volume>
`)
}

function removeVolume(host: DemoHost, call: VirshCall): VirshOutput {
  const name = option(call, 'vol')
  return volumesOf(host).delete(name)
    ? printed(`Vol ${name} deleted\n`)
    : failed(`failed to get vol '${name}'`)
}

function onDomain(host: DemoHost, { words }: VirshCall, work: (uuid: string) => string | null): VirshOutput {
  const uuid = words[1] ?? ''
  if (!host.domains.some((domain) => domain.uuid === uuid)) return failed(`failed to get domain '${uuid}'`)
  const refusal = work(uuid)
  return refusal === null ? printed('\n') : failed(refusal)
}

const domainOf = (host: DemoHost, uuid: string) => host.domains.find((domain) => domain.uuid === uuid)

const act =
  (action: DemoDomainAction) =>
  (host: DemoHost, call: VirshCall): VirshOutput =>
    onDomain(host, call, (uuid) => {
      const domain = domainOf(host, uuid)
      return domain === undefined ? null : host.act(domain, action)
    })

export const deletionAnswers: VirshAnswers = {
  'pool-list': () => printed('default             \n'),
  'pool-dumpxml': () =>
    printed(`<pool type='dir'><name>default</name><target><path>${FOLDER}</path></target></pool>\n`),
  'vol-list': (host) =>
    printed([...volumesOf(host)].map(([name, { path }]) => ` ${name}   ${path}\n`).join('')),
  'vol-dumpxml': volumeXml,
  'vol-delete': removeVolume,
  'pool-refresh': () => printed('Pool default refreshed\n'),
  help: () => printed('  undefine <domain> [--managed-save] [--nvram] [--tpm]\n'),
  destroy: act('forceOff'),
  undefine: (host, call) =>
    onDomain(host, call, (uuid) => {
      // What the pool holds is looked at before its owner is gone.
      volumesOf(host)
      const domain = domainOf(host, uuid)
      if (domain !== undefined) host.undefine(domain)
      return null
    })
}
