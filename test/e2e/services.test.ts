/** Users, units, updates and containers in a real window, over the demo fleet: a unit is restarted, one fails again. */
import { expect, it } from 'vitest'
import { demoConsole } from './demo-console.ts'
import { photograph } from './harness.ts'

const demo = demoConsole()

it('shows who is there and what failed, restarts a unit with its exact command, and says why one cannot be had', async () => {
  const { page, complaints } = await demo.open()
  await page.getByText('kvm-alpha').first().click()
  await page.getByRole('tab', { name: 'Services' }).click()
  await page.getByRole('row', { name: /ana/ }).first().waitFor()
  await page.getByText('this console').waitFor()
  await photograph(page, 'services-users')

  await page.getByLabel('What to show').getByText(/Units/).click()
  await page.getByRole('row', { name: /backup-nightly/ }).waitFor()
  await photograph(page, 'services-units')

  await page.getByRole('button', { name: 'Actions on the unit ssh.service' }).click()
  await page.getByRole('menuitem', { name: 'Stop…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('The way to this server hangs on it').waitFor()
  expect(await page.evaluate(() => document.activeElement?.textContent.trim())).toBe('Cancel')
  await photograph(page, 'services-stop')
  await page.keyboard.press('Escape')

  await page.getByRole('button', { name: 'Actions on the unit backup-nightly.service' }).click()
  await page.getByRole('menuitem', { name: 'Start…' }).click()
  await dialog.getByText('systemctl --no-ask-password start -- backup-nightly.service').waitFor()
  await dialog.getByRole('button', { name: 'Start', exact: true }).click()
  await dialog.getByText('It failed with exit code 1').waitFor()
  await dialog.getByText("Failed with result 'exit-code'").waitFor()
  await photograph(page, 'services-failed-again')
  await dialog.getByRole('button', { name: 'Close' }).last().click()

  await page
    .getByLabel('What to show')
    .getByText(/Updates/)
    .click()
  await page.getByRole('button', { name: 'Count now' }).click()
  await page.getByRole('row', { name: /openssl/ }).waitFor()
  await page.getByText('Reboot required').waitFor()
  await photograph(page, 'services-updates')

  await page
    .getByLabel('What to show')
    .getByText(/Containers/)
    .click()
  await page.getByText('Neither Docker nor Podman is installed on this server.').waitFor()
  await page.getByText('存储-节点-07').first().click()
  await page.getByRole('tab', { name: 'Services' }).click()
  await page.getByText('usermod -aG docker').waitFor()
  await photograph(page, 'services-denied')
  await page.getByText('gpu-01').first().click()
  await page.getByRole('tab', { name: 'Services' }).click()
  await page.getByRole('row', { name: /postgres/ }).waitFor()
  await photograph(page, 'services-containers')

  await page.getByRole('link', { name: /Activity/ }).click()
  await page.getByRole('row', { name: /Start unit.*failed/ }).waitFor()
  expect(complaints).toEqual([])
}, 180_000)
