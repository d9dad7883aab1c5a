/** Why a lane brought nothing, for the capability panel. */
import type { AppError } from '#contract/errors.ts'
import type { CapabilityCause } from '#contract/vocabulary.ts'

export const causeOf = (error: AppError): CapabilityCause =>
  error.code === 'deadlineExceeded' ? 'stalled' : 'unreadable'
