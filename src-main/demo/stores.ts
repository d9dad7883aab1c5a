/** Pools, volumes and networks of a demo server. Changed by the virsh player; gone with the demo. */
import { stableUuid } from './domains.ts'
import type { DemoDomain } from './model.ts'
import { hash } from './noise.ts'

export interface DemoVolume {
  readonly name: string
  readonly path: string
  readonly format: string
  capacityBytes: number
  allocationBytes: number
  readonly backingPath: string | null
  /** SHA-256 of what was uploaded; null = zeros all over. */
  sha256: string | null
}

export interface DemoPool {
  readonly uuid: string
  readonly name: string
  readonly type: string
  readonly targetPath: string
  /** The XML of its source. */
  readonly sourceXml: string
  readonly capacityBytes: number
  active: boolean
  autostart: boolean
  /** Its file server does not answer. */
  readonly dead: boolean
  readonly volumes: Map<string, DemoVolume>
}

export interface DemoNetwork {
  readonly uuid: string
  readonly name: string
  /** What stands between the UUID and the end of the document. */
  readonly insideXml: string
  readonly leases: readonly { readonly mac: string; readonly address: string; readonly hostName: string }[]
  active: boolean
  autostart: boolean
}

export interface DemoStores {
  readonly pools: DemoPool[]
  readonly networks: DemoNetwork[]
}

const GIB = 2 ** 30
const IMAGES = '/var/lib/libvirt/images'

export function makeStores(
  server: {
    readonly name: string
    readonly hostName: string
    readonly seed: number
    readonly tags: readonly string[]
  },
  domains: readonly DemoDomain[]
): DemoStores {
  const pool = (name: string, more: Partial<DemoPool>): DemoPool => ({
    uuid: stableUuid(`${server.hostName}/pool/${name}`),
    name,
    type: 'dir',
    targetPath: `/srv/${name}`,
    sourceXml: '',
    capacityBytes: 1800 * GIB,
    active: true,
    autostart: true,
    dead: false,
    volumes: new Map(),
    ...more
  })
  const images = pool('images', { targetPath: IMAGES })
  for (const domain of domains)
    for (const disk of domain.disks) {
      const name = disk.source.split('/').at(-1) ?? disk.source
      add(images, name, disk.format, disk.capacityBytes, disk.allocationBytes)
    }
  add(images, 'debian-12-genericcloud-amd64.qcow2', 'qcow2', 2 * GIB, 0.33 * GIB)
  add(images, 'old-mail.qcow2', 'qcow2', 80 * GIB, (20 + 30 * hash(server.seed, 3)) * GIB)
  const media = pool('iso', { targetPath: '/srv/iso', capacityBytes: 400 * GIB })
  add(media, 'debian-12.7.0-amd64-netinst.iso', 'iso', 0.62 * GIB, 0.62 * GIB)
  add(media, 'Win11_24H2_English_x64.iso', 'iso', 5.4 * GIB, 5.4 * GIB)
  add(media, 'virtio-win-0.1.262.iso', 'iso', 0.69 * GIB, 0.69 * GIB)
  const shared = pool('shared-nfs', {
    type: 'netfs',
    targetPath: '/mnt/shared',
    sourceXml: "<host name='nas-01.example'/><dir path='/export/vm'/><format type='nfs'/>",
    capacityBytes: 7200 * GIB,
    // One file server of the fleet is away, so that it can be seen what that looks like.
    dead: server.name === 'kvm-alpha',
    autostart: false
  })
  add(shared, 'template-ubuntu-24.04.qcow2', 'qcow2', 40 * GIB, 3.1 * GIB)
  const pools = [images, media, ...(server.tags.includes('prod') ? [shared] : [])]
  return { pools, networks: networksOf(server) }
}

function add(
  pool: DemoPool,
  name: string,
  format: string,
  capacityBytes: number,
  allocationBytes: number
): void {
  pool.volumes.set(name, {
    name,
    path: `${pool.targetPath}/${name}`,
    format,
    capacityBytes: Math.round(capacityBytes),
    allocationBytes: Math.round(allocationBytes),
    backingPath: null,
    sha256: null
  })
}

function networksOf({ hostName }: { readonly hostName: string }): DemoNetwork[] {
  const uuid = (name: string): string => stableUuid(`${hostName}/network/${name}`)
  // The demo's VMs are on the server's own bridge; what asks here was started by hand.
  const leases = ['pxe-test', 'ci-runner'].map((hostName, index) => ({
    mac: `52:54:00:a0:0${index}:1${index}`,
    address: `192.168.122.${40 + 17 * index}`,
    hostName
  }))
  return [
    {
      uuid: uuid('default'),
      name: 'default',
      insideXml: `  <forward mode='nat'/>
  <bridge name='virbr0' stp='on' delay='0'/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp>
  </ip>
`,
      leases,
      active: true,
      autostart: true
    },
    {
      uuid: uuid('lan'),
      name: 'lan',
      insideXml: "  <forward mode='bridge'/>\n  <bridge name='br0'/>\n",
      leases: [],
      active: true,
      autostart: true
    },
    {
      uuid: uuid('test-lab'),
      name: 'test-lab',
      insideXml:
        "  <bridge name='virbr7' stp='on' delay='0'/>\n  <ip address='10.60.0.1' netmask='255.255.255.0'/>\n",
      leases: [],
      active: false,
      autostart: false
    }
  ]
}
