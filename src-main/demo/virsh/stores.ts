/** What virsh answers about pools, volumes and networks of a demo server, and what it does to them. */
import { isActive } from '../../domain/libvirt/domain-state.ts'
import type { DemoHost } from '../model.ts'
import type { DemoNetwork, DemoPool, DemoVolume } from '../stores.ts'
import { answerTo, type VirshOutput } from '../virsh-answers.ts'
import type { VirshAnswers, VirshCall } from './one-shot.ts'

const printed = (output: string): VirshOutput => ({ output, error: '' })
const failed = (message: string): VirshOutput => ({ output: '', error: `error: ${message}\n` })

const escape = (text: string): string =>
  text.replace(/[&<>'"]/g, (character) => `&#${character.charCodeAt(0)};`)
const unescape = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&')
const elementIn = (document: string, name: string): string =>
  unescape(new RegExp(`<${name}[^>]*>([^<]*)</${name}>`).exec(document)?.[1] ?? '')
const attributeIn = (document: string, element: string, name: string): string =>
  unescape(new RegExp(`<${element}[^>]* ${name}='([^']*)'`).exec(document)?.[1] ?? '')

/** The value after an option, or the first word that is none. */
const option = (words: readonly string[], name: string): string => {
  const at = words.indexOf(name)
  return at >= 0 ? (words[at + 1] ?? '') : (words.slice(1).find((word) => !word.startsWith('--')) ?? '')
}

/** A question of a batch. */
export function askStores(host: DemoHost, words: readonly string[]): VirshOutput {
  const [verb = ''] = words
  if (verb === 'list') return printed(listDomains(host, words))
  if (Object.hasOwn(STORE_ANSWERS, verb))
    return STORE_ANSWERS[verb]?.(host, { words, document: null, readOnly: true }) ?? failed('')
  return answerTo(host, words.filter((word) => word !== '--inactive').join(' '))
}

function listDomains(host: DemoHost, words: readonly string[]): string {
  if (words.includes('--with-snapshot')) return '\n'
  const shown = host.domains.filter(({ state }) => words.includes('--all') || isActive(state))
  return `${shown.map(({ uuid }) => `${uuid}\n`).join('')}\n`
}

const uuids = (
  all: readonly {
    readonly uuid: string
    readonly name: string
    readonly active: boolean
    readonly autostart: boolean
  }[],
  words: readonly string[]
): VirshOutput => {
  const shown = all.filter(
    ({ active, autostart }) =>
      (words.includes('--all') || active) &&
      (!words.includes('--autostart') || autostart) &&
      !words.includes('--transient')
  )
  const lines = shown.map(({ uuid, name }) => `${words.includes('--name') ? name : uuid}\n`)
  return printed(`${lines.join('')}\n`)
}

type OnPool = (pool: DemoPool, call: VirshCall, host: DemoHost) => VirshOutput

const onPool =
  (act: OnPool) =>
  (host: DemoHost, call: VirshCall): VirshOutput => {
    const handle = option(call.words, '--pool')
    const pool = host.stores.pools.find(({ uuid, name }) => uuid === handle || name === handle)
    if (pool === undefined)
      return failed(
        `failed to get pool '${handle}'\nerror: Storage pool not found: no storage pool with matching uuid`
      )
    takeIn(host, pool)
    return act(pool, call, host)
  }

/** Layers that snapshots and clones have made of late are volumes of the pool they lie in. */
function takeIn({ domains }: DemoHost, pool: DemoPool): void {
  const known = new Set([...pool.volumes.values()].map(({ path }) => path))
  for (const disk of domains.flatMap(({ disks }) => disks)) {
    const chain = [disk.source, ...(disk.backing ?? [])]
    for (const [place, path] of chain.entries()) {
      if (known.has(path) || !path.startsWith(`${pool.targetPath}/`)) continue
      const name = path.slice(pool.targetPath.length + 1)
      const { format, capacityBytes, allocationBytes } = disk
      const backingPath = chain[place + 1] ?? null
      pool.volumes.set(name, {
        name,
        path,
        format,
        capacityBytes,
        allocationBytes,
        backingPath,
        sha256: null
      })
      known.add(path)
    }
  }
}

const onVolume = (act: (volume: DemoVolume, pool: DemoPool, call: VirshCall) => VirshOutput) =>
  onPool((pool, call) => {
    const name = option(call.words, '--vol')
    // By its name, its key or its path.
    const volume = pool.volumes.get(name) ?? [...pool.volumes.values()].find(({ path }) => path === name)
    if (volume === undefined)
      return failed(
        `failed to get vol '${name}'\nerror: Storage volume not found: no storage vol with matching name`
      )
    return act(volume, pool, call)
  })

const onNetwork =
  (act: (network: DemoNetwork, call: VirshCall, host: DemoHost) => VirshOutput) =>
  (host: DemoHost, call: VirshCall): VirshOutput => {
    const handle = option(call.words, '--network')
    const network = host.stores.networks.find(({ uuid, name }) => uuid === handle || name === handle)
    if (network === undefined)
      return failed(
        `failed to get network '${handle}'\nerror: Network not found: no network with matching uuid`
      )
    return act(network, call, host)
  }

const usedBytes = (pool: DemoPool): number =>
  [...pool.volumes.values()].reduce((sum, { allocationBytes }) => sum + allocationBytes, 0)

function poolXml(pool: DemoPool): string {
  const used = Math.round(usedBytes(pool))
  return `<pool type='${pool.type}'>
  <name>${escape(pool.name)}</name>
  <uuid>${pool.uuid}</uuid>
  <capacity unit='bytes'>${pool.capacityBytes}</capacity>
  <allocation unit='bytes'>${used}</allocation>
  <available unit='bytes'>${pool.capacityBytes - used}</available>
  <source>${pool.sourceXml}</source>
  <target><path>${escape(pool.targetPath)}</path></target>
</pool>
`
}

function volumeXml(volume: DemoVolume): string {
  const backing =
    volume.backingPath === null
      ? ''
      : `  <backingStore><path>${escape(volume.backingPath)}</path><format type='qcow2'/></backingStore>\n`
  return `<volume type='file'>
  <name>${escape(volume.name)}</name>
  <key>${escape(volume.path)}</key>
  <capacity unit='bytes'>${Math.round(volume.capacityBytes)}</capacity>
  <allocation unit='bytes'>${Math.round(volume.allocationBytes)}</allocation>
  <target><path>${escape(volume.path)}</path><format type='${escape(volume.format)}'/></target>
${backing}</volume>
`
}

function createVolume(pool: DemoPool, document: string): VolumeMade {
  const name = elementIn(document, 'name')
  if (pool.volumes.has(name)) return { refusal: `operation failed: storage volume '${name}' exists already` }
  const capacityBytes = Number(elementIn(document, 'capacity'))
  const volume: DemoVolume = {
    name,
    path: `${pool.targetPath}/${name}`,
    format: attributeIn(document, 'format', 'type') || 'raw',
    capacityBytes,
    allocationBytes: Number(elementIn(document, 'allocation')) || 196_608,
    backingPath: elementIn(document, 'path') || null,
    sha256: null
  }
  pool.volumes.set(name, volume)
  return { volume }
}
type VolumeMade = { readonly refusal: string } | { readonly volume: DemoVolume }

const poolState =
  (active: boolean): OnPool =>
  (pool) => {
    if (pool.active === active)
      return failed(
        `Requested operation is not valid: storage pool '${pool.name}' is ${active ? 'already' : 'not'} active`
      )
    pool.active = active
    return printed('\n')
  }

/** By virsh's word. */
export const STORE_ANSWERS: VirshAnswers = {
  'pool-list': (host, { words }) => uuids(host.stores.pools, words),
  'pool-dumpxml': onPool((pool) => printed(`${poolXml(pool)}\n`)),
  'pool-name': onPool((pool) => printed(`${pool.name}\n\n`)),
  'pool-start': onPool(poolState(true)),
  'pool-destroy': onPool(poolState(false)),
  'pool-refresh': onPool(() => printed('\n')),
  'pool-build': onPool(() => printed('\n')),
  'pool-autostart': onPool((pool, { words }) => {
    pool.autostart = !words.includes('--disable')
    return printed('\n')
  }),
  'pool-undefine': onPool((pool, _call, { stores }) => {
    stores.pools.splice(stores.pools.indexOf(pool), 1)
    return printed('\n')
  }),
  'pool-define': ({ stores }, { document }) => {
    const text = document ?? ''
    const name = elementIn(text, 'name')
    if (stores.pools.some((pool) => pool.name === name))
      return failed(`operation failed: pool '${name}' already exists with uuid`)
    stores.pools.push({
      uuid: elementIn(text, 'uuid'),
      name,
      type: attributeIn(text, 'pool', 'type'),
      targetPath: elementIn(text, 'path'),
      sourceXml: /<source>([\s\S]*)<\/source>/.exec(text)?.[1] ?? '',
      capacityBytes: 900 * 2 ** 30,
      active: false,
      autostart: false,
      dead: false,
      volumes: new Map()
    })
    return printed('\n')
  },
  'vol-list': onPool((pool) => {
    if (!pool.active)
      return failed(`Requested operation is not valid: storage pool '${pool.name}' is not active`)
    return printed(`${[...pool.volumes.values()].map(({ name, path }) => ` ${name}   ${path}\n`).join('')}\n`)
  }),
  'vol-dumpxml': onVolume((volume) => printed(`${volumeXml(volume)}\n`)),
  'vol-path': onVolume((volume) => printed(`${volume.path}\n`)),
  'vol-create': onPool((pool, { document }) => {
    const made = createVolume(pool, document ?? '')
    return 'refusal' in made ? failed(made.refusal) : printed('\n')
  }),
  'vol-create-from': onPool((pool, { words, document }) => {
    const source = pool.volumes.get(option(words, '--vol'))
    const made = createVolume(pool, document ?? '')
    if ('refusal' in made) return failed(made.refusal)
    made.volume.allocationBytes = source?.allocationBytes ?? 0
    made.volume.sha256 = source?.sha256 ?? null
    return printed('\n')
  }),
  'vol-resize': onVolume((volume, _pool, { words }) => {
    volume.capacityBytes = Number.parseInt(option(words, '--capacity'), 10)
    return printed('\n')
  }),
  'vol-delete': onVolume((volume, pool) => {
    pool.volumes.delete(volume.name)
    return printed('\n')
  }),
  'net-list': (host, { words }) => uuids(host.stores.networks, words),
  'net-dumpxml': onNetwork((network) =>
    printed(
      `<network>\n  <name>${escape(network.name)}</name>\n  <uuid>${network.uuid}</uuid>\n${network.insideXml}</network>\n\n`
    )
  ),
  'net-dhcp-leases': onNetwork((network) => printed(leasesOf(network))),
  'net-name': onNetwork((network) => printed(`${network.name}\n\n`)),
  'net-start': onNetwork((network) => {
    if (network.active) return failed('Requested operation is not valid: network is already active')
    network.active = true
    return printed('\n')
  }),
  'net-destroy': onNetwork((network) => {
    if (!network.active)
      return failed(`Requested operation is not valid: network '${network.name}' is not active`)
    network.active = false
    return printed('\n')
  }),
  'net-autostart': onNetwork((network, { words }) => {
    network.autostart = !words.includes('--disable')
    return printed('\n')
  }),
  'net-undefine': onNetwork((network, _call, { stores }) => {
    stores.networks.splice(stores.networks.indexOf(network), 1)
    return printed('\n')
  }),
  'net-define': ({ stores }, { document }) => {
    const text = document ?? ''
    const name = elementIn(text, 'name')
    if (stores.networks.some((network) => network.name === name))
      return failed(`operation failed: network '${name}' already exists with uuid`)
    const insideXml = text.replace(/[\s\S]*<\/uuid>\n/, '').replace(/<\/network>\s*$/, '')
    const bridge = insideXml.includes('<bridge') ? '' : `  <bridge name='virbr${stores.networks.length}'/>\n`
    stores.networks.push({
      uuid: elementIn(text, 'uuid'),
      name,
      insideXml: insideXml + bridge,
      leases: [],
      active: false,
      autostart: false
    })
    return printed('\n')
  }
}

function leasesOf({ leases }: DemoNetwork): string {
  const expiresAt = new Date(Date.now() + 2_700_000).toISOString().slice(0, 19).replace('T', ' ')
  return `${leases.map(({ mac, address, hostName }) => ` ${expiresAt}   ${mac}   ipv4   ${address}/24   ${hostName}   01:${mac}\n`).join('')}\n`
}
