/** Addresses of histories. Pure. */
import type { RouteLocationRaw } from 'vue-router'
import { ROUTE } from '../../app/routes.ts'
import { choose, encodeChosen, type SeriesId, type Subject } from './choice.ts'
import { rangeFields, type TimeRange } from './time-range.ts'
import type { Panel } from './use-choice.ts'

/** The History tab of a server or a VM with these series over this range; at most MOST_SERIES of them. */
export const historyLink = (
  subject: Subject,
  series: readonly SeriesId[],
  range: TimeRange,
  panel?: Panel
): RouteLocationRaw => ({
  ...(subject.vmUuid === null
    ? { name: ROUTE.server, params: { serverId: subject.serverId, tab: 'history' } }
    : {
        name: ROUTE.machine,
        params: { serverId: subject.serverId, vmUuid: subject.vmUuid, tab: 'history' }
      }),
  query: {
    s: choose([], series).map((chosen) => encodeChosen(chosen, subject)),
    ...rangeFields(range),
    panel
  }
})
