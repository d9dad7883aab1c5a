/** Guests that a test makes for itself on a server of the lab, with disks in a pool of its own, and takes away again. */
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { eventually, onRestore } from './faults.ts'
import { inServer, labServer } from './state.ts'

export interface OwnGuest {
  readonly server: string
  readonly uuid: string
  readonly name: string
  /** Inside the server. */
  readonly folder: string
  readonly diskPath: string
}

export interface OwnGuestTraits {
  readonly format?: 'qcow2' | 'raw'
  readonly sizeMib?: number
  readonly firmware?: 'bios' | 'uefi'
  readonly network?: boolean
}

export const sh = async (server: string, script: string, check = true): Promise<string> =>
  (await inServer(server, ['bash', '-c', script], { check, timeoutMs: 120_000 })).stdout

export const virshOf = async (server: string, ...command: string[]): Promise<string> =>
  (await inServer(server, ['virsh', '-q', '-c', 'qemu:///system', ...command], { timeoutMs: 120_000 })).stdout

/** A pool of its own, on a folder of its own or on a small tmpfs of `quotaMib`. */
export async function makePool(
  server: string,
  name: string,
  quotaMib: number | null = null
): Promise<string> {
  const folder = `/var/lib/libvirt/images/${name}`
  onRestore(() =>
    sh(
      server,
      `virsh -q pool-destroy ${name}; virsh -q pool-undefine ${name}; umount ${folder}; rm -rf ${folder}`,
      false
    ).then(() => undefined)
  )
  await sh(
    server,
    `mkdir -p ${folder} && ${quotaMib === null ? ':' : `mount -t tmpfs -o size=${quotaMib}m tmpfs ${folder}`} && virsh -q pool-define-as ${name} dir --target ${folder} && virsh -q pool-start ${name}`
  )
  return folder
}

const escapeXml = (text: string): string => text.replace(/[<>&"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

/** Defines it, off. Everything of it (snapshots included) is taken away at the end of the test. */
export async function makeGuest(
  server: string,
  folder: string,
  name: string,
  number: number,
  traits: OwnGuestTraits = {}
): Promise<OwnGuest> {
  const uuid = `77000000-5a5a-4000-8000-${number.toString(16).padStart(12, '0')}`
  const format = traits.format ?? 'qcow2'
  const diskPath = `${folder}/own-${number}.${format}`
  takeAwayAtEnd(server, uuid)
  await sh(server, `qemu-img create -q -f ${format} ${diskPath} ${traits.sizeMib ?? 32}M`)
  const uefi = `<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader><nvram template='/usr/share/OVMF/OVMF_VARS.fd'/>`
  const nic = `<interface type='network'><source network='default'/><model type='virtio'/><rom enabled='no'/></interface>`
  const xml = `<domain type='qemu'><name>${escapeXml(name)}</name><uuid>${uuid}</uuid><memory unit='MiB'>128</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type>${traits.firmware === 'uefi' ? uefi : ''}<kernel>/var/lib/libvirt/images/guest-kernel</kernel>
<initrd>/var/lib/libvirt/images/guest-initrd</initrd><cmdline>console=ttyS0 quiet panic=1</cmdline></os>
<features><acpi/></features><on_poweroff>destroy</on_poweroff>
<devices><disk type='file' device='disk'><driver name='qemu' type='${format}'/><source file='${diskPath}'/><target dev='vda' bus='virtio'/></disk>
<disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>${traits.network === true ? nic : ''}
<serial type='pty'><log file='${serialLog(uuid)}' append='off'/></serial><graphics type='vnc' autoport='yes' listen='127.0.0.1'/></devices></domain>`
  // virsh opens the file anew, which a socket does not allow: hence the pipe.
  await inServer(server, ['bash', '-c', 'cat | virsh -q define /dev/stdin'], { input: xml })
  return { server, uuid, name, folder, diskPath }
}

const serialLog = (uuid: string): string => `/var/log/libvirt/qemu/${uuid}-serial.log`

/** Forces it off and forgets it, whatever became of it. Its files go with their pool. */
export function takeAwayAtEnd(server: string, uuid: string): void {
  onRestore(async () => {
    await sh(
      server,
      `virsh -q destroy ${uuid}; virsh -q undefine ${uuid} --managed-save --snapshots-metadata --nvram; rm -f ${serialLog(uuid)}`,
      false
    )
  })
}

export const serialOf = (server: string, path: string): Promise<string> => sh(server, `cat ${path}`, false)

/** Starts it and waits until it has booted. */
export async function startOwn(guest: OwnGuest): Promise<void> {
  await virshOf(guest.server, 'start', guest.uuid)
  await booted(guest.server, serialLog(guest.uuid))
}

export async function booted(server: string, log: string): Promise<void> {
  await eventually(
    'it boots',
    async () => (await serialOf(server, log)).includes('lab guest ready'),
    90_000,
    500
  )
}

/** Runs a shell command in the guest by its serial line and gives what it printed. */
export async function inGuest(guest: OwnGuest, command: string): Promise<string> {
  const log = serialLog(guest.uuid)
  const before = (await serialOf(guest.server, log)).length
  const tty = (await virshOf(guest.server, 'ttyconsole', guest.uuid)).trim()
  // The terminal's number is one of the server's own /dev/pts.
  const path = `/proc/${labServer(guest.server).init.pid}/root${tty}`
  const terminal = openSync(path, constants.O_RDWR | constants.O_NOCTTY)
  try {
    writeSync(terminal, `run ${command}\n`)
    let said = ''
    await eventually(
      `the guest answers "${command}"`,
      async () => {
        said = (await serialOf(guest.server, log)).slice(before)
        return /ran with \d+/.test(said)
      },
      60_000,
      200
    )
    return said.replaceAll('\r', '')
  } finally {
    closeSync(terminal)
  }
}
