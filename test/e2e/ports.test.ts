/** Ports and power in a real window, over the demo fleet: a scan, what listens, a server that is switched off and comes back. */
import { expect, it } from 'vitest'
import { demoConsole } from './demo-console.ts'
import { photograph } from './harness.ts'

const demo = demoConsole()

it('lists what listens, scans from inside, shuts a server down and sees it come back', async () => {
  const { page, complaints } = await demo.open()
  await page.getByText('kvm-alpha').first().click()
  await page.getByRole('tab', { name: 'Ports' }).click()
  await page
    .getByRole('row', { name: /libvirtd/ })
    .first()
    .waitFor({ timeout: 30_000 })
  await photograph(page, 'ports-listening')

  await page.getByText('Scans', { exact: true }).click()
  await page.getByText('Not scanned yet').waitFor()
  await photograph(page, 'ports-not-scanned')
  await page.getByRole('textbox', { name: 'Ports' }).fill('22, 53, 80, 443, 5900-5902, 9100, 16509')
  await page.getByRole('button', { name: 'Scan now' }).click()
  await page.getByRole('row', { name: /16509/ }).waitFor()
  await page.getByText('was scanned').waitFor()
  expect(await page.getByRole('row', { name: /^22 ssh/ }).textContent()).toContain('open')
  await photograph(page, 'ports-scans')
  await page.getByText('Changes', { exact: true }).click()
  await photograph(page, 'ports-changes')

  await page.getByRole('button', { name: 'Actions for kvm-alpha' }).last().click()
  await page.getByRole('menuitem', { name: 'Shut down…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('systemctl poweroff').waitFor()
  await photograph(page, 'power-dialog')
  await dialog.getByRole('textbox').fill('kvm-alpha')
  await dialog.getByRole('button', { name: 'Shut down', exact: true }).click()
  await page.getByText('kvm-alpha is off').waitFor({ timeout: 60_000 })
  await page
    .getByText(/Shut down by you at/)
    .first()
    .waitFor()
  await photograph(page, 'power-off')
  await page.getByRole('link', { name: 'Fleet' }).first().click()
  await page.getByRole('button', { name: 'Wake…' }).waitFor()
  await photograph(page, 'power-off-fleet')
  await page.getByRole('button', { name: 'Wake…' }).click()
  await dialog.getByRole('button', { name: 'Keep and wake' }).waitFor()
  await photograph(page, 'power-wake')
  await dialog.getByRole('button', { name: 'Keep and wake' }).click()
  await page.getByText(/kvm-alpha is on after/).waitFor({ timeout: 100_000 })
  expect(complaints).toEqual([])
}, 240_000)
