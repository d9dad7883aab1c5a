import { describe, expect, it } from 'vitest'
import { i18n } from '../app/i18n.ts'
import { en } from './en.ts'

function* pathsOf(branch: object, path: readonly string[] = []): Generator<string> {
  for (const [name, value] of Object.entries(branch))
    if (typeof value === 'string') yield [...path, name].join('.')
    else yield* pathsOf(value as object, [...path, name])
}

/** `@`, `{` and `|` mean something to the message compiler: a text that holds one by mistake breaks the screen that shows it. */
function breaks(path: string): boolean {
  try {
    i18n.global.t(path)
    return false
  } catch (error) {
    return error instanceof SyntaxError
  }
}

describe('the words of the window', () => {
  it('can all be shown', () => {
    const paths = [...pathsOf(en)]
    expect(paths.length).toBeGreaterThan(500)
    expect(paths.filter(breaks)).toEqual([])
  })
})
