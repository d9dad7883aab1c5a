import { afterEach, expect, it, vi } from 'vitest'
import { openWindow, type TestWindow } from '../../../test/fakes/window.ts'

let window_: TestWindow | null = null
afterEach(() => {
  window_?.close()
  window_ = null
})

async function openArchive(): Promise<TestWindow> {
  const opened = await openWindow({}, '#/reports/archive')
  window_ = opened
  // The first mount of the whole window takes long on a busy machine.
  await vi.waitFor(() => expect(opened.root.textContent).toContain('Make a report'), { timeout: 60_000 })
  return opened
}
const textOf = (element: Element | null | undefined): string =>
  (element?.textContent ?? '').replace(/\s+/g, ' ')
const rowWith = (opened: TestWindow, text: string) =>
  opened.until(() =>
    [...opened.root.querySelectorAll('[role="row"]')].find((row) => textOf(row).includes(text))
  )
const askedOf = (opened: TestWindow, name: string): unknown =>
  opened.engine.asked.findLast((one) => one.name === name)?.input

it('lists what was made, what failed and why, and opens a file', async () => {
  const opened = await openArchive()
  await opened.until(() => /Made by themselves: daily\. Next: /.test(textOf(opened.root)))
  const made = await rowWith(opened, '98.4')
  expect(textOf(made)).toContain('made')
  expect(textOf(await rowWith(opened, 'failed'))).toContain('This computer’s disk is full.')
  await rowWith(opened, 'no values')
  const opening = vi.spyOn(window, 'open').mockReturnValue(null)
  ;[...made.querySelectorAll('button')].find((button) => textOf(button) === 'PDF')?.click()
  await opened.until(() => opening.mock.calls.length > 0)
  expect(askedOf(opened, 'reports.open')).toMatchObject({ format: 'pdf' })
  const [address, target, features] = opening.mock.calls[0] ?? []
  expect(new URL(String(address)).origin).toBe(window.location.origin)
  expect([target, features]).toEqual(['_blank', 'noopener'])
  opening.mockRestore()
}, 90_000)

it('makes the report of the last whole month of all servers', async () => {
  const opened = await openArchive()
  ;(await opened.role('button', 'Make a report…')).click()
  ;(await opened.role('button', 'Month')).click()
  ;(await opened.role('button', 'Make')).click()
  await opened.until(() => askedOf(opened, 'reports.make'))
  const now = new Date()
  const last = new Date(Date.UTC(now.getFullYear(), now.getMonth() - 1, 1)).toISOString().slice(0, 10)
  expect(askedOf(opened, 'reports.make')).toMatchObject({
    period: { kind: 'monthly', day: last },
    serverIds: [],
    formats: ['html', 'pdf']
  })
}, 90_000)

it('keeps a schedule, and none with a time that is none', async () => {
  const opened = await openArchive()
  ;(await opened.role('button', 'Schedule…')).click()
  const at = await opened.role('textbox', 'Time of day')
  opened.type(at, '25:00')
  await opened.until(() => textOf(document.body).includes('Write a time such as 07:00.'))
  expect(((await opened.role('button', 'Keep')) as HTMLButtonElement).disabled).toBe(true)
  opened.type(at, '06:30')
  ;(await opened.role('button', 'Keep')).click()
  await opened.until(() => askedOf(opened, 'reports.setSchedule'))
  expect(askedOf(opened, 'reports.setSchedule')).toMatchObject({
    schedule: { daily: true, weekly: false, at: '06:30', folder: null, mailTo: null }
  })
}, 90_000)
