/** Names of the chosen series, as the console knows their servers and VMs now. */
import type { EntityInfo, EntityRef } from '#contract/history.ts'
import { VmUuid } from '#contract/ids.ts'
import { useI18n } from 'vue-i18n'
import { visibleText } from '../../ui/index.ts'
import { useMachinesStore } from '../machines/index.ts'
import { useServersStore } from '../servers/index.ts'
import { isEntity } from './choice.ts'
import type { SeriesWords } from './series-words.ts'

/** @param known what the history knows of the page's server: also names of VMs that are gone */
export function useSeriesWords(known: () => readonly EntityInfo[] = () => []): SeriesWords {
  const { t } = useI18n()
  const servers = useServersStore()
  const machines = useMachinesStore()
  const server = ({ serverId }: EntityRef): string =>
    visibleText(servers.byId.get(serverId)?.record.name ?? t('history.goneServer'))
  function machine(entity: EntityRef): string {
    const vmUuid = VmUuid.safeParse(entity.key).data
    const view = vmUuid === undefined ? undefined : machines.get({ serverId: entity.serverId, vmUuid })
    const label = known().find((info) => isEntity(info.entity, entity))?.label ?? ''
    return visibleText(view?.name ?? (label === '' ? entity.key : label))
  }
  return {
    metric: ({ entity, metric }) => t(`metricNames.${entity.kind}.${metric}`),
    server,
    entity: (entity) =>
      entity.kind === 'server'
        ? server(entity)
        : entity.kind === 'vm'
          ? machine(entity)
          : visibleText(entity.key)
  }
}
