/** The columns of a table of VMs, as they are chosen, in words. */
import { useI18n } from 'vue-i18n'
import { useColumnChoice, type ColumnChoice } from '../../app/column-choice.ts'
import { MACHINE_COLUMNS_HIDDEN_AT_FIRST, machineColumns } from './machine-columns.ts'
import type { MachineRow } from './machine-rows.ts'

export interface MachineColumns extends ColumnChoice<MachineRow> {
  readonly stateWords: (row: MachineRow) => string
}

/** In setup only. @param oneServer all are of one server: no column says which */
export function useMachineColumns(oneServer: boolean, hasTags: () => boolean): MachineColumns {
  const { t } = useI18n()
  function stateWords({ view }: MachineRow): string {
    return view.notRespondingSinceAtMs === null
      ? t(`machine.state.${view.state}`)
      : t('machines.notResponding')
  }
  const missing = ({ view, server: of }: MachineRow): string =>
    of?.connection.kind !== 'online'
      ? t('machines.missing.notConnected')
      : view.state === 'shutOff' || view.state === 'crashed'
        ? t('machines.missing.off')
        : t('capabilities.noReason')
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
