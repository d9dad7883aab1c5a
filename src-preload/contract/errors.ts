/**
 * The closed list of errors. Main never sends sentences: the window turns code + params into words
 * (`errors.<code>` in the locale files says what happened, to what, and what to do next).
 */
import { z } from 'zod'

export const ErrorCode = z.enum([
  // the console itself
  'internal',
  'invalidInput',
  'cancelled',
  'deadlineExceeded',
  'notFound',
  'conflict',
  'overflow',
  'tooManyStreams',
  'messageTooLarge',
  'refused',
  'disconnected',
  // reaching a server
  'addressNotFound',
  'addressTimeout',
  'connectionRefused',
  'connectTimeout',
  'networkUnreachable',
  'connectionClosed',
  'handshakeTimeout',
  'notSsh',
  'algorithmMismatch',
  'linkFrozen',
  'jumpFailed',
  // who it is and who we are
  'hostKeyUnknown',
  'hostKeyChanged',
  'hostKeyRevoked',
  'loginRefused',
  'loginTimeout',
  'passwordNeeded',
  'passphraseNeeded',
  'passphraseWrong',
  'keyUnreadable',
  'agentUnavailable',
  'sshConfigUnreadable',
  'secretsUnavailable',
  // commands on a server
  'channelRefused',
  'forwardFailed',
  'tooManyTerminals',
  'shellUnavailable',
  'outputTooLarge',
  'protocolViolation',
  'commandFailed',
  // libvirt
  'libvirtMissing',
  'libvirtDenied',
  'libvirtDaemonDown',
  'libvirtFailed',
  'vmNotFound',
  'vmChanged',
  'vmNotResponding',
  'vmActionNotPossible',
  'changeRefused',
  'passwordAtRisk',
  'snapshotNotPossible',
  'cloneNotPossible',
  'storageNotResponding',
  'planChanged',
  'displayMissing',
  'displayNotUnderstood',
  'displayNeedsTls',
  'displayTaken',
  'serialMissing',
  'serialInUse',
  'createRefused',
  'createFailed',
  'volumeInUse',
  'volumeLeftBehind',
  'networkInUse',
  'checksumDiffers',
  'fileSourceLost',
  'migrationNotPossible',
  'migrationFailed',
  'migrationUnclear',
  // power of a server
  'wakeNotSent',
  // outside engines
  'tlsFailed',
  'engineLoginRefused',
  'engineStoreMissing',
  'engineNotThisKind',
  'engineRefused',
  'engineBusy',
  'engineNoData',
  // channels that tell alerts
  'notifyLoginRefused',
  'notifyRefused',
  'notifyBusy',
  'mailRelayDenied',
  // files of the console
  'diskFull',
  'databaseDamaged',
  'databaseNewer',
  'databaseOlder',
  'dataFolderLocked',
  'fileNotWritable',
  'nothingToExport',
  'tooManyColumns',
  'backupInvalid',
  'configurationFileInvalid',
  'configurationFileNewer',
  'configurationFilePassphrase',
  // reports
  'pdfNotPossible'
])
export type ErrorCode = z.infer<typeof ErrorCode>

export const ErrorParams = z.record(z.string(), z.union([z.string().max(4096), z.number()]))
export type ErrorParams = z.infer<typeof ErrorParams>

/** An error as it crosses the contract. `incidentId` names the log line that holds the cause. */
export const ErrorInfo = z.object({
  code: ErrorCode,
  params: ErrorParams,
  retryable: z.boolean(),
  incidentId: z.string().max(40).optional()
})
export type ErrorInfo = z.infer<typeof ErrorInfo>

export interface AppErrorOptions {
  /** Facts for the sentence: addresses, names, the server's own words. Never a secret. */
  params?: ErrorParams
  /** True when the same request may succeed later without any change by the operator. */
  retryable?: boolean
  /** For the log only. */
  cause?: unknown
}

/** The only error class that crosses module borders. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly params: ErrorParams
  readonly retryable: boolean
  incidentId: string | undefined

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    super(code, { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.params = options.params ?? {}
    this.retryable = options.retryable ?? false
  }

  /** The JSON-safe form; drops the cause. */
  toInfo(): ErrorInfo {
    const info: ErrorInfo = { code: this.code, params: this.params, retryable: this.retryable }
    if (this.incidentId !== undefined) info.incidentId = this.incidentId
    return info
  }

  static fromInfo(info: ErrorInfo): AppError {
    const error = new AppError(info.code, { params: info.params, retryable: info.retryable })
    error.incidentId = info.incidentId
    return error
  }
}
