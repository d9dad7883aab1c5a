/** What a server can tell, in a real window over the demo fleet: the panel, the facts, the table's columns, and sudo. */
import { expect, it } from 'vitest'
import { demoConsole } from './demo-console.ts'
import { photograph } from './harness.ts'

const demo = demoConsole()

it(
  'says why something cannot be read, and reads it once sudo may be used',
  { timeout: 120_000 },
  async () => {
    const { page, complaints } = await demo.open()
    await page.getByText('kvm-bravo').first().click()
    await page.getByRole('link', { name: /things? cannot be read/ }).click()
    const panel = page.getByRole('region', { name: 'What it can tell' })
    await panel.getByText('Memory modules and serial number').waitFor()
    await panel
      .getByText(/NOPASSWD: \/usr\/bin\/cat \/sys\/firmware\/dmi\/tables\/DMI/)
      .first()
      .waitFor()
    await photograph(page, 'capabilities-refused')
    await panel.getByRole('button', { name: 'Check again' }).click()
    await panel.getByText('Memory modules and serial number').waitFor()

    await panel.getByRole('button', { name: 'Use sudo…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('checkbox', { name: 'Use sudo' }).click()
    await dialog.getByRole('button', { name: 'Test' }).click()
    await dialog.getByText(/visudo -f/).waitFor()
    await photograph(page, 'capabilities-sudo-test')
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    const leave = page.getByRole('button', { name: /Discard|Leave|Close/ })
    if (await leave.isVisible()) await leave.click()

    await page.evaluate(() => (location.hash = '#/'))
    await page.getByText('kvm-alpha').first().click()
    await page.getByRole('tab', { name: 'Facts' }).click()
    await page.getByText(/8 of 16 slots|4 of 8 slots/).waitFor()
    await page.getByText('Asia/Shanghai').waitFor()
    await photograph(page, 'facts')

    await page.evaluate(() => (location.hash = '#/'))
    await page.getByRole('button', { name: 'Table' }).click()
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('menuitem', { name: 'Address' }).click()
    await page.getByRole('menuitem', { name: 'Checked' }).click()
    await page.keyboard.press('Escape')
    await page.getByRole('columnheader', { name: 'Address' }).waitFor()
    await photograph(page, 'fleet-table')
    expect(complaints).toEqual([])
  }
)
