import { afterEach, describe, expect, it } from 'vitest'
import { MigrationCheckId } from '#contract/migration.ts'
import { openWindow, type TestWindow } from '../../../test/fakes/window.ts'
import { migrate } from '../../locales/en/migrate.ts'

describe('the dialog that moves a VM', () => {
  let view: TestWindow
  afterEach(() => view.close())
  const text = (): string => document.body.textContent.replace(/\s+/g, ' ')

  it('looks at both servers, shows the exact commands, and only then starts', async () => {
    view = await openWindow({}, '#/machines')
    const menus = await view.until(() => {
      const found = [...document.querySelectorAll<HTMLElement>('button[aria-label^="Actions for"]')]
      return found.length > 0 ? found : null
    })
    menus[0]?.click()
    ;(await view.role('menuitem', 'Move or copy to another server…')).click()
    await view.until(() => text().includes('3 checks passed'))
    expect(text()).toContain('12.0 GiB to copy')
    ;(await view.role('button', 'Review')).click()
    await view.until(() => text().includes('virsh -c qemu:///system migrate --live web'))
    ;(await view.role('button', 'Move it')).click()
    await view.until(() => text().includes('Its files are still on'))
  })
})

describe('the words of the checks', () => {
  it('has what was found for each, and something to do where it may fail', () => {
    for (const id of MigrationCheckId.options)
      expect(Object.keys(migrate.check[id].found).length).toBeGreaterThan(0)
  })
})
