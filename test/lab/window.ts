/** What an operator does in the console's window to have a server of the lab in it. */
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import * as lab from './lab.ts'

/** Up to the last button: the address and the key file are given, the server's key was compared and trusted, all works. */
export async function fillServerDialog(page: Page, name: string): Promise<void> {
  const server = lab.labServer(name)
  await page.getByRole('button', { name: 'Add a server' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill(name)
  await dialog.getByLabel('Address').fill(`op@${server.address}`)
  await dialog.getByLabel('Key files').fill(lab.labKey('ed25519').privateKey)
  await dialog.getByRole('button', { name: 'Test' }).click()
  await dialog.getByText('Do you know this key?').waitFor()
  const shown = /SHA256:\S+/.exec(await dialog.innerText())?.[0]
  expect(server.hostKeys.map((key) => key.fingerprint)).toContain(shown)
  await dialog.getByRole('button', { name: 'Trust this key' }).click()
  await dialog.getByText('Everything works.').waitFor()
}
