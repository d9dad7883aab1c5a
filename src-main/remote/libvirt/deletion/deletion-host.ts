/** The virsh commands of a deletion: surveys, and one write per step. Storage is never removed along with a domain. */
import { VmUuid } from '#contract/ids.ts'
import type { DeletionHost, DeletionStep } from '../../../application/deletion/host-survey.ts'
import { shownCommand, Virsh, type VirshDeps, type VirshWrite } from '../virsh.ts'
import { readSurvey } from './survey.ts'

const SURVEY_DEADLINE_MS = 45_000
/** A large file on a slow disk takes its time; a refresh opens every image of a folder. */
const STEP_DEADLINE_MS: Readonly<Record<DeletionStep['kind'], number>> = {
  forceOff: 30_000,
  undefine: 30_000,
  volume: 120_000,
  refreshPool: 60_000
}

export function createDeletionHost(deps: VirshDeps): DeletionHost {
  const virsh = new Virsh(deps)
  return {
    survey: (signal) => readSurvey(deps, { signal, deadlineMs: SURVEY_DEADLINE_MS }),
    commandOf: (step) => shownCommand(deps.uri, writeOf(step)),
    async run(step, journal, signal) {
      await virsh.write(writeOf(step), journal, { signal, deadlineMs: STEP_DEADLINE_MS[step.kind] })
    }
  }
}

function writeOf(step: DeletionStep): VirshWrite {
  switch (step.kind) {
    case 'forceOff':
      return onDomain(step, ['destroy', VmUuid.parse(step.uuid)])
    case 'undefine':
      return onDomain(step, ['undefine', VmUuid.parse(step.uuid), ...step.flags])
    case 'volume':
      return { args: ['vol-delete', '--pool', step.pool, '--vol', step.name] }
    case 'refreshPool':
      return { args: ['pool-refresh', '--pool', step.pool] }
  }
}

const onDomain = ({ uuid, name }: { uuid: string; name: string }, args: readonly string[]): VirshWrite => ({
  args,
  guard: { uuid, name }
})
