/** The editor of a maintenance: what is typed, and what it makes. Pure. */
import { MaintenanceDraft, type Maintenance } from '#contract/alerts.ts'
import type { AlertScope } from '#contract/alert-rules.ts'
import { parseSpan, spanText } from './span-text.ts'

export interface MaintenanceForm {
  name: string
  enabled: boolean
  scopes: AlertScope[]
  zone: string
  fromDay: string
  at: string
  duration: string
  repeat: 'once' | 'daily' | 'weekly' | 'monthly'
  weekdays: number[]
  dayOfMonth: number | null
  untilDay: string
}
export type MaintenanceField =
  'name' | 'scopes' | 'zone' | 'fromDay' | 'at' | 'duration' | 'weekdays' | 'dayOfMonth' | 'untilDay'
export type MaintenanceResult =
  | { readonly ok: true; readonly draft: MaintenanceDraft }
  | { readonly ok: false; readonly problems: ReadonlyMap<MaintenanceField, string> }

/** @param today YYYY-MM-DD, of a new one */
export function maintenanceForm(
  maintenance: Maintenance | null,
  today: string,
  zone: string
): MaintenanceForm {
  const repeat = maintenance?.repeat
  return {
    name: maintenance?.name ?? '',
    enabled: maintenance?.enabled ?? true,
    scopes: [...(maintenance?.scopes ?? [])],
    zone: maintenance?.zone ?? zone,
    fromDay: maintenance?.fromDay ?? today,
    at: maintenance?.at ?? '02:00',
    duration: spanText(maintenance?.durationMs ?? 2 * 3_600_000),
    repeat: repeat?.kind ?? 'once',
    weekdays: repeat?.kind === 'weekly' ? [...repeat.weekdays] : [5],
    dayOfMonth: repeat?.kind === 'monthly' ? repeat.dayOfMonth : 1,
    untilDay: maintenance?.untilDay ?? ''
  }
}

export function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return zone !== ''
  } catch {
    // RangeError is the only way to be told that a zone is none.
    return false
  }
}
const isDay = (text: string): boolean => MaintenanceDraft.shape.fromDay.safeParse(text).success

export function checkedMaintenance(form: MaintenanceForm): MaintenanceResult {
  const problems = new Map<MaintenanceField, string>()
  const fromDay = form.fromDay.trim()
  const untilDay = form.repeat === 'once' || form.untilDay.trim() === '' ? null : form.untilDay.trim()
  const at = form.at.trim().replace(/^(\d):/, '0$1:')
  const durationMs = parseSpan(form.duration)
  if (form.name.trim() === '') problems.set('name', 'name')
  if (form.scopes.length === 0) problems.set('scopes', 'scopes')
  if (!isTimeZone(form.zone.trim())) problems.set('zone', 'zone')
  if (!isDay(fromDay)) problems.set('fromDay', 'day')
  if (!MaintenanceDraft.shape.at.safeParse(at).success) problems.set('at', 'at')
  if (durationMs === null || !MaintenanceDraft.shape.durationMs.safeParse(durationMs).success)
    problems.set('duration', 'duration')
  if (form.repeat === 'weekly' && form.weekdays.length === 0) problems.set('weekdays', 'weekdays')
  const day = form.dayOfMonth
  if (form.repeat === 'monthly' && (day === null || !Number.isInteger(day) || day < 1 || day > 31))
    problems.set('dayOfMonth', 'dayOfMonth')
  if (untilDay !== null && !isDay(untilDay)) problems.set('untilDay', 'day')
  else if (untilDay !== null && untilDay < fromDay) problems.set('untilDay', 'untilBefore')
  if (problems.size > 0) return { ok: false, problems }
  return {
    ok: true,
    draft: {
      name: form.name.trim(),
      enabled: form.enabled,
      scopes: [...form.scopes],
      zone: form.zone.trim(),
      fromDay,
      at,
      durationMs: durationMs ?? 0,
      repeat:
        form.repeat === 'weekly'
          ? { kind: 'weekly', weekdays: [...form.weekdays].sort() }
          : form.repeat === 'monthly'
            ? { kind: 'monthly', dayOfMonth: day ?? 1 }
            : { kind: form.repeat },
      untilDay
    }
  }
}
