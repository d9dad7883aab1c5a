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

/** What is said of an SSH server otherwise. */
const ENGINE_VARIANTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'connectionRefused',
  'connectTimeout',
  'connectionClosed',
  'deadlineExceeded',
  'outputTooLarge'
])

const CHANNEL_VARIANTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...ENGINE_VARIANTS,
  'tlsFailed',
  'passwordNeeded'
])

const FILE_VARIANTS: Readonly<Record<string, string>> = {
  tooLarge: 'configurationFileInvalidTooLarge',
  cutOff: 'configurationFileInvalidCutOff',
  changed: 'configurationFileInvalidChanged',
  notUnderstood: 'configurationFileInvalidNotUnderstood',
  duplicate: 'configurationFileInvalidDuplicate'
}

/** The same code is said in other words where a fact changes what to do. */
function variantOf({ code, params }: ErrorInfo): string {
  if (code === 'migrationFailed' && params['left'] !== undefined) return 'migrationFailedLeft'
  if (code === 'refused' && params['what'] === 'lookOnly') return 'refusedLookOnly'
  if (code === 'refused' && params['what'] === 'nameNotTyped') return 'refusedNameNotTyped'
  const refusals: Readonly<Record<string, string>> = {
    tooManyTags: 'refusedTooManyTags',
    noMac: 'refusedNoMac',
    wakeVia: 'refusedWakeVia',
    scanThroughJump: 'refusedScanThroughJump',
    powerNotPossible: 'refusedPowerNotPossible',
    desktopChannel: 'refusedDesktopChannel',
    loginInAddress: 'refusedLoginInAddress',
    typedCount: 'refusedTypedCount',
    exportSecrets: 'refusedExportSecrets'
  }
  if (code === 'refused' && refusals[String(params['what'])] !== undefined)
    return refusals[String(params['what'])] ?? code
  if (code === 'notFound' && params['what'] === 'edit') return 'notFoundEdit'
  if (code === 'planChanged' && params['what'] === 'power') return 'planChangedPower'
  if (code === 'planChanged' && params['what'] === 'configurationFile') return 'planChangedConfigurationFile'
  if (code === 'configurationFileInvalid') return FILE_VARIANTS[String(params['fault'])] ?? code
  if (code === 'refused' && params['what'] === 'protected') return 'refusedProtected'
  if (code === 'refused' && params['what'] === 'typedName') return 'refusedTypedName'
  if (code === 'conflict' && params['what'] === 'tooManyEngines') return 'conflictEngines'
  if (code === 'createFailed' && params['undone'] === 'no') return 'createFailedLeft'
  if (code === 'conflict' && params['what'] === 'tooManyChannels') return 'conflictChannels'
  if (params['service'] === 'channel' && CHANNEL_VARIANTS.has(code)) return `${code}Channel`
  if (params['service'] === 'engine' && ENGINE_VARIANTS.has(code)) return `${code}Engine`
  if (code === 'storageNotResponding' && params['pool'] === undefined) return 'storageNotRespondingList'
  if (code === 'conflict' && params['what'] === 'otherName') return 'conflictOtherName'
  if (code === 'conflict' && params['what'] === 'gone') return 'conflictGone'
  if (code === 'volumeInUse' && params['how'] === 'running') return 'volumeInUseRunning'
  if (code === 'volumeInUse' && params['how'] === 'unknown') return 'volumeInUseUnknown'
  if (code === 'conflict' && params['max'] !== undefined) return 'conflictFull'
  if (code === 'conflict' && params['name'] !== undefined) return 'conflictName'
  return code
}

/** Whether it was refused because another has the name; the field says so then. */
export const isNameTaken = (error: unknown): boolean => variantOf(toErrorInfo(error)) === 'conflictName'

/** Where the words of reasons stand. */
const REASON_WORDS = ['errors.reasons', 'snapshots.refusal', 'clones.refusal']

/** A reason is a word of the engine's own (`publicKeyOnly`), or the server's text. */
const IDENTIFIER = /^[A-Za-z][A-Za-z0-9_]*$/

/** The words of one error, in the language of the window. */
export function useErrorWords(): (error: unknown) => ErrorWords {
  const i18n = useI18n()
  const { t } = i18n
  const detailOf = (params: ErrorParams): string => {
    const own = text(params, 'stderr', 'text', 'message', 'reason', 'detail')
    const reason = REASON_WORDS.map((place) => `${place}.${own}`).find((key) => i18n.te(key))
    if (reason !== undefined) return t(reason, { disks: text(params, 'disks') })
    const check = `createMachine.reason.${String(params['check'])}.${own}`
    // A check that failed is told as the review tells it, where its facts are words.
    if (i18n.te(check) && !Object.keys(params).some((name) => /Bytes$|^firmware$/.test(name)))
      return t(
        check,
        Object.fromEntries(Object.entries(params).map(([name, fact]) => [name, visibleText(String(fact))]))
      )
    if (i18n.te(`errors.reasons.${own}`)) return t(`errors.reasons.${own}`)
    return IDENTIFIER.test(own) ? '' : own
  }
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
    /** What a server says about a VM: a state, or one of the words of `errors.places`. */
    const place = (name: string): string => {
      const word = text(params, name) || 'unknown'
      return t(i18n.te(`errors.places.${word}`) ? `errors.places.${word}` : `machine.state.${word}`)
    }
    const named = {
      ...shown,
      source: text(params, 'source') || t('errors.someServer'),
      target: text(params, 'target') || t('errors.someServer'),
      left: text(params, 'left') || t('errors.something'),
      onSource: place('onSource'),
      onTarget: place('onTarget'),
      where: where === '' ? t('errors.someServer') : where,
      user: text(params, 'user') || t('errors.someUser'),
      what: text(params, 'name', 'what', 'vm', 'operation') || t('errors.something'),
      vm: text(params, 'seenName', 'vmName', 'name', 'vm') || t('errors.someMachine'),
      path: text(params, 'keyFile', 'path', 'file', 'folder') || t('errors.someFile'),
      step: i18n.te(`createMachine.progress.${String(params['step'])}`)
        ? t(`createMachine.progress.${String(params['step'])}`)
        : t('createMachine.progress.some'),
      part: text(params, 'part') || t('errors.something'),
      tool: text(params, 'tool') || 'virsh'
    }
    const words = `errors.${variantOf(info)}`
    return {
      code: info.code,
      title: t(`${words}.title`, named),
      next: t(`${words}.next`, named),
      detail: detailOf(params),
      incidentId: info.incidentId ?? ''
    }
  }
}
