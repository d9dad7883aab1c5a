/** Where nothing can keep a secret: it lives in memory, and the operator is asked again after the next start. */
import { AppError } from '#contract/errors.ts'
import type { SecretCipher } from '../application/platform/platform.ts'

/** `backend` says why nothing is kept (`memory`, `basic_text`, …). */
export function memoryCipher(backend = 'memory'): SecretCipher {
  return {
    canKeep: false,
    backend,
    encrypt: () => Promise.reject(new AppError('secretsUnavailable', { params: { backend } })),
    decrypt: () => Promise.resolve(null)
  }
}
