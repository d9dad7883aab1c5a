/** VMs of their own for the tests of migration: a pool on both servers, a guest whose disk and serial line are known. */
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync
} from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import * as lab from './lab.ts'

export const POOL = 'migt'
export const FOLDER = '/var/lib/libvirt/images/migt'
const LOG = '/var/log/libvirt/qemu/migt-serial.log'

export const vmUuid = (number: number): string =>
  `77000000-00ee-4000-8000-${String(number).padStart(12, '0')}`

/** A folder of the server as this machine sees it. */
export const onHost = (server: string, path: string): string =>
  join(
    lab.labServer(server).folder,
    path.replace(/^\/var\/lib\/libvirt/, 'var-lib-libvirt').replace(/^\/var\/log/, 'var-log')
  )

export const virshOut = async (server: string, ...args: string[]): Promise<string> =>
  (await lab.inServer(server, ['virsh', '-q', '-c', 'qemu:///system', ...args])).stdout.trim()

const quietly = (server: string, ...args: string[]): Promise<unknown> =>
  lab.inServer(server, ['virsh', '-q', '-c', 'qemu:///system', ...args], { check: false })

export async function makePools(servers: readonly string[]): Promise<void> {
  for (const server of servers) {
    await clean(server)
    mkdirSync(onHost(server, FOLDER), { recursive: true })
    await quietly(server, 'pool-create-as', POOL, 'dir', '--target', FOLDER)
    lab.onRestore(() => clean(server))
  }
}

/** Whatever a test left: domains of these tests, their volumes, the pools. */
async function clean(server: string): Promise<void> {
  for (const line of (await virshOut(server, 'list', '--all', '--uuid', '--name')).split('\n')) {
    const [uuid = '', name = ''] = line.trim().split(/\s+/)
    if (!name.startsWith('migt')) continue
    await quietly(server, 'destroy', uuid)
    await quietly(server, 'undefine', uuid, '--snapshots-metadata', '--managed-save')
  }
  for (const pool of (await virshOut(server, 'pool-list', '--all', '--name')).split('\n'))
    if (pool.trim().startsWith('migt')) await quietly(server, 'pool-destroy', pool.trim())
  await lab.inServer(
    server,
    ['sh', '-c', `umount ${FOLDER}-small 2>/dev/null; rm -rf ${FOLDER} ${FOLDER}-small`],
    { check: false }
  )
  rmSync(onHost(server, LOG), { force: true })
}

export interface TestVm {
  readonly server: string
  readonly uuid: string
  readonly name: string
  readonly disk: string
}

export async function makeVm(
  server: string,
  number: number,
  options: {
    readonly format?: 'qcow2' | 'raw'
    readonly mib?: number
    readonly network?: string
    readonly extra?: string
  } = {}
): Promise<TestVm> {
  const format = options.format ?? 'qcow2'
  const vm = {
    server,
    uuid: vmUuid(number),
    name: `migt-${number}`,
    disk: `${FOLDER}/migt-${number}.${format}`
  }
  await virshOut(
    server,
    'vol-create-as',
    POOL,
    `migt-${number}.${format}`,
    `${options.mib ?? 64}M`,
    '--format',
    format
  )
  const template = lab.labServer(server).guests[0]?.uuid ?? ''
  const xml = (await virshOut(server, 'dumpxml', '--inactive', template))
    .replace(/<name>.*<\/name>/, `<name>${vm.name}</name>`)
    .replace(/<uuid>.*<\/uuid>/, `<uuid>${vm.uuid}</uuid>`)
    .replace(/<driver name='qemu' type='qcow2'\/>/, `<driver name='qemu' type='${format}'/>`)
    .replace(/<source file='[^']*'\/>/, `<source file='${vm.disk}'/>`)
    .replace(/<mac address='[^']*'\/>/, `<mac address='52:54:00:77:ee:${String(number).padStart(2, '0')}'/>`)
    .replace(/<source network='default'\/>/, `<source network='${options.network ?? 'default'}'/>`)
    .replaceAll(/<log file='[^']*' append='off'\/>/g, `<log file='${LOG}' append='on'/>`)
    .replace('</devices>', `${options.extra ?? ''}</devices>`)
  // virsh opens what it reads from, which only a pipe allows.
  await lab.inServer(server, ['sh', '-c', 'cat | virsh -q define /dev/stdin'], { input: xml })
  return vm
}

export const serialOf = (server: string): string =>
  existsSync(onHost(server, LOG)) ? readFileSync(onHost(server, LOG), 'latin1') : ''

export async function startVm(vm: TestVm): Promise<void> {
  await virshOut(vm.server, 'start', vm.uuid)
  await lab.eventually(`${vm.name} boots`, () => serialOf(vm.server).includes('lab guest ready'), 90_000)
}

export async function tell(vm: TestVm, line: string, answer: string): Promise<void> {
  const terminal = openSync(
    await virshOut(vm.server, 'ttyconsole', vm.uuid),
    constants.O_RDWR | constants.O_NOCTTY
  )
  try {
    writeSync(terminal, `${line}\n`)
    await lab.eventually(`the guest says ${answer}`, () => serialOf(vm.server).includes(answer), 60_000)
  } finally {
    closeSync(terminal)
  }
}

/** Highest number that the guest's counter has printed on this server. */
export const lastTick = (server: string): number =>
  Math.max(0, ...[...serialOf(server).matchAll(/tick (\d+)\r?\n/g)].map((match) => Number(match[1])))

export const stateOf = async (server: string, uuid: string): Promise<string> =>
  (await lab.inServer(server, ['virsh', '-r', '-q', 'domstate', uuid], { check: false })).stdout.trim() ||
  'absent'

export const sha256Of = (server: string, path: string): string =>
  createHash('sha256')
    .update(readFileSync(onHost(server, path)))
    .digest('hex')

export const filesIn = async (server: string, folder = FOLDER): Promise<string[]> =>
  (await lab.inServer(server, ['ls', '-A', folder])).stdout.split('\n').filter((name) => name !== '')
