/** Processes in a real window, over the demo fleet: found, watched, looked at, ended, and as they were. */
import { expect, it } from 'vitest'
import { demoConsole } from './demo-console.ts'
import { photograph } from './harness.ts'

const demo = demoConsole()

it('finds a process, watches it, ends it, and shows how it was', async () => {
  const { page, complaints } = await demo.open()
  await page.getByText('kvm-alpha').first().click()
  await page.getByRole('tab', { name: 'Processes' }).click()
  const row = page.getByRole('row', { name: /worker\.py/ })
  await row.waitFor()
  await photograph(page, 'processes')

  await page.getByText('Tree', { exact: true }).click()
  await photograph(page, 'processes-tree')
  await page.getByText('List', { exact: true }).click()

  await page.getByRole('button', { name: 'Watch a pattern' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Ingest')
  await dialog.getByRole('textbox', { name: 'Found in the command line' }).fill('ingest/worker*')
  await dialog.getByRole('button', { name: 'Watch' }).click()
  const tile = page.getByRole('region', { name: 'Ingest' })
  await tile.getByText('1 process').waitFor()
  await tile.getByRole('button', { name: 'Ingest', exact: true }).click()
  await page.getByText(/^1 of \d+/).waitFor()
  await photograph(page, 'processes-watched')

  await row.click()
  await dialog.getByText('CPU, share of one thread').waitFor()
  await photograph(page, 'process-detail')
  await dialog.getByRole('button', { name: 'Close' }).last().click()

  await row.getByRole('button', { name: /Actions for python3/ }).click()
  await page.getByRole('menuitem', { name: 'Kill (KILL)' }).click()
  await dialog.getByText(/^PID \d+ of user deploy on kvm-alpha\./).waitFor()
  expect(
    await dialog.getByRole('button', { name: 'Cancel' }).evaluate((it) => it === document.activeElement)
  ).toBe(true)
  await photograph(page, 'process-kill')
  await dialog.getByRole('button', { name: 'Kill', exact: true }).click()
  await page.getByText(/python3 \(PID \d+\) has ended\./).waitFor()

  await page.getByRole('button', { name: 'As they were…' }).click()
  const now = new Date()
  const two = (value: number): string => String(value).padStart(2, '0')
  await dialog
    .getByRole('textbox')
    .fill(
      `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())} ${two(now.getHours())}:${two(now.getMinutes())}`
    )
  await dialog.getByRole('button', { name: 'Show' }).click()
  await page.getByText(/^As they were at/).waitFor()
  await page
    .getByRole('row', { name: /worker\.py/ })
    .first()
    .waitFor()
  await photograph(page, 'processes-past')
  await page.getByRole('button', { name: 'Back to now' }).click()
  expect(complaints).toEqual([])
}, 120_000)
