import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import { MachineDetail } from '#contract/machines.ts'
import { FUZZ_RUNS, recordedVirsh } from '../../../test/fakes/recorded-virsh.ts'
import { parseDomainXml } from './domain-xml.ts'

const domain = (inner: string): string =>
  `<domain type='kvm'><name>n</name><uuid>5a1b0000-0000-4000-8000-000000000001</uuid>${inner}</domain>`

describe('dumpxml', () => {
  it('reads a recorded running VM with a hostile name', () => {
    const xml = parseDomainXml(recordedVirsh('dumpxml-running'))
    expect(xml).toMatchObject({
      uuid: '5a1b0000-0000-4000-8000-000000000004',
      name: `<b>it's "q"<b>`,
      vcpus: 2,
      memoryMaxBytes: 96 * 1024 * 1024,
      template: false,
      detail: {
        osType: 'hvm',
        architecture: 'x86_64',
        machineType: 'pc-q35-7.2',
        firmware: 'direct',
        balloonPeriodSec: 5,
        disks: [
          {
            target: 'vda',
            source: '/var/lib/libvirt/images/d3.raw',
            device: 'disk',
            format: 'raw',
            readOnly: false
          },
          { target: 'sda', source: null, device: 'cdrom', readOnly: true }
        ],
        interfaces: [{ source: 'br0', model: 'virtio' }]
      }
    })
    expect(MachineDetail.parse(xml.detail)).toEqual(xml.detail)
  })

  it('reads a recorded VM that is off', () => {
    expect(parseDomainXml(recordedVirsh('dumpxml-off'))).toMatchObject({ name: '12', vcpus: 1 })
  })

  it('takes the vCPUs that are plugged in, and memory in any unit', () => {
    const xml = parseDomainXml(domain(`<vcpu current='2'>8</vcpu><memory unit='GiB'>3</memory>`))
    expect(xml.vcpus).toBe(2)
    expect(xml.memoryMaxBytes).toBe(3 * 1024 ** 3)
  })

  it.each([
    [`<os firmware='efi'><type>hvm</type></os>`, 'uefi'],
    [`<os><type>hvm</type><loader readonly='yes' type='pflash'>/x.fd</loader></os>`, 'uefi'],
    [`<os><type>hvm</type></os>`, 'bios'],
    [`<os><type>hvm</type><kernel>/k</kernel></os>`, 'direct']
  ])('tells the firmware of %s', (os, firmware) => {
    expect(parseDomainXml(domain(os)).detail.firmware).toBe(firmware)
  })

  it.each([
    [`<source file='/a.img'/>`, '/a.img'],
    [`<source dev='/dev/vg/a'/>`, '/dev/vg/a'],
    [`<source pool='p' volume='v'/>`, 'p/v'],
    [`<source protocol='rbd' name='pool/a'><host name='h'/></source>`, 'rbd:pool/a'],
    ['', null]
  ])('names the source %s', (source, name) => {
    const xml = parseDomainXml(
      domain(`<devices><disk device='disk'>${source}<target dev='vda'/></disk></devices>`)
    )
    expect(xml.detail.disks[0]?.source).toBe(name)
  })

  it.each([
    [`<!DOCTYPE d [<!ENTITY a "b">]>${domain('<title>&a;</title>')}`, 'doctype'],
    [`<!doctype d>${domain('')}`, 'doctype'],
    [domain('x'.repeat(2 * 1024 * 1024)), 'tooLong'],
    ['<network/>', 'notThisDocument'],
    ['', 'notThisDocument'],
    ["error: failed to get domain 'x'", 'notThisDocument']
  ])('refuses what is no plain domain (%#)', (text, reason) => {
    expect(() => parseDomainXml(text)).toThrow(
      expect.objectContaining({ code: 'protocolViolation', params: { subject: 'dumpxml', reason } })
    )
  })

  it('caps texts and lists for the contract', () => {
    const disks = `<disk><target dev='vda'/></disk>`.repeat(400)
    const xml = parseDomainXml(domain(`<title>${'t'.repeat(9000)}</title><devices>${disks}</devices>`))
    expect(MachineDetail.safeParse(xml.detail).success).toBe(true)
  })

  it(
    'ends in a value that the contract takes, or in an AppError, whatever comes',
    { timeout: 180_000 },
    () => {
      const real = recordedVirsh('dumpxml-running')
      const mutated = fc
        .array(
          fc.tuple(
            fc.nat(real.length),
            fc.oneof(
              fc.string(),
              fc.constantFrom('<', '>', '</', '<![CDATA[', '&', '&#0;', '<__proto__ a="1"/>', '<!--')
            )
          ),
          { maxLength: 5 }
        )
        .map((cuts) =>
          cuts.reduce((text, [at, what]) => text.slice(0, at) + what + text.slice(at + what.length), real)
        )
      fc.assert(
        fc.property(fc.oneof(mutated, fc.string({ unit: 'binary' })), (text) => {
          try {
            MachineDetail.parse(parseDomainXml(text).detail)
          } catch (error) {
            if (!(error instanceof AppError)) throw error
          }
        }),
        { numRuns: FUZZ_RUNS }
      )
    }
  )
})
