/** Storage and networks of the engine in memory: every server has the same two pools and one network. */
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type { VirthelmContract } from '#contract/index.ts'
import { type NetworksView, NetworkUuid } from '#contract/networks.ts'
import { PoolUuid, type StorageView } from '#contract/storage.ts'
import { createTopic } from '../../src-main/application/streams.ts'

type StoreHandlers = Pick<
  Handlers<VirthelmContract>,
  Extract<keyof VirthelmContract, `storage.${string}` | `networks.${string}` | `volumes.${string}`>
>

const GIB = 2 ** 30

export const fakePoolUuid = PoolUuid.parse('5c1f0a52-6a3e-4f59-9df1-0d6b7a2f1c01')

export const fakeStorage = (): StorageView => ({
  readAtMs: Date.now(),
  pools: [
    {
      uuid: fakePoolUuid,
      name: 'images',
      type: 'dir',
      state: 'running',
      autostart: true,
      persistent: true,
      targetPath: '/var/lib/libvirt/images',
      source: null,
      capacityBytes: 900 * GIB,
      allocationBytes: 320 * GIB,
      availableBytes: 580 * GIB,
      notRespondingSinceAtMs: null
    }
  ],
  contents: [
    {
      poolUuid: fakePoolUuid,
      readAtMs: Date.now(),
      leftOut: 0,
      error: null,
      volumes: [
        {
          poolUuid: fakePoolUuid,
          name: 'old-web.qcow2',
          path: '/var/lib/libvirt/images/old-web.qcow2',
          kind: 'file',
          format: 'qcow2',
          capacityBytes: 40 * GIB,
          allocationBytes: 12 * GIB,
          backingPath: null,
          backingFormat: null,
          usedBy: [],
          backingOf: []
        }
      ]
    }
  ],
  usesKnown: true,
  unknownChains: [],
  error: null
})

export const fakeNetworks = (): NetworksView => ({
  readAtMs: Date.now(),
  hostBridges: ['br0'],
  error: null,
  networks: [
    {
      uuid: NetworkUuid.parse('b14e3ac2-bcef-4490-941d-89d6fa513bdd'),
      name: 'default',
      active: true,
      autostart: true,
      persistent: true,
      forwardMode: 'nat',
      forwardDevice: null,
      bridge: 'virbr0',
      addresses: ['192.168.122.1/24'],
      dhcpRanges: [{ start: '192.168.122.2', end: '192.168.122.254' }],
      usedBy: [],
      leases: []
    }
  ]
})

function failed(): never {
  throw new AppError('notFound')
}

export const fakeStores = (): StoreHandlers => ({
  'storage.watch': (_input, { signal }) => createTopic(fakeStorage()).latest(signal),
  'storage.reload': async () => fakeStorage(),
  'networks.watch': (_input, { signal }) => createTopic(fakeNetworks()).latest(signal),
  'networks.reload': async () => fakeNetworks(),
  'networks.act': async () => ({ outcome: 'done' }),
  'networks.create': async () => ({ networkUuid: fakeNetworks().networks[0]?.uuid ?? failed() }),
  'networks.delete': async () => null,
  'storage.actOnPool': async () => ({ outcome: 'done' }),
  'storage.createPool': async () => ({ poolUuid: fakePoolUuid }),
  'volumes.create': async ({ volume }) => ({ path: `/var/lib/libvirt/images/${volume.name}` }),
  'volumes.clone': async ({ newName }) => ({ path: `/var/lib/libvirt/images/${newName}` }),
  'volumes.grow': async () => null,
  'volumes.delete': async () => null,
  'volumes.planDelete': async ({ name }) => {
    const volume = fakeStorage().contents[0]?.volumes.find((one) => one.name === name) ?? failed()
    return { volume, locks: [], unknownChains: [], commands: [`virsh vol-delete ${name}`] }
  },
  'volumes.upload': async ({ name, sizeBytes }) => ({
    path: `/var/lib/libvirt/images/${name}`,
    sizeBytes,
    sha256: '0'.repeat(64)
  }),
  'volumes.uploadBytes': async () => undefined,
  'volumes.download': async ({ fileName }) => ({
    path: `/home/operator/${fileName}`,
    sizeBytes: 12 * GIB,
    sha256: '0'.repeat(64)
  })
})
