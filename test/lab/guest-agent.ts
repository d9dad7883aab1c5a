/** Debian's own guest agent, brought into a guest of the lab as the contents of a disk: its initrd has nothing but busybox. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as lab from './lab.ts'
import type { Probe } from './probe-guest.ts'

const AGENT = '/usr/sbin/qemu-ga'
const FOLDER = '/var/lib/libvirt/images'
/** Its number is that of the device on the bus. */
export const PORT = '/dev/vport*p1'
export const OS_NAME = 'Lab <b> 1'
export const USER = { name: 'ops', sinceAtMs: 1_700_000_000_000 }
export const FILE_SYSTEM_MIB = 16

/** Each freeze and thaw is said on the serial line. */
const HOOK = `#!/bin/sh\necho "the agent was told to $1" >/dev/ttyS0\n`

/** Adds the agent's channel, the disk it comes on, and a second disk with an ext4 file system. The guest must be off. */
export async function addAgent(probe: Probe, server: string): Promise<void> {
  const archive = `${FOLDER}/${probe.name}-agent.raw`
  const fileSystem = `${FOLDER}/${probe.name}-data.raw`
  // With what a snapshot has made of them.
  const files = `${FOLDER}/${probe.name}-agent.* ${FOLDER}/${probe.name}-data.*`
  lab.onRestore(() => lab.inServer(server, ['sh', '-c', `rm -f ${files}`]).then(() => undefined))
  const work = mkdtempSync(join(tmpdir(), 'virthelm-agent-'))
  try {
    const tree = join(work, 'tree')
    fillTree(tree)
    const inRoot = (path: string): string => `/proc/${lab.labServer(server).init.pid}/root${path}`
    execFileSync('tar', ['-C', tree, '-cf', inRoot(archive), '.'])
    execFileSync('mke2fs', ['-q', '-t', 'ext4', inRoot(fileSystem), `${FILE_SYSTEM_MIB}M`])
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  await probe.define((xml) =>
    xml
      .replace(
        '</devices>',
        "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel></devices>"
      )
      .replace('<interface', `${disk(archive, 'vdb', '<readonly/>')}${disk(fileSystem, 'vdc')}<interface`)
  )
}

const disk = (path: string, target: string, more = ''): string =>
  `<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='${path}'/><target dev='${target}' bus='virtio'/>${more}</disk>`

function fillTree(tree: string): void {
  const put = (from: string, to: string): void => {
    mkdirSync(dirname(join(tree, to)), { recursive: true })
    copyFileSync(from, join(tree, to))
  }
  const write = (to: string, content: string | Uint8Array, mode = 0o644): void => {
    mkdirSync(dirname(join(tree, to)), { recursive: true })
    writeFileSync(join(tree, to), content, { mode })
  }
  put(AGENT, AGENT)
  for (const library of librariesOf(AGENT)) put(library, library)
  put(moduleFile(), '/virtio_console.ko')
  write('/hook', HOOK, 0o755)
  write('/etc/os-release', `ID=lab\nNAME=Lab\nPRETTY_NAME="${OS_NAME}"\nVERSION_ID=1\n`)
  write('/var/run/utmp', userRecord())
}

/** With the loader itself, each at the path at which the program looks for it. */
const librariesOf = (program: string): string[] =>
  [...execFileSync('ldd', [program], { encoding: 'utf8' }).matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].flatMap(
    ([, path]) => path ?? []
  )

function moduleFile(): string {
  const release = readdirSync('/lib/modules').find((name) => name.includes('cloud')) ?? ''
  const file = `/lib/modules/${release}/kernel/drivers/char/virtio_console.ko`
  if (!existsSync(file)) throw new Error(`no ${file}`)
  return file
}

/** One record of utmp(5): somebody has logged in. */
function userRecord(): Buffer {
  const USER_PROCESS = 7
  const record = Buffer.alloc(384)
  record.writeInt16LE(USER_PROCESS, 0)
  record.write('tty1', 8)
  record.write(USER.name, 44)
  record.writeInt32LE(USER.sinceAtMs / 1_000, 340)
  return record
}

/** In the running guest: mounts the file system at /data and starts the agent, which says when it is told to freeze. */
export async function startAgent(probe: Probe): Promise<void> {
  await probe.tell(
    'run tar -xf /dev/vdb -C / && insmod /virtio_console.ko && mkdir -p /data && mount -t ext4 /dev/vdc /data && hostname probe.lab'
  )
  await probe.seesEventually(`test -c ${PORT} && echo port is there`, 'port is there')
  await probe.tell(
    `run ${AGENT} -m virtio-serial -p $(echo ${PORT}) -F/hook -t /tmp >/tmp/agent.log 2>&1 & echo $! >/tmp/agent`
  )
}

/** Ends the agent; from now on something holds its port and never answers. */
export async function silenceAgent(probe: Probe): Promise<void> {
  await probe.tell(`run kill $(cat /tmp/agent); sleep 100000 <>$(echo ${PORT}) &`)
}
