import type { SnapshotRefusal } from '#contract/snapshots.ts'
import { useI18n } from 'vue-i18n'
import { visibleText } from '../../ui/index.ts'

/** Why it cannot be done, in a sentence. In setup only. */
export function useRefusalWords(): (refusal: SnapshotRefusal) => string {
  const { t } = useI18n()
  return ({ reason, disks }) => t(`snapshots.refusal.${reason}`, { disks: visibleText(disks.join(', ')) })
}
