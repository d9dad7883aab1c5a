import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import { VmUuid } from '#contract/ids.ts'
import type { CloneChanges } from '../../application/clones/clone-host.ts'
import { parseCloneSource } from './clone-source-xml.ts'
import { cloneXml, notesOf } from './clone-xml.ts'
import { parseDomainXml } from './domain-xml.ts'
import { volumeDocument } from './volume-document.ts'
import { parseVolumeXml } from './volume-xml.ts'

const OLD = '11111111-1111-4111-8111-111111111111'
const NEW = VmUuid.parse('22222222-2222-4222-8222-222222222222')

const SOURCE = `<domain type='kvm' id='3'>
  <name>a &amp; b</name>
  <uuid>${OLD}</uuid>
  <genid>33333333-3333-4333-8333-333333333333</genid>
  <metadata>
    <other:thing xmlns:other="urn:x" note="it&apos;s &quot;kept&quot;&#10;here">t</other:thing>
    <virthelm:machine xmlns:virthelm="https://virthelm.invalid/xmlns/1" protected="yes" template="yes"/>
  </metadata>
  <sysinfo type='smbios'><system><entry name='uuid'>${OLD}</entry><entry name='serial'>S1</entry></system></sysinfo>
  <os><type>hvm</type><loader type='pflash'>/code</loader><nvram template='/vars'>/nvram/a_VARS.fd</nvram></os>
  <devices>
    <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/img/a.img' index='1'/><backingStore/><target dev='vda'/></disk>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/img/shared-read.qcow2'/><target dev='vdb'/><readonly/></disk>
    <disk type='file' device='cdrom'><source file='/iso/x.iso'/><target dev='sda'/><readonly/></disk>
    <interface type='network'><mac address='52:54:00:00:00:01'/><source network='default'/><target dev='tap-a'/></interface>
    <serial type='pty'><log file='/var/log/a.log' append='off'/></serial>
    <console type='pty'><log file='/var/log/a.log' append='off'/></console>
    <channel type='unix'><source mode='bind' path='/run/a.sock'/><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <graphics type='vnc' port='5901' autoport='no' listen='127.0.0.1'/>
    <tpm model='tpm-crb'/>
  </devices>
</domain>`

const changes = (more: Partial<CloneChanges> = {}): CloneChanges => ({
  uuid: NEW,
  name: 'c',
  disks: new Map([['vda', { path: '/img/c-vda.qcow2', format: 'qcow2' }]]),
  keepMedia: false,
  nvramPath: '/nvram/c_VARS.fd',
  ...more
})

describe('the definition of a clone', () => {
  it('has identities, disks, ports and files of its own, and nothing of them left', () => {
    const xml = cloneXml(SOURCE, changes())
    for (const old of [
      OLD,
      '52:54:00',
      'tap-a',
      '/img/a.img',
      'a_VARS',
      '/var/log/a.log',
      '/run/a.sock',
      '5901',
      '/iso/x.iso',
      '33333333',
      'virthelm',
      "id='3'"
    ])
      expect(xml).not.toContain(old)
    const source = parseCloneSource(xml)
    expect(source.disks.map(({ target, path, format }) => [target, path, format])).toEqual([
      ['vda', '/img/c-vda.qcow2', 'qcow2'],
      ['vdb', '/img/shared-read.qcow2', 'qcow2']
    ])
    expect(source.nvramPath).toBe('/nvram/c_VARS.fd')
    expect(source.marks).toEqual({ protected: false, template: false, tags: [] })
    expect(parseDomainXml(xml)).toMatchObject({ uuid: NEW, name: 'c' })
    expect(xml.match(new RegExp(`/var/log/${NEW}-0.log`, 'g'))).toHaveLength(2)
    expect(xml).toContain(`<entry name="uuid">${NEW}</entry>`)
  })

  it('keeps everything else letter by letter, and the media when asked', () => {
    const xml = cloneXml(SOURCE, changes({ keepMedia: true }))
    expect(xml).toContain('note="it&apos;s &quot;kept&quot;&#10;here"')
    expect(xml).toContain('<entry name="serial">S1</entry>')
    expect(xml).toContain('file="/iso/x.iso"')
    expect(xml).toContain('name="org.qemu.guest_agent.0"')
  })

  it('takes any name and path, and refuses entities', () => {
    const aText = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text) && text.trim() === text)
    fc.assert(
      fc.property(aText, aText, (name, path) => {
        const disks = new Map([['vda', { path, format: 'raw' }]])
        const xml = cloneXml(SOURCE, changes({ name, disks }))
        expect(parseDomainXml(xml).name).toBe(name)
        expect(parseCloneSource(xml).disks[0]?.path).toBe(path)
        const volume = {
          poolUuid: 'p',
          name,
          format: 'qcow2',
          capacityBytes: 7,
          backing: { path, format: 'raw' }
        }
        expect(parseVolumeXml(volumeDocument(volume))).toMatchObject({
          name,
          backingPath: path,
          capacityBytes: 7
        })
      })
    )
    expect(() => cloneXml(`<!DOCTYPE d>${SOURCE}`, changes())).toThrowError(AppError)
    expect(() => cloneXml('<network/>', changes())).toThrowError(AppError)
  })

  it('names what is not taken over', () => {
    expect(notesOf(SOURCE)).toEqual(['consolePassword', 'tpm'])
  })
})
