/** Creating a machine by virsh: what the server can do, one command for each step, and reading back what is there. */
import { gzipSync } from 'node:zlib'
import { AppError } from '#contract/errors.ts'
import type {
  CreateAction,
  CreationSession,
  FoundDomain,
  NewVolume
} from '../../application/create-machine/creation.ts'
import { parseListing } from '../../domain/libvirt/listing.ts'
import type { HostAbilities } from '../../domain/libvirt/os-presets.ts'
import { xml, xmlText } from '../../domain/libvirt/xml-builder.ts'
import { guestKindOf, hostAbilitiesOf } from './host-abilities.ts'
import { LISTING } from './machine-catalogue.ts'
import { shownCommand, STDIN, type Virsh, type VirshWrite } from './virsh.ts'
import { readXml, textOf } from './xml-reader.ts'

const READ_DEADLINE_MS = 15_000
const QUICK_DEADLINE_MS = 60_000
/** Copying an image, or writing every block of a disk. libvirtd goes on by itself when virsh is gone. */
const LONG_DEADLINE_MS = 2 * 3_600_000

export function createCreationSession(virsh: Virsh, uri: string): CreationSession {
  let abilities: Promise<HostAbilities> | null = null

  async function readAbilities(signal: AbortSignal): Promise<HostAbilities> {
    const options = { signal, deadlineMs: READ_DEADLINE_MS }
    const kind = guestKindOf(await virsh.read(['capabilities'], options))
    if (kind === null) throw new AppError('libvirtFailed', { params: { reason: 'noEmulator' } })
    const { architecture, machine, kvm } = kind
    const words = ['--virttype', kvm ? 'kvm' : 'qemu', '--arch', architecture, '--machine', machine]
    return hostAbilitiesOf(
      await virsh.read(['domcapabilities', ...words], { ...options, asWriter: true }),
      kind
    )
  }

  return {
    async abilities(signal) {
      abilities ??= readAbilities(signal)
      try {
        return await abilities
      } catch (error) {
        abilities = null
        throw error
      }
    },
    identityOf(text) {
      try {
        const root = readXml(text.trim(), 'domain', 'domain')
        const name = textOf(root, 'name')
        return name === null ? null : { uuid: textOf(root, 'uuid')?.trim() ?? null, name }
      } catch (error) {
        if (error instanceof AppError) return null
        throw error
      }
    },
    shown: (action) => shownOf(uri, action),
    async run(action, journal, signal) {
      await virsh.write(writeOf(action), journal, { signal, deadlineMs: deadlineOf(action) })
    },
    async domain(vmUuid, signal) {
      const options = { signal, deadlineMs: READ_DEADLINE_MS }
      const { domains, sound } = parseListing(await virsh.read(LISTING.split(' '), options))
      if (!sound) throw new AppError('protocolViolation', { params: { subject: 'list' } })
      const found = domains.find(({ uuid }) => uuid === vmUuid)
      const hasNamesake = domains.some(({ uuid, name }) => uuid !== vmUuid && name.toLowerCase() === vmUuid)
      if (found === undefined) return null
      const state = found.id === null ? null : await virsh.read(['domstate', '--reason', vmUuid], options)
      return {
        name: found.name,
        isActive: state !== null,
        isStarting: state?.trim() === 'paused (starting up)',
        hasNamesake
      } satisfies FoundDomain
    },
    async hasVolume(poolUuid, name, signal) {
      try {
        await virsh.read(['vol-path', '--pool', poolUuid, '--vol', name], {
          signal,
          deadlineMs: READ_DEADLINE_MS
        })
        return true
      } catch (error) {
        if (error instanceof AppError && isVolumeMissing(error)) return false
        throw error
      }
    }
  }
}

const isVolumeMissing = (error: AppError): boolean =>
  error.code === 'libvirtFailed' &&
  /storage vol(?:ume)? not found|failed to get vol/i.test(String(error.params['stderr'] ?? ''))

const isLong = (action: CreateAction): boolean =>
  action.kind === 'copyVolume' || (action.kind === 'createVolume' && action.volume.allocation === 'full')

const deadlineOf = (action: CreateAction): number => (isLong(action) ? LONG_DEADLINE_MS : QUICK_DEADLINE_MS)

/** What virsh is given. */
function writeOf(action: CreateAction): VirshWrite {
  switch (action.kind) {
    case 'createVolume': {
      const { poolUuid, allocation, format } = action.volume
      // For qcow2, libvirt takes the space of all blocks only together with their tables.
      const full = allocation === 'full' && format === 'qcow2' ? ['--prealloc-metadata'] : []
      return {
        args: ['vol-create', '--pool', poolUuid, '--file', STDIN, ...full],
        document: volumeXml(action.volume)
      }
    }
    case 'copyVolume':
      return {
        args: [
          ...['vol-create-from', '--pool', action.volume.poolUuid, '--file', STDIN],
          ...['--vol', action.fromName, '--inputpool', action.fromPoolUuid]
        ],
        document: volumeXml(action.volume)
      }
    case 'growVolume':
      return {
        args: [
          'vol-resize',
          '--pool',
          action.poolUuid,
          '--vol',
          action.name,
          '--capacity',
          `${action.sizeBytes}B`
        ]
      }
    case 'uploadVolume':
      if (action.content === null) throw new AppError('internal')
      return {
        args: ['vol-upload', '--pool', action.poolUuid, '--vol', action.name, '--file', STDIN],
        // It may hold a password's hash: never in a command line, only on virsh's stdin.
        packed: gzipSync(action.content).toString('base64')
      }
    case 'define':
      return { args: ['define', '--validate', '--file', STDIN], document: action.xml }
    case 'autostart':
      return { args: ['autostart', '--domain', action.vmUuid] }
    case 'start':
      return { args: ['start', '--domain', action.vmUuid] }
    case 'forceOff':
      return { args: ['destroy', '--domain', action.vmUuid] }
    case 'undefine':
      return { args: ['undefine', '--domain', action.vmUuid, '--nvram'] }
    case 'deleteVolume':
      return { args: ['vol-delete', '--pool', action.poolUuid, '--vol', action.name] }
  }
}

const shownOf = (uri: string, action: CreateAction): string =>
  action.kind === 'uploadVolume'
    ? shownCommand(uri, {
        args: ['vol-upload', '--pool', action.poolUuid, '--vol', action.name, '--file', 'seed.iso']
      })
    : shownCommand(uri, writeOf(action))

function volumeXml({ name, format, capacityBytes, allocation, backing }: NewVolume): string {
  return xmlText(
    xml(
      'volume',
      {},
      xml('name', {}, name),
      xml('capacity', { unit: 'bytes' }, capacityBytes),
      xml('allocation', { unit: 'bytes' }, allocation === 'full' ? capacityBytes : 0),
      xml('target', {}, xml('format', { type: format })),
      backing === null
        ? null
        : xml('backingStore', {}, xml('path', {}, backing.path), xml('format', { type: backing.format }))
    )
  )
}
