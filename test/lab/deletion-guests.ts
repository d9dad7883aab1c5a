/** Small VMs without a guest system in a pool of their own on a lab server, for tests that delete them. */
import { execFileSync } from 'node:child_process'
import { inServer, labServer, onRestore } from './lab.ts'

const FOLDER = '/var/lib/libvirt/delx'
export const POOL = 'delx'

export interface DeletionYard {
  /** Path of a file in the pool's folder. */
  path(name: string): string
  /** A qcow2 in the pool, on another one when `on` is given. Known to the pool afterwards. */
  image(name: string, on?: string): Promise<string>
  /** Any file in the pool's folder. */
  file(name: string): Promise<string>
  /** Defines a VM with these lines among its devices; returns its UUID. */
  define(name: string, devices: string, more?: string): Promise<string>
  /** As `define`, prepared now and done by the returned function before it returns. */
  prepare(name: string, devices: string): Promise<() => void>
  sh(script: string, ...args: string[]): Promise<string>
  virsh(...words: string[]): Promise<string>
  exists(path: string): Promise<boolean>
  isDefined(uuid: string): Promise<boolean>
}

export const disk = (path: string, more = '', target = 'vda', format = 'qcow2'): string =>
  `<disk type='file' device='disk'><driver name='qemu' type='${format}'/><source file='${path}'/><target dev='${target}' bus='virtio'/>${more}</disk>`

/** Makes the pool; everything goes when the test ends. */
export async function openYard(server: string, key: string): Promise<DeletionYard> {
  const sh = async (script: string, ...args: string[]): Promise<string> =>
    (await inServer(server, ['sh', '-ec', script, 'sh', ...args])).stdout
  const virsh = async (...words: string[]): Promise<string> =>
    (await inServer(server, ['virsh', '-q', ...words])).stdout
  const uuids: string[] = []
  const clean = async (): Promise<void> => {
    const undefine = 'undefine "$u" --managed-save --snapshots-metadata --checkpoints-metadata --nvram'
    for (const uuid of uuids)
      await sh(`u="$1"; virsh -q destroy "$u" 2>/dev/null || :; virsh -q ${undefine} 2>/dev/null || :`, uuid)
    await sh(
      'for p in delx delx2; do virsh -q pool-destroy $p 2>/dev/null || :; virsh -q pool-undefine $p 2>/dev/null || :; done; rm -rf "$1" "$1"2',
      FOLDER
    )
  }
  onRestore(clean)
  await clean()
  await sh(
    'mkdir -p "$1"; chmod 711 "$1"; virsh -q pool-define-as delx dir --target "$1"; virsh -q pool-start delx',
    FOLDER
  )
  const domainOf = (name: string, devices: string, more: string): { uuid: string; xml: string } => {
    const uuid = `de1e7e00-0000-4000-8000-${key.padStart(4, '0')}${String(uuids.length).padStart(8, '0')}`
    uuids.push(uuid)
    const escaped = name.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
    const xml = `<domain type='qemu'><name>${escaped}</name><uuid>${uuid}</uuid><memory unit='MiB'>16</memory><os><type arch='x86_64' machine='q35'>hvm</type>${more}</os><features><acpi/></features><devices><emulator>/usr/bin/qemu-system-x86_64</emulator>${devices}</devices></domain>`
    return { uuid, xml }
  }
  const path = (name: string): string => `${FOLDER}/${name}`
  const refresh = (): Promise<string> => virsh('pool-refresh', POOL)
  return {
    path,
    sh,
    virsh,
    async image(name, on) {
      const below = on === undefined ? '' : `-b "$2" -F qcow2`
      await sh(
        `qemu-img create -q -f qcow2 ${below} "$1" ${on === undefined ? '8M' : ''}`,
        path(name),
        on ?? ''
      )
      await refresh()
      return path(name)
    },
    async file(name) {
      await sh('head -c 65536 /dev/zero > "$1"', path(name))
      await refresh()
      return path(name)
    },
    async define(name, devices, more = '') {
      const { uuid, xml } = domainOf(name, devices, more)
      await sh('f=$(mktemp -p /run); printf %s "$1" > "$f"; virsh -q define "$f"; rm "$f"', xml)
      return uuid
    },
    async prepare(name, devices) {
      await sh('printf %s "$1" > /run/delx.xml', domainOf(name, devices, '').xml)
      return () => {
        const inside = ['--mount', '--uts', '--net', '--pid', '--', 'virsh', '-q', 'define', '/run/delx.xml']
        execFileSync('nsenter', [`--target=${labServer(server).init.pid}`, ...inside])
      }
    },
    exists: async (file) => (await inServer(server, ['test', '-e', file], { check: false })).code === 0,
    isDefined: async (uuid) => (await virsh('list', '--all', '--uuid')).includes(uuid)
  }
}
