import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import { FUZZ_RUNS } from '../../../test/fakes/recorded-virsh.ts'
import { guestKindOf, hostAbilitiesOf } from './host-abilities.ts'

const recorded = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../../test/recorded/virsh', `${name}.xml`), 'utf8')
const capabilities = recorded('capabilities')
const domcapabilities = recorded('domcapabilities-q35')
const kind = { architecture: 'x86_64', machine: 'q35', kvm: true }

describe('what a server can do', () => {
  it('is read from a real libvirt 9.0 with OVMF', () => {
    expect(guestKindOf(capabilities)).toEqual(kind)
    expect(hostAbilitiesOf(domcapabilities, kind)).toMatchObject({
      ...kind,
      firmwares: ['bios', 'uefi', 'uefiSecure'],
      maxVcpus: 288,
      diskBuses: ['fdc', 'scsi', 'virtio', 'usb', 'sata'],
      cpuModes: ['host-passthrough', 'maximum', 'host-model', 'custom'],
      hyperv: ['spinlocks', 'vendor_id'],
      rng: true
    })
  })

  it('has no KVM, no firmware and no enlightenments where libvirt names none', () => {
    const withoutKvm = capabilities.replaceAll("<domain type='kvm'/>", '')
    expect(guestKindOf(withoutKvm)).toMatchObject({ machine: 'q35', kvm: false })
    const bare = domcapabilities
      .replace(/<enum name='firmware'>[\s\S]*?<\/enum>/, "<enum name='firmware'/>")
      .replace(/<hyperv[\s\S]*?<\/hyperv>/, '')
    expect(hostAbilitiesOf(bare, kind)).toMatchObject({ firmwares: ['bios'], hyperv: null })
  })

  it('is unknown where QEMU is only there for other processors', () => {
    expect(guestKindOf(capabilities.replace('<arch>x86_64</arch>', '<arch>riscv64</arch>'))).toBeNull()
  })

  it('ends in a value or an AppError, whatever comes', () => {
    const cut = fc.nat(domcapabilities.length).map((at) => domcapabilities.slice(0, at))
    const broken = fc
      .tuple(fc.nat(domcapabilities.length), fc.string({ unit: 'binary', maxLength: 20 }))
      .map(([at, text]) => domcapabilities.slice(0, at) + text + domcapabilities.slice(at))
    fc.assert(
      fc.property(fc.oneof(cut, broken, fc.string({ unit: 'binary' })), (text) => {
        try {
          guestKindOf(text)
          hostAbilitiesOf(text, kind)
        } catch (error) {
          expect(error).toBeInstanceOf(AppError)
        }
      }),
      { numRuns: FUZZ_RUNS / 20 }
    )
  })
})
