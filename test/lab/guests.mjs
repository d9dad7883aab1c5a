// Guests of the lab: a kernel of the distribution, an initrd of busybox, direct kernel boot.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync
} from 'node:fs'
import { basename, join } from 'node:path'
import { GUEST_MEMORY_MIB } from './plan.mjs'
import { LabError, run } from './machine.mjs'

/** isofs: for a cloud-init seed. */
const MODULES = ['virtio_pci', 'virtio_blk', 'virtio_net', 'virtio_balloon', 'button', 'evdev', 'isofs']

/** Newest cloud kernel (or any other) with its modules: {image, release}. */
export function findKernel() {
  const releases = existsSync('/lib/modules') ? readdirSync('/lib/modules') : []
  const found = releases
    .filter(
      (release) => existsSync(`/boot/vmlinuz-${release}`) && existsSync(`/lib/modules/${release}/modules.dep`)
    )
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b, 'en', { numeric: true }))
    .pop()
  if (!found) throw new LabError('No kernel with modules in /boot: install linux-image-cloud-amd64.', 3)
  return { image: `/boot/vmlinuz-${found}`, release: found }
}

const rank = (release) => (release.includes('cloud') ? 1 : 0)

/** Files of the wanted modules and of what they need, in the order in which they are loaded. Built-in ones are left out. */
function moduleFiles(release) {
  const folder = `/lib/modules/${release}`
  const needs = new Map()
  for (const line of readFileSync(`${folder}/modules.dep`, 'utf8').split('\n')) {
    const [file, rest = ''] = line.split(':')
    if (file) needs.set(file, rest.trim().split(' ').filter(Boolean))
  }
  const byName = new Map(
    [...needs.keys()].map((file) => [
      basename(file)
        .replace(/\.ko.*$/, '')
        .replaceAll('-', '_'),
      file
    ])
  )
  const ordered = new Set()
  const add = (file) => {
    // modules.dep lists needs with the deepest last.
    for (const need of [...(needs.get(file) ?? [])].reverse()) add(need)
    ordered.add(file)
  }
  for (const name of MODULES) {
    const file = byName.get(name)
    if (file) add(file)
  }
  return [...ordered].map((file) => join(folder, file))
}

/** Writes the initrd; returns nothing. */
export async function buildInitrd(target, workFolder, release, initScript) {
  for (const folder of ['bin', 'modules']) mkdirSync(join(workFolder, folder), { recursive: true })
  copyFileSync('/bin/busybox', join(workFolder, 'bin/busybox'))
  copyFileSync(initScript, join(workFolder, 'init'))
  chmodSync(join(workFolder, 'init'), 0o755)
  writeFileSync(
    join(workFolder, 'bin/on-dhcp'),
    '#!/bin/busybox sh\n[ "$1" = bound ] || exit 0\nip addr add "$ip/$mask" dev "$interface"\n' +
      '[ -z "$router" ] || ip route add default via "$router"\n',
    { mode: 0o755 }
  )
  const names = []
  for (const file of moduleFiles(release)) {
    const name = basename(file).replace(/\.(xz|zst|gz)$/, '')
    names.push(name)
    writeFileSync(join(workFolder, 'modules', name), unpacked(file))
  }
  writeFileSync(join(workFolder, 'modules/order'), `${names.join('\n')}\n`)
  await run(['bash', '-c', 'set -o pipefail; find . | cpio --quiet -o -H newc | gzip -1 > "$0"', target], {
    cwd: workFolder
  })
}

function unpacked(file) {
  const tool = { xz: 'xz', zst: 'zstd', gz: 'gzip' }[file.split('.').pop()]
  return tool ? execFileSync(tool, ['-dc', file], { maxBuffer: 64 << 20 }) : readFileSync(file)
}

/**
 * Whether KVM really boots the guest here. A device that opens proves little: some nested hypervisors refuse the
 * processor's registers or take minutes.
 */
export async function bootsUnderKvm(kernel, initrd) {
  if (!existsSync('/dev/kvm')) return false
  const { stdout } = await run(
    [
      'timeout',
      '-s',
      'KILL',
      '8',
      'qemu-system-x86_64',
      '-M',
      'q35',
      '-accel',
      'kvm',
      '-cpu',
      'host',
      '-m',
      '128',
      '-nographic',
      '-nodefaults',
      '-vga',
      'none',
      '-net',
      'none',
      '-serial',
      'stdio',
      '-no-reboot',
      '-kernel',
      kernel,
      '-initrd',
      initrd,
      '-append',
      'console=ttyS0 quiet panic=-1 lab.probe'
    ],
    { check: false }
  )
  return stdout.includes('lab guest ready')
}

const escapeXml = (text) =>
  text.replace(
    /[<>&"']/g,
    (c) => ({ '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;', "'": '&apos;' })[c]
  )

/**
 * The domain of a guest as libvirt takes it. Its serial line also goes to a log file, its disk lies in the default pool.
 * @param {{kvm: boolean, kernel: string, initrd: string, disk: string, serialLog: string}} where
 */
export function domainXml(guest, where) {
  const flags = ['console=ttyS0', 'quiet', 'panic=1', guest.deaf ? 'lab.deaf' : ''].filter(Boolean).join(' ')
  return `<domain type='${where.kvm ? 'kvm' : 'qemu'}'>
  <name>${escapeXml(guest.name)}</name>
  <uuid>${guest.uuid}</uuid>
  <memory unit='MiB'>${GUEST_MEMORY_MIB}</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <kernel>${where.kernel}</kernel>
    <initrd>${where.initrd}</initrd>
    <cmdline>${flags}</cmdline>
  </os>
  <features><acpi/></features>
  ${where.kvm ? "<cpu mode='host-passthrough'/>" : ''}
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='${where.disk}'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <interface type='network'>
      <mac address='${guest.mac}'/>
      <source network='default'/>
      <model type='virtio'/>
      <rom enabled='no'/>
    </interface>
    <serial type='pty'>
      <log file='${where.serialLog}' append='off'/>
    </serial>
    <graphics type='vnc' autoport='yes' listen='127.0.0.1'/>
    <video><model type='vga'/></video>
    <memballoon model='virtio'>${guest.stats ? "<stats period='5'/>" : ''}</memballoon>
  </devices>
</domain>
`
}
