import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { makeServer, manyServers } from '../../../test/fakes/engine-model.ts'
import { openWindow, type TestWindow } from '../../../test/fakes/window.ts'
import { ServerView } from '../server/index.ts'

vi.setConfig({ testTimeout: 60_000 })

let opened: TestWindow | null = null
// Loaded by need in the window; here it would take the time of the first test.
beforeAll(async () => void (await ServerView()), 60_000)
afterEach(() => {
  opened?.close()
  opened = null
})

/** The first server of a made-up fleet, which is made alike each time. */
const [plan] = manyServers(1)
if (plan === undefined) throw new Error('no plan')
const { id } = makeServer(plan, 0, Date.now()).view.record

const rows = (): string[] =>
  [...document.querySelectorAll('[role="rowgroup"] [role="row"]')].map((row) =>
    row.textContent.replace(/\s+/g, ' ').trim()
  )
const text = (): string => document.body.textContent.replace(/\s+/g, ' ')

async function processesOf(): Promise<TestWindow> {
  opened = await openWindow({ fleet: 1 }, `#/servers/${id}/processes`)
  await opened.until(() => rows().length === 4)
  return opened
}
const filterField = async (window: TestWindow): Promise<HTMLInputElement> =>
  (await window.role('textbox', 'Filter the processes')) as HTMLInputElement

describe('processes of a server', () => {
  it('shows the largest first, hostile names as text, and filters', async () => {
    const window = await processesOf()
    expect(rows()[0]).toContain('175')
    expect(text()).not.toContain('\u202E')
    window.type(await filterField(window), 'user:www')
    await window.until(() => rows().length === 1)
    expect(text()).toContain('1 of 4')
    window.type(await filterField(window), 'cpu>>')
    await window.until(() => document.querySelector('[aria-invalid="true"]'))
  })

  it('shows what ran at another moment, and comes back', async () => {
    const window = await processesOf()
    ;(await window.role('button', 'As they were…')).click()
    const show = await window.role('button', /^Show/)
    show.click()
    await window.until(() => rows().length === 2)
    ;(await window.role('button', 'Back to now')).click()
    await window.until(() => rows().length === 4)
  })

  it('says why I/O of others cannot be seen, and the line that allows it', async () => {
    const window = await processesOf()
    const fix = 'echo allow | sudo EDITOR=tee visudo -f /etc/sudoers.d/virthelm-process-io'
    window.engine.change(0, (view) => ({
      ...view,
      capabilities: [
        ...view.capabilities.filter(({ id: one }) => one !== 'processIo'),
        { id: 'processIo', works: false, cause: 'permissionDenied', fix }
      ]
    }))
    await window.until(() => text().includes('can be read by root only'))
    expect(text()).toContain(fix)
  })
})
