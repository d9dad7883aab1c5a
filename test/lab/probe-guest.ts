/** A guest of a test's own, made from a guest of the lab and removed with all its files when the test ends. */
import { closeSync, constants, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as lab from './lab.ts'

export interface Probe {
  readonly name: string
  readonly uuid: string
  readonly mac: string
  /** Read-only virsh; its output without the white space around. */
  virsh(...command: string[]): Promise<string>
  virshRw(...command: string[]): Promise<string>
  xml(...options: string[]): Promise<string>
  /** Defines what `edit` makes of its definition. It must be off. */
  define(edit: (xml: string) => string): Promise<void>
  /** Resolves when the guest has booted. */
  start(): Promise<void>
  off(): Promise<void>
  /** A qcow2 image beside its own disk; its path on the server. */
  makeImage(name: string, mib: number): Promise<string>
  makeIso(name: string): Promise<string>
  /** A pool of libvirt's over the folder of that name beside its disk. */
  makePool(name: string): Promise<void>
  virtualSize(path: string): Promise<number>
  /** Writes a line to its serial line (guest-init.sh). */
  tell(line: string): Promise<void>
  /** What it has printed on its serial line since it was made. */
  printed(): string
  /** Runs a command in the guest until what it prints has `words` in it. */
  seesEventually(command: string, words: string): Promise<void>
}

const UUID = '77000000-0002-4000-8000-0000000000c1'
const MAC = '52:54:00:77:0c:01'
/** Through a pipe: what Node gives as stdin cannot be opened by name. */
const DEFINE = ['sh', '-c', 'cat | virsh -q -c qemu:///system define /dev/stdin']
const IMAGES = '/var/lib/libvirt/images'

/** Made of the lab's guest `web`: defined, and off. */
export async function makeProbe(server: string, name: string): Promise<Probe> {
  const labServer = lab.labServer(server)
  const serial = `/var/log/libvirt/qemu/${name}-serial.log`
  const hostSerial = join(labServer.folder, 'var-log/libvirt/qemu', `${name}-serial.log`)
  const run = async (command: string[], input?: string) => {
    const { stdout } = await lab.inServer(server, command, input === undefined ? {} : { input })
    return stdout.trim()
  }
  const virsh = (...command: string[]) => run(['virsh', '-r', '-q', '-c', 'qemu:///system', ...command])
  const virshRw = (...command: string[]) => run(['virsh', '-q', '-c', 'qemu:///system', ...command])
  const files = new Set<string>([`${IMAGES}/${name}.qcow2`])

  async function remove(): Promise<void> {
    const { stdout } = await lab.inServer(server, ['virsh', '-r', '-q', 'list', '--all', '--uuid'])
    if (stdout.includes(UUID)) {
      const off = (await virsh('domstate', UUID)) === 'shut off'
      if (!off) await virshRw('destroy', UUID)
      await virshRw('undefine', UUID)
    }
    await run(['rm', '-f', ...files, serial])
  }

  const printed = (): string => {
    try {
      return readFileSync(hostSerial, 'latin1')
    } catch {
      return ''
    }
  }
  const waitForBoot = (from: number) =>
    lab.eventually('the probe boots', () => printed().slice(from).includes('lab guest ready'), 120_000)

  const probe: Probe = {
    name,
    uuid: UUID,
    mac: MAC,
    virsh,
    virshRw,
    printed,
    xml: async (...options) => `${await virsh('dumpxml', UUID, ...options)}\n`,
    async define(edit) {
      await run(DEFINE, edit(await probe.xml('--inactive')))
    },
    async start() {
      const from = printed().length
      await virshRw('start', UUID)
      await waitForBoot(from)
    },
    off: async () => void (await virshRw('destroy', UUID)),
    async makeImage(image, mib) {
      const path = `${IMAGES}/${image}.qcow2`
      files.add(path)
      await run(['mkdir', '-p', dirname(path)])
      await run(['qemu-img', 'create', '-q', '-f', 'qcow2', path, `${mib}M`])
      return path
    },
    async makeIso(iso) {
      const path = `${IMAGES}/${iso}.iso`
      files.add(path)
      await run(['truncate', '-s', '1M', path])
      return path
    },
    async makePool(pool) {
      lab.onRestore(async () => {
        await virshRw('pool-destroy', pool)
        await run(['rm', '-rf', `${IMAGES}/${pool}`])
      })
      await virshRw('pool-create-as', pool, 'dir', '--target', `${IMAGES}/${pool}`)
    },
    async virtualSize(path) {
      const info = JSON.parse(await run(['qemu-img', 'info', '-U', '--output=json', path])) as Record<
        string,
        unknown
      >
      return Number(info['virtual-size'])
    },
    async tell(line) {
      const tty = await virsh('ttyconsole', UUID)
      const terminal = openSync(tty, constants.O_RDWR | constants.O_NOCTTY)
      try {
        const from = printed().length
        writeSync(terminal, `${line}\n`)
        await lab.eventually(
          `it answers "${line}"`,
          () => /ran with|said/.test(printed().slice(from)),
          30_000
        )
      } finally {
        closeSync(terminal)
      }
    },
    async seesEventually(command, words) {
      await lab.eventually(
        `the guest sees ${words} by "${command}"`,
        async () => {
          const from = printed().length
          await probe.tell(`run ${command}`)
          return printed().slice(from).includes(words)
        },
        30_000,
        200
      )
    }
  }

  await remove()
  lab.onRestore(async () => {
    await remove()
    rmSync(hostSerial, { force: true })
  })
  const web = lab.labGuest('lab2', 'web')
  const template = await virsh('dumpxml', '--inactive', web.uuid)
  await run(['qemu-img', 'create', '-q', '-f', 'qcow2', `${IMAGES}/${name}.qcow2`, '64M'])
  const xml = template
    .replace(/<name>.*<\/name>/, `<name>${name}</name>`)
    .replace(/<uuid>.*<\/uuid>/, `<uuid>${UUID}</uuid>`)
    .replace(/<mac address='[^']*'\/>/, `<mac address='${MAC}'/>`)
    .replace(/<source file='[^']*'\/>/, `<source file='${IMAGES}/${name}.qcow2'/>`)
    .replace(/<vcpu[^]*<\/vcpu>/, `<vcpu placement='static' current='1'>2</vcpu>`)
    .replace(/<log file='[^']*'/, `<log file='${serial}'`)
  await run(DEFINE, xml)
  return probe
}
