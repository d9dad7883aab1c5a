/** Rename, protect, balloon period: by UUID, only while the UUID leads to the name that was seen, each a row of the journal. */
import { AppError } from '#contract/errors.ts'
import { VmUuid } from '#contract/ids.ts'
import type { ActionJournal } from '../../application/machines/hypervisor.ts'
import type { MachineSettings, SettingTarget } from '../../application/machines/machine-settings.ts'
import { parseDomstate, isActive } from '../../domain/libvirt/domain-state.ts'
import { nameFaultOf } from '../../domain/libvirt/machine-name.ts'
import { parseListing, parseUuidLines } from '../../domain/libvirt/listing.ts'
import { readVirthelmMetadata, virthelmMetadataArgs } from '../../domain/libvirt/virthelm-metadata.ts'
import { LISTING } from './machine-catalogue.ts'
import { Virsh, type VirshDeps } from './virsh.ts'
import { childOf, readXml, textOf } from './xml-reader.ts'

const READ_DEADLINE_MS = 8_000
const WRITE_DEADLINE_MS = 30_000

export interface MachineSettingsDeps extends VirshDeps {
  /** Whether the VM's monitor was found to be stuck. */
  isHung(uuid: string): boolean
  /** What was known of the VM's XML may be wrong now. */
  changed(): void
}

interface Found {
  readonly names: ReadonlySet<string>
  readonly active: boolean
  readonly persistent: boolean
  readonly state: ReturnType<typeof parseDomstate>
}

export function createMachineSettings(deps: MachineSettingsDeps): MachineSettings {
  const virsh = new Virsh(deps)

  /** @throws AppError vmNotFound, vmChanged */
  async function find({ uuid, seenName }: SettingTarget, signal: AbortSignal): Promise<Found> {
    const read = (...words: string[]): Promise<string> =>
      virsh.read(words, { signal, deadlineMs: READ_DEADLINE_MS })
    const { domains, sound } = parseListing(await read(...LISTING.split(' ')))
    if (!sound) throw new AppError('protocolViolation', { params: { subject: 'list' } })
    const domain = domains.find((one) => one.uuid === uuid)
    if (domain === undefined) throw new AppError('vmNotFound', { params: { vmUuid: uuid } })
    if (domain.name !== seenName)
      throw new AppError('vmChanged', { params: { seenName, name: domain.name.slice(0, 4096) } })
    const state = parseDomstate(await read('domstate', uuid))
    const transient = parseUuidLines(await read('list', '--all', '--uuid', '--transient'))
    return {
      names: new Set(domains.map(({ name }) => name)),
      active: isActive(state),
      persistent: !transient.has(uuid),
      state
    }
  }

  const write = async (
    target: SettingTarget,
    args: readonly string[],
    journal: ActionJournal,
    signal: AbortSignal
  ): Promise<void> => {
    const guard = { uuid: VmUuid.parse(target.uuid), name: target.seenName }
    try {
      await virsh.write({ args, guard }, journal, { signal, deadlineMs: WRITE_DEADLINE_MS })
    } finally {
      deps.changed()
    }
  }

  return {
    async rename(target, newName, journal, signal) {
      const fault = nameFaultOf(newName)
      if (fault !== null) throw new AppError('invalidInput', { params: { what: newName, reason: fault } })
      if (newName === target.seenName) return
      const { names, active, state } = await find(target, signal)
      if (names.has(newName)) throw new AppError('conflict', { params: { name: newName } })
      if (active) throw new AppError('vmActionNotPossible', { params: { state } })
      await write(target, ['domrename', '--domain', target.uuid, '--new-name', newName], journal, signal)
    },
    async setProtected(target, on, journal, signal) {
      const { active, persistent } = await find(target, signal)
      if (!persistent) throw new AppError('vmActionNotPossible', { params: { what: 'transient' } })
      const xml = await virsh.read(['dumpxml', '--inactive', target.uuid], {
        signal,
        deadlineMs: READ_DEADLINE_MS
      })
      const domain = readXml(xml, 'domain')
      // virsh takes a UUID that is gone for a name.
      if (textOf(domain, 'uuid') !== target.uuid)
        throw new AppError('vmNotFound', { params: { vmUuid: target.uuid } })
      const marks = readVirthelmMetadata(childOf(domain, 'metadata'))
      if (marks.protected === on) return
      await write(
        target,
        virthelmMetadataArgs(target.uuid, { ...marks, protected: on }, active),
        journal,
        signal
      )
    },
    async setBalloonPeriod(target, periodSec, journal, signal) {
      const { active, persistent } = await find(target, signal)
      if (active && deps.isHung(target.uuid)) throw new AppError('vmNotResponding', { retryable: true })
      const where = [...(active ? ['--live'] : []), ...(persistent ? ['--config'] : [])]
      const args = ['dommemstat', target.uuid, '--period', String(periodSec), ...where]
      await write(target, args, journal, signal)
    }
  }
}
