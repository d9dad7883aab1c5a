/** Code + params → what happened, to what, and what to do next. The engine never sends sentences. */
import { AppError, ErrorInfo, type ErrorCode, type ErrorParams } from '#contract/errors.ts'
import { useI18n } from 'vue-i18n'
import { visibleText } from '../ui/remote-text.ts'

export interface ErrorWords {
  readonly code: ErrorCode
  /** What happened, to what. */
  readonly title: string
  /** What to do next. */
  readonly next: string
  /** The server's or the system's own words, when there are any. */
  readonly detail: string
  /** '' or the id of the log line that holds the cause. */
  readonly incidentId: string
}

/** Any thrown thing as an ErrorInfo; what is not one of ours is `internal`. */
export function toErrorInfo(error: unknown): ErrorInfo {
  if (error instanceof AppError) return error.toInfo()
  const parsed = ErrorInfo.safeParse(error)
  if (parsed.success) return parsed.data
  return { code: 'internal', params: {}, retryable: false }
}

const text = (params: ErrorParams, ...names: string[]): string => {
  for (const name of names) {
    const value = params[name]
    if (value !== undefined && value !== '') return visibleText(String(value))
  }
  return ''
}

/** The words of one error, in the language of the window. */
export function useErrorWords(): (error: unknown) => ErrorWords {
  const { t } = useI18n()
  return (error) => {
    const info = toErrorInfo(error)
    const { params } = info
    const host = text(params, 'host', 'address')
    const port = text(params, 'port')
    const where =
      host === ''
        ? text(params, 'server', 'serverName')
        : port === '' || port === '22'
          ? host
          : `${host}:${port}`
    const shown: Record<string, string> = {}
    for (const [name, value] of Object.entries(params)) shown[name] = visibleText(String(value))
    const named = {
      ...shown,
      where: where === '' ? t('errors.someServer') : where,
      user: text(params, 'user') || t('errors.someUser'),
      what: text(params, 'name', 'what', 'vm', 'operation') || t('errors.something'),
      vm: text(params, 'vmName', 'name', 'vm') || t('errors.someMachine'),
      path: text(params, 'path', 'file', 'keyFile', 'folder') || t('errors.someFile'),
      tool: text(params, 'tool') || 'virsh'
    }
    return {
      code: info.code,
      title: t(`errors.${info.code}.title`, named),
      next: t(`errors.${info.code}.next`, named),
      detail: text(params, 'stderr', 'message', 'reason', 'detail'),
      incidentId: info.incidentId ?? ''
    }
  }
}
