/** The columns of a table of VMs, as they are chosen, in words. */
import { useI18n } from 'vue-i18n'
import { DomainState } from '#contract/vocabulary.ts'
import { useColumnChoice, type ColumnChoice } from '../../app/column-choice.ts'
import { MACHINE_COLUMNS_HIDDEN_AT_FIRST, machineColumns } from './machine-columns.ts'
import type { MachineRow } from './machine-rows.ts'

export interface MachineColumns extends ColumnChoice<MachineRow> {
  readonly stateWords: (row: MachineRow) => string
}

/** In setup only. @param oneServer all are of one server: no column says which */
export function useMachineColumns(oneServer: boolean, hasTags: () => boolean): MachineColumns {
  const { t } = useI18n()
  /** Asked for by each row that is drawn, sorted or filtered: the words are looked up once. */
  const words = {
    notResponding: t('machines.notResponding'),
    notConnected: t('machines.missing.notConnected'),
    off: t('machines.missing.off'),
    noReason: t('capabilities.noReason'),
    states: new Map(DomainState.options.map((state) => [state, t(`machine.state.${state}`)]))
  }
  const stateWords = ({ view }: MachineRow): string =>
    view.notRespondingSinceAtMs === null ? (words.states.get(view.state) ?? view.state) : words.notResponding
  const missing = ({ view, server: of }: MachineRow): string => {
    if (of?.connection.kind !== 'online') return words.notConnected
    return view.state === 'shutOff' || view.state === 'crashed' ? words.off : words.noReason
  }
  const choice = useColumnChoice(
    'machines',
    () =>
      machineColumns(
        {
          header: (id) => t(`machines.column.${id}`),
          state: stateWords,
          missing,
          memoryMissing: (row) =>
            row.view.now?.memoryUnknown
              ? t(`machine.memoryUnknown.${row.view.now.memoryUnknown}`)
              : missing(row),
          noTags: t('machines.noTags'),
          noLocation: t('machines.noLocation'),
          csvUnit: (id) => t(`machines.csvUnit.${id}`)
        },
        { server: !oneServer, tags: hasTags() }
      ),
    MACHINE_COLUMNS_HIDDEN_AT_FIRST
  )
  return { ...choice, stateWords }
}
