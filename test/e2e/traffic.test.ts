/** Web traffic in a real window, over the demo fleet: a log is found, added, its past counted, and its sums are saved. */
import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { demoConsole } from './demo-console.ts'
import { photograph } from './harness.ts'

const demo = demoConsole()

it('finds a log, reads it, counts its past, and gives the sums as CSV', async () => {
  const { page, complaints } = await demo.open()
  await page.getByText('kvm-alpha').first().click()
  await page.getByRole('tab', { name: 'Traffic' }).click()
  await page.getByText('No access log is read on this server').waitFor()
  await page.getByText('/var/log/squid/access.log').waitFor()
  await photograph(page, 'traffic-empty')
  await page.getByRole('button', { name: 'Add /var/log/squid/access.log' }).click()
  await page.getByText('up to date').waitFor()

  await page.getByRole('button', { name: 'Logs', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await photograph(page, 'traffic-logs')
  await dialog.getByRole('button', { name: 'Count earlier requests' }).click()
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  await page.getByText('earlier requests were counted').waitFor({ timeout: 60_000 })
  await page.getByRole('gridcell', { name: 'deb.example.org' }).waitFor({ timeout: 60_000 })
  await page.getByRole('button', { name: 'Close the task list' }).click()
  await photograph(page, 'traffic')

  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save as CSV' }).first().click()
  const csv = await readFile(await (await download).path(), 'utf8')
  expect(csv).toMatch(/^\ufeffDomain,Requests,Share \(ratio\),Bytes,/)
  expect(csv).toContain('deb.example.org,')

  await page.getByText('Newest requests', { exact: true }).click()
  await page.getByRole('gridcell', { name: /TCP_/ }).first().waitFor()
  await page.getByRole('button', { name: 'Pause' }).click()
  await page.getByText('paused').waitFor()
  await photograph(page, 'traffic-newest')

  await page.getByText('Over time', { exact: true }).click()
  await page.getByText('Mean response').first().waitFor()
  await photograph(page, 'traffic-over-time')

  await page.getByText('build-host').first().click()
  await page.getByRole('tab', { name: 'Traffic' }).click()
  await page.getByText('sudo usermod -aG adm demo').waitFor()
  await page.getByRole('button', { name: 'Add /var/log/nginx/access.log' }).click()
  await page.getByText('the login user may not read it', { exact: true }).waitFor()
  await photograph(page, 'traffic-denied')
  expect(complaints).toEqual([])
}, 180_000)
