import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  PLAYED_FILE,
  PLAYED_PASSPHRASE,
  type FakeConfigurationFile
} from '../../../test/fakes/engine-configuration-file.ts'
import { nameOf, openWindow, type TestWindow } from '../../../test/fakes/window.ts'
import { passphraseStrength } from './passphrase-strength.ts'

/** Whole windows, on machines that do other things too. */
vi.setConfig({ testTimeout: 30_000 })

let view: TestWindow
let seen: FakeConfigurationFile
beforeEach(async () => {
  localStorage.clear()
  seen = { applied: [], exported: [] }
  view = await openWindow({ configurationFile: seen }, '#/settings')
})
afterEach(() => view.close())

const text = (): string => document.body.textContent.replace(/\s+/g, ' ')
const has = (words: string | RegExp): Promise<true> =>
  view.until(() => (typeof words === 'string' ? text().includes(words) : words.test(text())) || null)
async function button(name: string | RegExp): Promise<HTMLButtonElement> {
  return (await view.role('button', name)) as HTMLButtonElement
}
/** Once it can be. */
async function press(name: string): Promise<void> {
  const one = await button(name)
  await view.until(() => !one.disabled)
  one.click()
}
const dialogButtons = (): string[] =>
  [...document.querySelectorAll<HTMLButtonElement>('[role=dialog] button')].map(nameOf)

describe('the export dialog', () => {
  const open = async (): Promise<void> => {
    const buttons = await view.until(() => {
      const all = [...document.querySelectorAll<HTMLButtonElement>('button')].filter(
        (one) => nameOf(one) === 'Export …'
      )
      return all.length > 0 ? all : null
    })
    buttons.at(-1)?.click()
    await has('9 servers')
  }

  it('says what the file holds, and exports without secrets unless they are wanted', async () => {
    await open()
    for (const part of ['8 host keys', '21 rules', '3 channels', 'The address of 1 webhook']) await has(part)
    ;(await button('Export')).click()
    await has('Configuration exported.')
    expect(seen.exported).toEqual([null])
  })

  it('takes a passphrase only when it is long enough and typed twice, and says how strong it is', async () => {
    await open()
    ;(await view.role('checkbox', 'With passwords, passphrases and tokens')).click()
    await has('5 of them, sealed')
    const exports = await button('Export')
    const first = await view.role('textbox', 'Passphrase')
    const again = await view.role('textbox', 'Passphrase again')
    await view.until(() => exports.disabled)
    view.type(first, 'short')
    await has('At least 12 characters.')
    view.type(first, 'aaaaaaaaaaaaaaaa')
    await has(/Strength\s*weak/)
    view.type(first, PLAYED_PASSPHRASE)
    await has(/Strength\s*(fair|strong)/)
    view.type(again, 'correct house')
    await has('The two are not the same.')
    expect(exports.disabled).toBe(true)
    view.type(again, PLAYED_PASSPHRASE)
    await view.until(() => !exports.disabled)
    exports.click()
    await has('Configuration exported, with 5 secrets.')
    expect(seen.exported).toEqual([PLAYED_PASSPHRASE])
  })
})

describe('the import dialog', () => {
  const pick = async (content: string): Promise<void> => {
    const input = await view.until(() =>
      document.querySelector<HTMLInputElement>('input[data-picks=configuration]')
    )
    Object.defineProperty(input, 'files', { value: [new File([content], 'mine.json')], configurable: true })
    input.dispatchEvent(new Event('change'))
    await has('Import a configuration')
  }

  it('refuses what is no file of its own, and one that is cut off, in words', async () => {
    await pick('hello')
    await has('This is no configuration file of Virthelm.')
    expect(dialogButtons()).not.toContain('Import')
    // Its own: a toast of before may have one too.
    document.querySelector<HTMLElement>('[role=dialog] [data-autofocus]')?.click()
    await view.until(() => document.querySelector('[role=dialog]') === null)
    await pick('{"format":"virthelm-configuration","servers"')
    await has('The file ends too soon.')
  })

  it('shows what would change before anything does: cautions open, other keys left alone, Cancel focused', async () => {
    await pick(PLAYED_FILE)
    await has('heron')
    await has('It is look-only here and would not be any more.')
    await has('a kept password or passphrase is forgotten')
    await has(/Look-only\s*is\s*yes.*becomes\s*no/)
    await has('Another key is pinned here. It stays, unless you tick this.')
    expect(document.activeElement?.textContent.trim()).toBe('Cancel')
    expect(seen.applied).toEqual([])
    await press('Import')
    await has('The configuration is imported.')
    expect(seen.applied).toMatchObject([{ mode: 'merge', acceptedKeys: [], typedCount: '' }])
    await has('/backups/configuration-2026-11-20.json')
  })

  it('takes up the layout at once', async () => {
    await view.until(() => document.querySelector('[role=tree]'))
    await pick(PLAYED_FILE)
    await press('Import')
    await has('The configuration is imported.')
    await view.until(() => document.querySelector('[role=tree]') === null)
    expect(localStorage.getItem('virthelm.tree')).toBe('hidden')
  })

  it('tries a passphrase again after a wrong one, and imports without one too', async () => {
    await pick(PLAYED_FILE)
    await has('Without it, all the rest can be imported.')
    const field = await view.role('textbox', 'Passphrase of the file')
    const unlock = await button('Unlock')
    view.type(field, 'not this one')
    await view.until(() => !unlock.disabled)
    unlock.click()
    await has('This passphrase does not open the secrets.')
    const imports = await button('Import')
    await view.until(() => !imports.disabled)
    view.type(field, PLAYED_PASSPHRASE)
    await view.until(() => !unlock.disabled)
    unlock.click()
    await has('3 secrets unlocked.')
    await has('Passwords and tokens')
    expect(document.querySelector('[role=dialog] input[type=password]')).toBeNull()
  })

  it('replaces only once what goes was named and its number typed; a part left out removes nothing', async () => {
    await pick(PLAYED_FILE)
    ;(await button('Replace')).click()
    await has('2 entries are removed from this console:')
    await has('osprey, merlin')
    const remove = await button('Remove 2 and import')
    expect(remove.disabled).toBe(true)
    const servers = await view.role('checkbox', 'Servers')
    servers.click()
    await view.until(() => !text().includes('are removed from this console'))
    servers.click()
    await has('2 entries are removed from this console:')
    ;(await view.role('checkbox', 'Replace the pinned key of heron.example:22')).click()
    view.type(await view.role('textbox', 'Type 2 to confirm'), '2')
    await press('Remove 2 and import')
    await has('The configuration is imported.')
    expect(seen.applied).toMatchObject([
      { mode: 'replace', acceptedKeys: ['heron.example:22'], typedCount: '2' }
    ])
  })
})

describe('the strength of a passphrase', () => {
  it.each([
    ['', 'none'],
    ['aaaaaaaaaaaaaaaaaaaa', 'weak'],
    ['abcdefghijklmnop', 'weak'],
    ['123456789012', 'weak'],
    ['passwordpassword', 'weak'],
    ['correct horse battery', 'fair'],
    ['correct horse battery staple', 'strong'],
    ['kX9#mQ2$vL7!pR4@', 'strong']
  ] as const)('of %o is %s', (passphrase, strength) => {
    expect(passphraseStrength(passphrase)).toBe(strength)
  })
})
