/** Pools, volumes and networks over a played demo server: as the console reads and changes them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openPlayedSession } from '../../../../test/fakes/played-session.ts'
import { parseDomainReferences, parseSnapshotReferences } from '../domain-references.ts'
import { HungPools } from './hung-pools.ts'
import { MarkedLines } from './marked-lines.ts'

const RUNS = { numRuns: process.env.VIRTHELM_LONG === '1' ? 10_000 : 500 }
const { signal } = new AbortController()

describe('what a domain refers to', () => {
  it('finds every file, by whatever element it is named', () => {
    const xml = `<domain type='kvm'><name>a&amp;b</name><uuid>u</uuid>
<os><kernel>/k</kernel><initrd>/i</initrd><loader type='pflash'>/l</loader><nvram template='/t'>/n</nvram></os>
<devices>
<disk type='file' device='disk'><source file='/top'/><target dev='vda'/>
  <backingStore type='file'><source file='/middle'/><backingStore type='file'><source file='/base'/><backingStore/></backingStore></backingStore>
  <mirror type='file'><source file='/copy'/></mirror></disk>
<disk type='volume' device='cdrom'><source pool='p' volume='v'/><target dev='sda'/><readonly/></disk>
<disk type='block' device='lun'><source dev='/dev/x'/><target dev='sdb'/></disk>
<filesystem><source dir='/share'/></filesystem>
<interface type='network'><mac address='52:54:00:00:00:01'/><source network='lan'/></interface>
</devices></domain>`
    const { name, files, volumes, interfaces } = parseDomainReferences(xml)
    expect(name).toBe('a&b')
    expect(files.map(({ path, kind }) => `${kind} ${path}`).sort()).toEqual(
      [
        'kernel /k',
        'initrd /i',
        'loader /l',
        'nvram /n',
        'nvramTemplate /t',
        'disk /top',
        'backing /middle',
        'backing /base',
        'disk /copy',
        'disk /dev/x',
        'other /share'
      ].sort()
    )
    expect(volumes).toEqual([
      { poolName: 'p', volumeName: 'v', kind: 'cdrom', target: 'sda', readOnly: true }
    ])
    expect(interfaces).toEqual([{ network: 'lan', mac: '52:54:00:00:00:01' }])
  })

  it('finds the files of a snapshot', () => {
    const xml = `<domainsnapshot><name>s</name><memory snapshot='external' file='/mem'/><disks><disk name='vda'><source file='/overlay'/></disk></disks>
<domain><name>a</name><devices><disk type='file'><source file='/old'/><target dev='vda'/></disk></devices></domain></domainsnapshot>`
    expect(
      parseSnapshotReferences(xml)
        .files.map(({ path }) => path)
        .sort()
    ).toEqual(['/mem', '/old', '/overlay'])
  })

  it('refuses entities, and fails in one way on anything else', () => {
    expect(() => parseDomainReferences('<!DOCTYPE x [<!ENTITY a "b">]><domain/>')).toThrow(
      'protocolViolation'
    )
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseDomainReferences(`<domain>${text}</domain>`)
        } catch (error) {
          expect(error).toMatchObject({ code: 'protocolViolation' })
        }
      }),
      RUNS
    )
  })
})

describe('a pool that hangs', () => {
  it('is asked again after longer and longer pauses', () => {
    let nowMs = 0
    const hung = new HungPools({ nowMs: () => 1_000 + nowMs, monotonicMs: () => nowMs })
    const asked: number[] = []
    for (; nowMs <= 3_600_000; nowMs += 1_000) {
      if (!hung.mayAsk('p')) continue
      asked.push(nowMs)
      hung.hangs('p', true)
    }
    expect(asked.slice(0, 5)).toEqual([0, 20_000, 60_000, 140_000, 300_000])
    expect(asked.length).toBeLessThan(12)
    expect(hung.sinceAtMs('p')).toBe(1_000)
    expect(hung.libvirtWaits).toBe(true)
    hung.answers('p')
    expect(hung.sinceAtMs('p')).toBeNull()
  })
})

it('tells lines of its own from whatever else is said', async () => {
  const lines = new MarkedLines('ab12')
  const bytes = new TextEncoder().encode('noise ab12 done 9\nab12 ready\nerror: no\nab12 done 1 0\n')
  for (const byte of bytes) lines.push(new Uint8Array([byte]))
  await expect(lines.next('done', { deadlineMs: 1_000, signal })).resolves.toBe('1 0')
  expect(lines.words).toContain('error: no')
  lines.end()
  await expect(lines.next('done', { deadlineMs: 1_000, signal })).rejects.toMatchObject({
    code: 'disconnected'
  })
})

describe('over a played server', () => {
  const journal = { beforeSend: async () => undefined, afterSend: async () => undefined }

  it('reads pools and volumes, and leaves a dead pool alone', async () => {
    const { session } = await openPlayedSession()
    const { pools } = await session.storage.pools(signal)
    const images = pools.find(({ name }) => name === 'images')
    if (images === undefined) throw new Error('no pool')
    const { volumes } = await session.storage.volumes(images.uuid, { signal })
    expect(volumes.map(({ name }) => name)).toContain('old-mail.qcow2')
    const dead = pools.find(({ type }) => type === 'netfs')
    if (dead === undefined) throw new Error('no share')
    await expect(session.storage.volumes(dead.uuid, { signal })).rejects.toMatchObject({
      code: 'storageNotResponding'
    })
    const again = await session.storage.pools(signal)
    expect(again.error).toBeNull()
    expect(again.pools.find(({ uuid }) => uuid === dead.uuid)?.notRespondingSinceAtMs).not.toBeNull()
    expect((await session.storage.references(signal)).complete).toBe(true)
  })

  it('makes, fills, reads and deletes a volume whose name would be commands elsewhere', async () => {
    const { session } = await openPlayedSession()
    const { pools } = await session.storage.pools(signal)
    const pool = pools.find(({ name }) => name === 'images')
    if (pool === undefined) throw new Error('no pool')
    const name = `a'; reboot $(id) <b>.raw`
    const make = {
      poolUuid: pool.uuid,
      name,
      format: 'raw' as const,
      capacityBytes: 10,
      allocation: 'thin' as const,
      backing: null
    }
    const path = await session.storage.createVolume(make, journal, signal)
    await expect(session.storage.createVolume(make, journal, signal)).rejects.toMatchObject({
      code: 'conflict'
    })
    const handle = { poolUuid: pool.uuid, name, path }
    const upload = await session.storage.openUpload(handle, signal)
    async function* bytes(): AsyncGenerator<Uint8Array, void> {
      yield new Uint8Array(10)
    }
    await upload.write({ offsetBytes: 0, lengthBytes: 10, bytes: bytes() })
    upload.close()
    const sum = await session.storage.checksum(handle, 10, signal)
    expect(sum).toMatch(/^[0-9a-f]{64}$/)
    const download = await session.storage.openDownload(handle, signal)
    let size = 0
    for await (const part of download.bytes) size += part.byteLength
    expect(size).toBe(10)
    expect(download.checksum()).toBe(sum)
    await session.storage.deleteVolume(handle, journal, signal)
    const { volumes } = await session.storage.volumes(pool.uuid, { signal })
    expect(volumes.map((volume) => volume.name)).not.toContain(name)
  })

  it('makes and removes a network', async () => {
    const { session } = await openPlayedSession()
    const network = { kind: 'nat' as const, name: 'play', cidr: '10.9.0.1/24', dhcp: null, autostart: true }
    const uuid = await session.networks.create(network, journal, signal)
    const made = (await session.networks.list(signal)).find((one) => one.uuid === uuid)
    expect(made).toMatchObject({
      name: 'play',
      active: true,
      autostart: true,
      forwardMode: 'nat',
      addresses: ['10.9.0.1/24']
    })
    await expect(session.networks.delete({ uuid, seenName: 'other' }, journal, signal)).rejects.toMatchObject(
      { code: 'conflict' }
    )
    await session.networks.delete({ uuid, seenName: 'play' }, journal, signal)
    expect((await session.networks.list(signal)).map(({ name }) => name)).not.toContain('play')
  })
})
