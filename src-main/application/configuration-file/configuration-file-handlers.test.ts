import { expect, it } from 'vitest'
import { configurationFileHandlers } from './configuration-file-handlers.ts'
import type { ConfigurationFiles } from './configuration-files.ts'

/** Where the page itself gets the file. */
function ofBrowser(exportsSecrets: boolean) {
  const asked: (string | null)[] = []
  const files = {
    text: async (passphrase: string | null) => {
      asked.push(passphrase)
      return { text: '{}', secrets: 0 }
    }
  } as unknown as ConfigurationFiles
  const target = {
    open: async () => ({
      kind: 'download' as const,
      location: '/download/1',
      write: async () => undefined,
      finish: async () => undefined,
      abort: async () => undefined
    })
  }
  const handlers = configurationFileHandlers({ files, target, exportsSecrets })
  const context = { signal: new AbortController().signal, progress: () => undefined }
  return {
    asked,
    export: (passphrase: string | null) =>
      handlers['configurationFile.export'](
        { fileName: 'c.json', passphrase, layout: {} },
        context as unknown as Parameters<(typeof handlers)['configurationFile.export']>[1]
      )
  }
}

it('gives a page no secrets, whatever passphrase it thinks of, unless the operator allowed it at the start', async () => {
  const closed = ofBrowser(false)
  await expect(closed.export('a passphrase of its own')).rejects.toMatchObject({
    code: 'refused',
    params: { what: 'exportSecrets' }
  })
  expect(closed.asked).toEqual([])
  await closed.export(null)
  const open = ofBrowser(true)
  await open.export('a passphrase of theirs')
  expect([closed.asked, open.asked]).toEqual([[null], ['a passphrase of theirs']])
})
