import { AppError } from '#contract/errors.ts'

/**
 * Makes one word of a POSIX shell script out of any text: everything between single quotes is literal. The one place
 * where texts are put into scripts. Only for `/bin/sh`; fish and tcsh differ, which is why every channel runs `sh`.
 * @throws AppError invalidInput for a NUL character, which no shell word can hold.
 */
export function quote(text: string): string {
  if (text.includes('\0')) throw new AppError('invalidInput', { params: { reason: 'nulCharacter' } })
  return `'${text.replaceAll("'", "'\\''")}'`
}
