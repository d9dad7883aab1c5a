import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readDomainFacts } from './domain-facts.ts'
import { macOf, rewriteDomain, withoutSecrets } from './rewrite-domain.ts'
import { escapeXml, readXml, writeXml } from './xml.ts'

const UUID = '77000000-00aa-4000-8000-000000000001'
const domain = (name: string, rest = ''): string => `<domain type='kvm'>
  <name>${escapeXml(name)}</name>
  <uuid>${UUID}</uuid>
  <memory unit='KiB'>131072</memory>
  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>
  <cpu mode='custom'><model>qemu64</model></cpu>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='/a/one.qcow2' index='1'><seclabel model='dac'/></source>
      <backingStore type='file'><source file='/a/base.qcow2'/></backingStore>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='file' device='cdrom'><source file='/a/install.iso'/><target dev='sda'/><readonly/></disk>
    <interface type='network'>
      <mac address='52:54:00:77:aa:01'/>
      <source network='default' portid='x' bridge='virbr0'/>
    </interface>
    <graphics type='vnc' passwd='geheim&quot;1'/>
    ${rest}
  </devices>
</domain>`
const nothing = {
  diskPaths: new Map<string, string>(),
  emptied: new Set<string>(),
  networks: new Map<string, never>()
}

describe('the definition for another server', () => {
  it('loses nothing that it does not change, whatever the owner called it', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }).filter((name) => !/^\s*$|[\0-\x1f\x7f-\x9f\ufffe\uffff]/u.test(name)),
        (name) => {
          const text = domain(name)
          const again = rewriteDomain(text, nothing) ?? ''
          expect(readDomainFacts(again)).toEqual(readDomainFacts(text))
          expect(readDomainFacts(again)?.name).toBe(name)
        }
      )
    )
  })

  it('takes new paths and networks as text, however hostile, and nothing else', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => text !== '' && !/[\0-\x08\x0b\x0c\x0e-\x1f]/.test(text)),
        (hostile) => {
          const out = rewriteDomain(domain('web'), {
            diskPaths: new Map([['vda', `/b/${hostile}`]]),
            emptied: new Set(),
            networks: new Map([['network:default', { kind: 'bridge' as const, name: hostile }]])
          })
          const facts = readDomainFacts(out ?? '')
          expect(facts?.disks.map((disk) => [disk.target, disk.path])).toEqual([
            ['vda', `/b/${hostile}`],
            ['sda', '/a/install.iso']
          ])
          expect(facts?.networks).toEqual([{ kind: 'bridge', name: hostile }])
          // The chain and the labels were those of the old file.
          expect(out).not.toMatch(/base\.qcow2|seclabel|portid/)
        }
      )
    )
  })

  it('gives a copy a UUID and MACs of its own, and empties a drive whose medium is not there', () => {
    const copy = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeee123456'
    const out =
      rewriteDomain(domain('web'), { ...nothing, name: 'web-2', newUuid: copy, emptied: new Set(['sda']) }) ??
      ''
    expect(readDomainFacts(out)).toMatchObject({ uuid: copy, name: 'web-2' })
    expect(out).not.toContain('52:54:00:77:aa:01')
    expect(out).toContain(macOf(copy, 0))
    expect(macOf(copy, 0)).toBe('52:54:00:12:34:56')
    expect(macOf(copy, 1)).not.toBe(macOf(copy, 0))
    expect(out).not.toContain('install.iso')
  })

  it('shows no password', () => {
    expect(withoutSecrets(domain('web'))).not.toContain('geheim')
    expect(rewriteDomain(domain('web'), nothing)).toContain('geheim&quot;1')
  })

  it('reads nothing out of what is no domain, and never throws', () => {
    expect(
      readDomainFacts('<!DOCTYPE x [<!ENTITY a "b">]><domain><name>a</name><uuid>b</uuid></domain>')
    ).toBeNull()
    fc.assert(fc.property(fc.string(), (text) => void readDomainFacts(text)))
    fc.assert(
      fc.property(fc.string(), (junk) => {
        const read = readXml(`<domain>${junk}</domain>`, 'domain')
        if (read !== null) writeXml(read)
      })
    )
  })
})
