import { describe, expect, it } from 'vitest'
import { comparableLines, differ } from './comparable.ts'
import { parseXml } from './xml-tree.ts'

/** As libvirt 9.0 prints the definition of the next start, and the running one of the same VM. */
const NEXT = `<domain type='kvm'>
  <name>web</name>
  <memory unit='KiB'>131072</memory>
  <vcpu placement='static'>2</vcpu>
  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>
  <cpu mode='custom' match='exact' check='none'><model>qemu64</model></cpu>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='/images/web.qcow2'/>
      <target dev='vda' bus='virtio'/>
      <address type='pci' bus='0x02'/>
    </disk>
    <controller type='pci' index='1' model='pcie-root-port'/>
    <interface type='network'>
      <mac address='52:54:00:00:00:01'/>
      <source network='default'/>
      <model type='virtio'/>
    </interface>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <serial type='pty'><target port='0'/></serial>
    <console type='pty'><target type='serial' port='0'/></console>
    <graphics type='vnc' port='-1' autoport='yes'/>
  </devices>
</domain>`
const LIVE = `<domain type='kvm' id='9'>
  <name>web</name>
  <memory unit='KiB'>131072</memory>
  <vcpu placement='static'>2</vcpu>
  <vcpus><vcpu id='0' enabled='yes'/></vcpus>
  <resource><partition>/machine</partition></resource>
  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>
  <cpu mode='custom' match='exact' check='full'><model>qemu64</model><feature policy='require' name='hypervisor'/></cpu>
  <devices>
    <interface type='network'>
      <mac address='52:54:00:00:00:01'/>
      <source network='default' portid='0dd56170' bridge='virbr0'/>
      <target dev='vnet3'/>
      <model type='virtio'/>
      <alias name='net0'/>
    </interface>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='/images/web.qcow2' index='1'/>
      <backingStore/>
      <target dev='vda' bus='virtio'/>
      <alias name='virtio-disk0'/>
      <address type='pci' bus='0x04'/>
    </disk>
    <channel type='unix'>
      <source mode='bind' path='/var/lib/libvirt/qemu/channel/target/domain-9/org.qemu.guest_agent.0'/>
      <target type='virtio' name='org.qemu.guest_agent.0' state='connected'/>
    </channel>
    <serial type='pty'><source path='/dev/pts/7'/><target port='0'/></serial>
    <console type='pty' tty='/dev/pts/7'><source path='/dev/pts/7'/><target type='serial' port='0'/></console>
    <graphics type='vnc' port='5902' autoport='yes'/>
  </devices>
  <seclabel type='dynamic' model='dac' relabel='yes'><label>+0:+0</label></seclabel>
</domain>`

const linesOf = (live: string, next: string) => comparableLines(parseXml(live), parseXml(next))

describe('the running definition beside that of the next start', () => {
  it('shows nothing of what each start fills in', () => {
    const lines = linesOf(LIVE, NEXT)
    expect(lines.live).toEqual(lines.nextBoot)
    expect(differ(lines)).toBe(false)
  })

  it.each([
    ['memory', NEXT.replace('131072', '262144')],
    ['vCPUs', NEXT.replace(`'static'>2`, `'static'>4`)],
    ['a disk', NEXT.replace('web.qcow2', 'other.qcow2')],
    ['a pulled cable', NEXT.replace("<model type='virtio'/>", "<model type='virtio'/><link state='down'/>")],
    ['a device', NEXT.replace('</devices>', "<watchdog model='i6300esb'/></devices>")],
    [
      'a CPU feature that was asked for',
      NEXT.replace('</model></cpu>', "</model><feature policy='disable' name='aes'/></cpu>")
    ],
    [
      'a host device',
      NEXT.replace(
        '</devices>',
        "<hostdev mode='subsystem' type='pci'><source><address bus='0x3'/></source></hostdev></devices>"
      )
    ]
  ])('shows %s', (_what, next) => {
    expect(differ(linesOf(LIVE, next))).toBe(true)
  })

  it('does not compare a processor that is the host’s own', () => {
    const next = NEXT.replace(/<cpu.*<\/cpu>/, "<cpu mode='host-model' check='partial'/>")
    expect(differ(linesOf(LIVE, next))).toBe(false)
  })

  it('has nothing to compare when there is one definition only', () => {
    expect(differ(comparableLines(null, parseXml(NEXT)))).toBe(false)
    expect(comparableLines(null, parseXml(NEXT)).live).toBeNull()
  })
})
