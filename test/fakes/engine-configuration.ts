/** Configuration and guest facts of the played engine: every VM has the same, and takes no change. */
import type { Hardware } from '#contract/configuration.ts'
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type { VirthelmContract } from '#contract/index.ts'

export const playedHardware: Hardware = {
  vcpus: 2,
  vcpusMax: 4,
  memoryBytes: 2 * 1024 ** 3,
  memoryMaxBytes: 4 * 1024 ** 3,
  bootDevices: ['hd'],
  title: null,
  description: null,
  tags: ['web'],
  protected: false,
  disks: [
    {
      target: 'vda',
      bus: 'virtio',
      device: 'disk',
      sourceKind: 'file',
      source: '/var/lib/libvirt/images/web.qcow2',
      format: 'qcow2',
      readOnly: false,
      bootOrder: null
    },
    {
      target: 'sda',
      bus: 'sata',
      device: 'cdrom',
      sourceKind: null,
      source: null,
      format: 'raw',
      readOnly: true,
      bootOrder: null
    }
  ],
  interfaces: [
    {
      mac: '52:54:00:00:00:01',
      kind: 'network',
      source: 'default',
      model: 'virtio',
      linkUp: true,
      bootOrder: null
    }
  ],
  agentChannel: 'none',
  hasGraphics: true
}

type Played = Pick<
  Handlers<VirthelmContract>,
  Extract<keyof VirthelmContract, `configuration.${string}` | `guest.${string}`>
>

export function fakeConfiguration(): Played {
  return {
    'configuration.read': async () => ({
      live: playedHardware,
      nextBoot: playedHardware,
      needsShutdown: false
    }),
    'configuration.xml': async () => ({ live: null, nextBoot: null, liveLines: null, nextBootLines: null }),
    'configuration.plan': async () => ({ steps: [], refusals: [], filesLeft: [], mayLosePassword: false }),
    'configuration.change': () => Promise.reject(new AppError('changeRefused')),
    'configuration.saved': async () => [],
    'configuration.savedXml': () => Promise.reject(new AppError('notFound')),
    'guest.facts': async () => ({
      addresses: [
        { device: 'vnet0', mac: '52:54:00:00:00:01', address: '192.168.122.17/24', source: 'lease' }
      ],
      atMs: Date.now(),
      agent: { state: 'noChannel', atMs: null, message: null, facts: null }
    })
  }
}
