import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { OPTIONS_SUBJECTS } from './server-options.ts'

it('the file carries what is chosen per server of every subject there is', () => {
  const root = resolve(import.meta.dirname, '..')
  const subjects = globSync('**/*.ts', { cwd: root })
    .filter((path) => !path.endsWith('.test.ts'))
    .flatMap((path) =>
      [...readFileSync(resolve(root, path), 'utf8').matchAll(/new ServerOptions\([^,]+, '(\w+)'/g)].map(
        ([, subject]) => subject
      )
    )
  expect(subjects.toSorted()).toEqual(OPTIONS_SUBJECTS.toSorted())
})
