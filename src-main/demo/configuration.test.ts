/** The demo fleet plays configuration changes and guests: the console's own code over it, from plan to result. */
import { describe, expect, it } from 'vitest'
import type { ChangeScope } from '#contract/configuration.ts'
import { VmUuid } from '#contract/ids.ts'
import { openPlayedSession } from '../../test/fakes/played-session.ts'
import type { ConfiguratorChange } from '../application/configuration/machine-configurator.ts'

const BOTH: readonly ChangeScope[] = ['live', 'nextBoot']
const GIB = 1024 ** 3

async function open() {
  const played = await openPlayedSession()
  const { configuration, guests } = played.session
  const domain = played.domainAt(0)
  const uuid = VmUuid.parse(domain.uuid)
  const signal = AbortSignal.timeout(10_000)
  const rows: string[] = []
  const journal = {
    beforeSend: async (command: string) => void rows.push(command),
    afterSend: () => Promise.resolve()
  }
  return {
    ...played,
    domain,
    rows,
    read: () => configuration.read(uuid, signal),
    xml: () => configuration.xml(uuid, signal),
    async change(change: ConfiguratorChange, scopes = BOTH) {
      const prepared = await configuration.prepare({ uuid, seenName: domain.name, change, scopes }, signal)
      return prepared.send(journal, signal)
    },
    plan: async (change: ConfiguratorChange, scopes = BOTH) =>
      (await configuration.prepare({ uuid, seenName: domain.name, change, scopes }, signal)).plan,
    agent: () => guests.agent(uuid, journal, signal),
    outside: () => guests.outside(uuid, signal)
  }
}
const done = { done: true, error: null }

describe('the demo fleet', () => {
  it('changes what runs and what will start apart, and takes the latter at the next start', async () => {
    const { read, change, domain, host, plan } = await open()
    const { vcpus } = domain
    expect((await read()).needsShutdown).toBe(false)
    expect(await change({ kind: 'vcpus', count: vcpus * 2, max: vcpus * 2 }, ['nextBoot'])).toEqual({
      live: null,
      nextBoot: done
    })
    expect(await read()).toMatchObject({
      needsShutdown: true,
      live: { vcpus },
      nextBoot: { vcpus: vcpus * 2 }
    })
    const more = await plan({ kind: 'vcpus', count: vcpus * 2, max: vcpus * 2 }, ['live'])
    expect(more.refusals).toMatchObject([{ reason: 'vcpusAboveMax' }])
    host.act(domain, 'forceOff')
    host.act(domain, 'start')
    expect(await read()).toMatchObject({ needsShutdown: false, live: { vcpus: vcpus * 2 } })
    expect(domain.vcpus).toBe(vcpus * 2)
  })

  it('takes disks and interfaces in and out, grows, and shows them in its values', async () => {
    const { read, change, domain, values } = await open()
    await change({
      kind: 'diskAttach',
      path: '/images/x.qcow2',
      format: 'qcow2',
      bus: 'virtio',
      readOnly: false,
      create: null
    })
    expect(domain.disks.map(({ target }) => target)).toEqual(['vda', 'vdb'])
    await change({ kind: 'diskGrow', target: 'vdb', capacityBytes: 64 * GIB }, ['live'])
    const space = (await values('full')).get(domain.uuid)?.values.values.diskCapacityBytes
    expect(space).toBe((domain.disks[0]?.capacityBytes ?? 0) + 64 * GIB)
    await change({ kind: 'diskDetach', target: 'vdb' })
    expect(domain.disks).toHaveLength(1)
    await change({ kind: 'interfaceAttach', sourceKind: 'bridge', source: 'br0', model: 'virtio', mac: null })
    const { live } = await read()
    expect(live?.interfaces).toHaveLength(2)
    const mac = live?.interfaces[1]?.mac ?? ''
    await change({ kind: 'interfaceLink', mac, up: false }, ['live'])
    expect(await read()).toMatchObject({ needsShutdown: true, live: { interfaces: [{}, { linkUp: false }] } })
  })

  it('keeps texts and tags, changes media, and takes documents or refuses them in libvirt’s words', async () => {
    const { read, change, xml, rows } = await open()
    await change({ kind: 'title', title: '-H <b>' })
    await change({ kind: 'tags', tags: ['web', '<x>'] })
    await change({ kind: 'media', target: 'sda', path: '/images/a.iso' })
    expect((await read()).live).toMatchObject({
      title: '-H <b>',
      tags: ['web', '<x>'],
      disks: [{}, { target: 'sda', source: '/images/a.iso' }]
    })
    const document = (await xml()).nextBoot ?? ''
    const wrong = document.replace('</devices>', '</devices>\n  <foo/>')
    await expect(change({ kind: 'xml', xml: wrong }, ['nextBoot'])).rejects.toMatchObject({
      code: 'libvirtFailed',
      params: { stderr: expect.stringContaining('extra content: foo') as string }
    })
    await change({ kind: 'xml', xml: document.replace('-H ', '') }, ['nextBoot'])
    expect((await read()).nextBoot?.title).toBe('<b>')
    expect(rows.every((row) => row.startsWith('virsh -c qemu:///system '))).toBe(true)
  })

  it('has guests that answer, and others that have no agent', async () => {
    const { agent, outside, domain } = await open()
    const { channel, addresses } = await outside()
    expect(addresses.map(({ source }) => source)).toEqual(['arp'])
    expect(channel).toBe(domain.firmware === 'uefi' ? 'none' : 'connected')
    const answer = await agent()
    expect(answer).toMatchObject({ kind: 'answered', facts: { hostName: `${domain.name}.internal` } })
  })
})
