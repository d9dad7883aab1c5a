/** A machine made on the demo fleet in a real browser, by mouse and by keyboard. */
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { demoConsole } from './demo-console.ts'
import { photograph } from './harness.ts'

const demo = demoConsole()

const next = (page: Page, step: string) => page.getByRole('button', { name: `Next: ${step}` }).click()

describe('creating a machine', () => {
  it('for Windows is made on a demo server without a line of doubt, and runs', async () => {
    const { page, complaints } = await demo.open()
    await page.getByRole('navigation', { name: 'Pages' }).waitFor()
    await expect.poll(() => page.getByText('6 on').count(), { timeout: 15_000 }).toBeGreaterThan(0)
    await page.keyboard.press('ControlOrMeta+k')
    await page.keyboard.type('create a machine')
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    // A server without libvirt says why it cannot be chosen.
    await expect.poll(() => dialog.getByRole('radio', { name: /存储/ }).isDisabled()).toBe(true)
    await dialog.getByRole('radio', { name: /kvm-alpha/ }).click()
    await photograph(page, 'create-where')
    await next(page, 'From')
    await dialog
      .getByRole('button', { name: 'Nothing', exact: true })
      .or(dialog.getByRole('radio', { name: 'Nothing' }))
      .click()
    await next(page, 'System')
    await dialog.getByRole('radio', { name: /Windows 11/ }).click()
    await photograph(page, 'create-system')
    await next(page, 'Size')
    await next(page, 'Network')
    await dialog.getByText('Up to 64 characters').waitFor()
    await dialog.getByLabel('Name', { exact: true }).fill('made-in-test')
    await photograph(page, 'create-size')
    await next(page, 'Network')
    await next(page, 'Review')
    await dialog.getByText('“made-in-test” is free.').waitFor()
    await photograph(page, 'create-review')
    await dialog.getByRole('button', { name: 'Create machine' }).click()
    await page.getByText('made-in-test was made on kvm-alpha.').waitFor()
    await page.getByRole('link', { name: 'Open made-in-test' }).click()
    await page.getByRole('heading', { name: 'made-in-test' }).waitFor()
    await expect.poll(() => page.getByText('running').count(), { timeout: 10_000 }).toBeGreaterThan(0)
    expect(complaints).toEqual([])
    await page.context().close()
  })
})
