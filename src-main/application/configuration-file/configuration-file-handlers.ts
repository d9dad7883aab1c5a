/** What the window can ask about configuration files. */
import type { configurationFileContract } from '#contract/configuration-file.ts'
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import { safeFileName } from '../export/file-name.ts'
import type { ExportTarget } from '../platform/platform.ts'
import type { ConfigurationFiles } from './configuration-files.ts'

export function configurationFileHandlers(deps: {
  readonly files: ConfigurationFiles
  readonly target: ExportTarget
  /** As the platform's. */
  readonly exportsSecrets: boolean
}): Handlers<typeof configurationFileContract> {
  const { files, target, exportsSecrets } = deps
  return {
    'configurationFile.contents': async () => ({ ...(await files.contents()), exportsSecrets }),
    async 'configurationFile.export'({ fileName, passphrase, layout }, context) {
      const { signal } = context
      if (passphrase !== null && !exportsSecrets)
        throw new AppError('refused', { params: { what: 'exportSecrets' } })
      const { text, secrets } = await files.text(passphrase, layout)
      const bytes = new TextEncoder().encode(text)
      const sink = await target.open(safeFileName(fileName), signal)
      if (sink === null) throw new AppError('cancelled')
      if (sink.kind === 'download') context.progress({ kind: 'address', path: sink.location })
      try {
        await sink.write(bytes)
        await sink.finish()
      } catch (error) {
        await sink.abort()
        throw error
      }
      return { path: sink.kind === 'file' ? sink.location : null, sizeBytes: bytes.byteLength, secrets }
    },
    'configurationFile.check': async ({ text }) => files.check(text),
    'configurationFile.unlock': async ({ importId, passphrase }) => ({
      secrets: await files.unlock(importId, passphrase)
    }),
    'configurationFile.plan': (choice) => files.plan(choice),
    'configurationFile.apply': (choice) => files.apply(choice),
    async 'configurationFile.drop'({ importId }) {
      files.drop(importId)
      return null
    }
  }
}
