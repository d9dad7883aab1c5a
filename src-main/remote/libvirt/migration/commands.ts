/** The words of every virsh command of a migration, and the scripts that need more than one. */
import type {
  CommandWords,
  DirectWay,
  LiveMove,
  NewVolume
} from '../../../application/migration/migration-port.ts'
import { withoutSecrets } from './rewrite-domain.ts'
import { quote } from '../../ssh/quote.ts'
import { shownCommand, STDIN, type VirshWrite } from '../virsh.ts'
import { ENVIRONMENT } from '../virsh-scripts.ts'

export const createVolumeWrite = (volume: NewVolume): VirshWrite => ({
  args: [
    'vol-create-as',
    '--pool',
    volume.pool,
    '--name',
    volume.name,
    '--capacity',
    `${volume.capacityBytes}B`,
    // A raw file is sparse until it is written to; without this it would be filled with zeros first.
    ...(volume.format === 'raw' ? ['--allocation', '0'] : []),
    '--format',
    volume.format
  ]
})

export const deleteVolumeWrite = (pool: string, name: string): VirshWrite => ({
  args: ['vol-delete', '--pool', pool, '--vol', name]
})

export const defineWrite = (xml: string): VirshWrite => ({ args: ['define', STDIN], document: xml })

/** Storage is never part of it. */
export const undefineWrite = (uuid: string, hasNvram: boolean): VirshWrite => ({
  args: ['undefine', uuid, ...(hasNvram ? ['--keep-nvram'] : [])]
})

export const resumeWrite = (uuid: string): VirshWrite => ({ args: ['resume', uuid] })
export const autostartWrite = (uuid: string): VirshWrite => ({ args: ['autostart', uuid] })
export const abortWrite = (uuid: string): VirshWrite => ({ args: ['domjobabort', uuid] })

/** `no_tty`: never asks; a login that would have to ask fails. */
export const directUri = ({ host, port, user }: DirectWay): string =>
  `qemu+ssh://${encodeURIComponent(user)}@${bracketed(host)}:${port}/system?no_tty=1`

/** Ends of the tunnels on the source: libvirt's own words, memory, disks. */
export interface TunnelEnds {
  readonly socket: string
  readonly memoryPort: number
  readonly diskPort: number
}

export function moveArgs(move: LiveMove, ends: TunnelEnds | null): string[] {
  const way =
    ends === null
      ? directArgs(move.direct)
      : [
          '--desturi',
          `qemu+unix:///system?socket=${ends.socket}`,
          '--migrateuri',
          `tcp://127.0.0.1:${ends.memoryPort}`,
          '--listen-address',
          '127.0.0.1',
          ...(move.copyDisks ? ['--disks-uri', `tcp://127.0.0.1:${ends.diskPort}`] : [])
        ]
  return [
    'migrate',
    '--live',
    '--persistent',
    ...(move.copyDisks ? ['--copy-storage-all'] : []),
    ...(move.unsafe ? ['--unsafe'] : []),
    ...way,
    ...(move.xml === null ? [] : ['--xml', STDIN, '--persistent-xml', '/dev/fd/3']),
    move.uuid
  ]
}

/** No port: libvirt takes the next free one for the memory and another for the disks. */
function directArgs(way: DirectWay | null): string[] {
  if (way === null) return []
  return ['--desturi', directUri(way), '--migrateuri', `tcp://${bracketed(way.host)}`]
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host)

/** The move as one command; its two documents come by pipes, so that no file is made. */
export function moveScript(
  uri: string,
  move: LiveMove,
  ends: TunnelEnds | null,
  folder: string | null
): string {
  const command = ['virsh', '-q', '-c', uri, ...moveArgs(move, ends)].map(quote).join(' ')
  const run =
    move.xml === null
      ? `${command} </dev/null`
      : `printf %s ${quote(move.xml.persistent)} | { exec 3<&0; printf %s ${quote(move.xml.live)} | ${command}; }`
  if (folder === null) return `${ENVIRONMENT}\n${run}\n`
  // Also when the console is gone: virsh then loses the target and ends, and the socket's folder goes with it.
  return `${ENVIRONMENT}\n${run}\nstatus=$?\nrm -rf ${quote(folder)}\n(exit $status)\n`
}

/** Of a running VM and of its next start, as the operator may read it. */
function shownMove(uri: string, move: LiveMove, ends: TunnelEnds | null): string {
  return shownCommand(uri, {
    args: moveArgs(move, ends),
    ...(move.xml === null ? {} : { document: withoutSecrets(move.xml.live) })
  })
}

/** A volume's bytes to stdout. virsh opens what it writes to, which only a pipe allows: see relay.ts. */
export const sendArgs = (pool: string, name: string): string[] => [
  'vol-download',
  '--pool',
  pool,
  '--vol',
  name,
  '/dev/stdout'
]
export const receiveArgs = (pool: string, name: string): string[] => [
  'vol-upload',
  '--pool',
  pool,
  '--vol',
  name,
  '/dev/stdin'
]

export function checksumScript(uri: string, pool: string, name: string): string {
  const command = ['virsh', '-q', '-c', uri, ...sendArgs(pool, name)].map(quote).join(' ')
  return `${ENVIRONMENT}\n{ ${command} </dev/null || echo failed; } | sha256sum\n`
}

export function commandWords(uri: string): CommandWords {
  const shown = (args: readonly string[]): string => shownCommand(uri, { args })
  const placeholder = { socket: '/tmp/virthelm.…/libvirt', memoryPort: 0, diskPort: 0 }
  return {
    createVolume: (volume) => shownCommand(uri, createVolumeWrite(volume)),
    moveLive: (move) =>
      shownMove(uri, { ...move, xml: null }, move.direct === null ? placeholder : null).replaceAll(
        'tcp://127.0.0.1:0',
        'tcp://127.0.0.1:…'
      ),
    send: (pool, name) => shown(sendArgs(pool, name)),
    receive: (pool, name) => shown(receiveArgs(pool, name)),
    checksum: (pool, name) => `${shown(sendArgs(pool, name))} | sha256sum`,
    define: (xml) => shownCommand(uri, defineWrite(withoutSecrets(xml))),
    undefine: (uuid, hasNvram) => shownCommand(uri, undefineWrite(uuid, hasNvram))
  }
}

export { shownMove }
