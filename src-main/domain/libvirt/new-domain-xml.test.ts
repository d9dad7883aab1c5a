import { XMLParser } from 'fast-xml-parser'
import { describe, expect, it } from 'vitest'
import { macOf, newDomainXml, type NewDomain } from './new-domain-xml.ts'
import type { HostAbilities } from './os-presets.ts'

const host: HostAbilities = {
  architecture: 'x86_64',
  machine: 'q35',
  kvm: true,
  firmwares: ['bios', 'uefi', 'uefiSecure'],
  tpm: true,
  maxVcpus: 288,
  diskBuses: ['fdc', 'scsi', 'virtio', 'usb', 'sata'],
  videoModels: ['vga', 'qxl', 'virtio', 'bochs'],
  cpuModes: ['host-passthrough', 'maximum'],
  hyperv: ['relaxed', 'vapic', 'spinlocks', 'vpindex', 'synic', 'stimer', 'tlbflush'],
  rng: true
}
const uuid = '01234567-89ab-4cde-8f01-23456789abcd'
const domain: NewDomain = {
  uuid,
  name: 'web-04',
  os: 'linux',
  firmware: null,
  emulated: false,
  vcpus: 4,
  memoryBytes: 8 * 2 ** 30,
  disk: { path: '/pool/web-04.qcow2', kind: 'file', format: 'qcow2' },
  iso: null,
  seed: null,
  network: { kind: 'network', name: 'default' },
  mac: macOf(uuid),
  networkBoot: false
}
const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '@', parseTagValue: false })
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- looked into by tests only
const read = (change: Partial<NewDomain> = {}, on: Partial<HostAbilities> = {}): any =>
  (parser.parse(newDomainXml({ ...domain, ...change }, { ...host, ...on })) as { domain: unknown }).domain

describe('the XML of a new machine', () => {
  it('gives Linux virtio, UTC, statistics of memory and a channel for the agent', () => {
    const xml = read()
    expect(xml).toMatchObject({
      '@type': 'kvm',
      name: 'web-04',
      uuid,
      memory: { '@unit': 'KiB', '#text': String(8 * 2 ** 20) },
      os: { type: { '@machine': 'q35', '#text': 'hvm' } },
      cpu: { '@mode': 'host-passthrough' },
      clock: { '@offset': 'utc' }
    })
    expect(xml.devices).toMatchObject({
      disk: {
        '@type': 'file',
        target: { '@dev': 'vda', '@bus': 'virtio' },
        source: { '@file': '/pool/web-04.qcow2' },
        boot: { '@order': '1' }
      },
      interface: { mac: { '@address': '52:54:00:01:23:45' }, model: { '@type': 'virtio' } },
      graphics: { '@type': 'vnc', '@listen': '127.0.0.1' },
      memballoon: { stats: { '@period': '10' } },
      channel: { target: { '@name': 'org.qemu.guest_agent.0' } },
      video: { model: { '@type': 'virtio' } }
    })
    expect(xml.features.hyperv).toBeUndefined()
  })

  it('gives Windows 11 secure boot, a TPM, local time and only whole enlightenments', () => {
    const xml = read({ os: 'windows11' })
    expect(xml.os).toMatchObject({ '@firmware': 'efi', loader: { '@secure': 'yes' } })
    expect(xml.features.smm).toMatchObject({ '@state': 'on' })
    expect(xml.clock['@offset']).toBe('localtime')
    expect(xml.devices.tpm).toMatchObject({ '@model': 'tpm-crb', backend: { '@version': '2.0' } })
    expect(xml.devices.disk.target).toMatchObject({ '@bus': 'sata', '@dev': 'sda' })
    expect(xml.devices.interface.model['@type']).toBe('e1000e')
    expect(Object.keys(xml.features.hyperv as object)).toEqual([
      'relaxed',
      'vapic',
      'spinlocks',
      'vpindex',
      'synic',
      'stimer',
      'tlbflush'
    ])
    const partly = read({ os: 'windows11' }, { hyperv: ['relaxed', 'synic', 'stimer', 'ipi'] })
    expect(Object.keys(partly.features.hyperv as object)).toEqual(['relaxed'])
  })

  it('goes without what the server has not', () => {
    const xml = read(
      { os: 'windows10' },
      { firmwares: ['bios'], tpm: false, rng: false, videoModels: ['bochs'] }
    )
    expect(xml.os['@firmware']).toBeUndefined()
    expect(xml.devices.tpm).toBeUndefined()
    expect(xml.devices.rng).toBeUndefined()
  })

  it('emulates with all that QEMU can play, and with nothing of KVM', () => {
    const xml = read({ emulated: true, os: 'windows10' }, { kvm: false })
    expect(xml).toMatchObject({ '@type': 'qemu', cpu: { '@mode': 'maximum' } })
    expect(xml.features.hyperv).toBeUndefined()
    expect(JSON.stringify(xml.clock)).not.toContain('hypervclock')
  })

  it('starts from the disk first, then from the medium, so that an installed system starts', () => {
    const iso = { path: '/pool/a.iso', kind: 'file', format: 'raw' } as const
    const [disk, drive] = read({ iso }).devices.disk as [unknown, unknown]
    expect(disk).toMatchObject({ '@device': 'disk', boot: { '@order': '1' } })
    expect(drive).toMatchObject({ '@device': 'cdrom', boot: { '@order': '2' }, readonly: '' })
    expect(read({ networkBoot: true }).devices.interface.boot).toMatchObject({ '@order': '2' })
  })

  it('puts the seed where the guest has a driver: beside its disk, or into a drive', () => {
    const seed = { path: '/pool/seed.iso', kind: 'file', format: 'raw' } as const
    expect(read({ seed }).devices.disk[1]).toMatchObject({
      '@device': 'disk',
      target: { '@dev': 'vdb', '@bus': 'virtio' },
      readonly: ''
    })
    expect(read({ seed, os: 'other' }).devices.disk[1]).toMatchObject({
      '@device': 'cdrom',
      target: { '@dev': 'sdb', '@bus': 'sata' }
    })
  })

  it('has UEFI, no SATA and no VGA on ARM', () => {
    const xml = read(
      { iso: { path: '/a.iso', kind: 'file', format: 'raw' } },
      {
        architecture: 'aarch64',
        machine: 'virt',
        firmwares: ['uefi'],
        diskBuses: ['scsi', 'virtio', 'usb'],
        videoModels: ['virtio', 'ramfb']
      }
    )
    expect(xml.os['@firmware']).toBe('efi')
    expect(xml.devices.disk[1].target['@bus']).toBe('scsi')
    expect(JSON.stringify(xml.devices.controller)).toContain('virtio-scsi')
    expect(xml.pm).toBeUndefined()
  })

  it('keeps names that look like markup as names', () => {
    const name = `<b>'"&]]>`
    const text = newDomainXml({ ...domain, name, network: { kind: 'bridge', name: `br'0` } }, host)
    expect(text).toContain('<name>&lt;b&gt;\'"&amp;]]&gt;</name>')
    expect(text).toContain("bridge='br&apos;0'")
  })
})
