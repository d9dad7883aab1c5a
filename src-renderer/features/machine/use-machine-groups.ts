/** What the VMs of a table stand under; the choice is kept in this window's storage. */
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRemembered } from '../../app/remembered.ts'
import { MACHINE_GROUPS, machineGroupLabel, type MachineGroupBy, type MachineRow } from './machine-rows.ts'

/** In setup only. @param oneServer all are of one server: neither it nor its location groups them */
export function useMachineGroups(oneServer: boolean, stateWords: (row: MachineRow) => string) {
  const { t } = useI18n()
  const offered = MACHINE_GROUPS.filter((group) => !oneServer || (group !== 'server' && group !== 'location'))
  const chosen = useRemembered<MachineGroupBy>('machines.group', MACHINE_GROUPS)
  const grouping = computed(() => (offered.includes(chosen.value) ? chosen.value : 'none'))
  return {
    grouping,
    label: computed(() => machineGroupLabel(grouping.value, stateWords) ?? undefined),
    words: computed(() => t('machines.group.label', { by: t(`machines.group.${grouping.value}`) })),
    items: computed(() =>
      offered.map((id) => ({
        id,
        label: t(`machines.group.${id}`),
        checked: grouping.value === id,
        onSelect: () => (chosen.value = id)
      }))
    )
  }
}
