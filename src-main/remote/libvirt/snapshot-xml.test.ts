import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import { parseDomainForSnapshots, parseSnapshotXml, pathsInDomain } from './snapshot-xml.ts'
import { volumeNames } from './used-paths.ts'
import { parsePoolXml, parseVolumeXml } from './volume-xml.ts'

/** As libvirt 9.0 prints it. */
const SNAPSHOT = `<domainsnapshot>
  <name>e2 &lt;b&gt; $(id)</name>
  <description>two
lines &amp; more</description>
  <state>running</state>
  <parent>
    <name>e1</name>
  </parent>
  <creationTime>1795842556</creationTime>
  <memory snapshot='external' file='/img/e2.mem'/>
  <disks>
    <disk name='vda' snapshot='external' type='file'>
      <driver type='qcow2'/>
      <source file='/img/a.e2'/>
    </disk>
    <disk name='sda' snapshot='no'/>
  </disks>
  <domain type='qemu'>
    <devices>
      <disk type='file' device='disk'><source file='/img/a.e1'/><target dev='vda'/></disk>
      <disk type='file' device='cdrom'><target dev='sda'/></disk>
    </devices>
  </domain>
</domainsnapshot>`

const DOMAIN = `<domain><os firmware='efi'><type>hvm</type></os><devices>
  <disk type='file' device='disk'><driver type='qcow2'/><source file='/img/a.e2'/>
    <backingStore type='file'><format type='qcow2'/><source file='/img/a.e1'/>
      <backingStore type='file'><source file='/img/a'/><backingStore/></backingStore></backingStore>
    <target dev='vda'/></disk>
  <disk type='block' device='disk'><source dev='/dev/sdb'/><target dev='vdb'/><readonly/></disk>
  <disk type='file' device='cdrom'><source file='/iso'/><target dev='sda'/></disk>
  <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0' state='connected'/></channel>
</devices></domain>`

describe('XML of snapshots', () => {
  it('is read as libvirt prints it', () => {
    expect(parseSnapshotXml(SNAPSHOT)).toEqual({
      name: 'e2 <b> $(id)',
      parentName: 'e1',
      state: 'running',
      createdAtMs: 1_795_842_556_000,
      description: 'two\nlines & more',
      memory: 'external',
      memoryPath: '/img/e2.mem',
      disks: [
        { target: 'vda', kind: 'external', overlayPath: '/img/a.e2' },
        { target: 'sda', kind: 'no', overlayPath: null }
      ],
      pathsWhenTaken: new Map([['vda', '/img/a.e1']])
    })
    expect([...pathsInDomain(SNAPSHOT, 'domainsnapshot')].sort()).toEqual(['/img/a.e1', '/img/a.e2'])
  })

  it('says the disks, what lies below them, the firmware and the agent', () => {
    expect(parseDomainForSnapshots(DOMAIN)).toEqual({
      isUefi: true,
      agent: 'connected',
      disks: [
        {
          target: 'vda',
          path: '/img/a.e2',
          format: 'qcow2',
          readOnly: false,
          backingPaths: ['/img/a.e1', '/img/a']
        },
        { target: 'vdb', path: null, format: null, readOnly: true, backingPaths: [] }
      ]
    })
    expect([...pathsInDomain(DOMAIN, 'domain')]).toEqual([
      '/img/a.e2',
      '/img/a.e1',
      '/img/a',
      '/dev/sdb',
      '/iso'
    ])
  })

  it('is refused with entities of its own, without a root, and never breaks otherwise', () => {
    const readers = [parseSnapshotXml, parseDomainForSnapshots, parseVolumeXml, parsePoolXml]
    for (const read of readers)
      expect(() => read(`<!DOCTYPE x [<!ENTITY a "b">]>${SNAPSHOT}`)).toThrowError(AppError)
    const pieces = fc.constantFrom(
      '<domainsnapshot>',
      '</name>',
      '<name>',
      '<disk ',
      "snapshot='",
      '&#x0;',
      '<a/>',
      'x',
      "'>",
      '<!--'
    )
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces).map((parts) => parts.join('')),
      fc.nat(SNAPSHOT.length).map((length) => SNAPSHOT.slice(0, length))
    )
    fc.assert(
      fc.property(texts, (text) => {
        for (const read of readers) {
          try {
            read(text)
          } catch (error) {
            if (!(error instanceof AppError)) throw error
          }
        }
      }),
      { numRuns: 2_000 }
    )
  })

  it('takes names of volumes from the table, whatever stands in them', () => {
    const aName = fc
      .string({ minLength: 1, maxLength: 20 })
      .filter((name) => !/[/\n\r]/.test(name) && name.trim() === name)
    fc.assert(
      fc.property(fc.uniqueArray(aName, { maxLength: 5 }), (names) => {
        const table = names.map((name) => ` ${name.padEnd(20)}   /img/${name}\n`).join('')
        expect(volumeNames(table)).toEqual(names)
      })
    )
  })
})
