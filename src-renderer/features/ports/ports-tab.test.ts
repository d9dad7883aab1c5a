import { afterEach, describe, expect, it, vi } from 'vitest'
import { createFakeEngine } from '../../../test/fakes/engine.ts'
import { openWindow, type TestWindow } from '../../../test/fakes/window.ts'

let window_: TestWindow | null = null
afterEach(() => {
  window_?.close()
  window_ = null
})

async function openPorts(): Promise<TestWindow> {
  const [server] = createFakeEngine().servers
  if (server === undefined) throw new Error('no server')
  const opened = await openWindow({}, `#/servers/${server.view.record.id}/ports`)
  window_ = opened
  // The first mount of the whole window takes long on a busy machine.
  await vi.waitFor(() => expect(opened.root.textContent).toContain('Listening'), { timeout: 60_000 })
  return opened
}
const textOf = (element: Element | null | undefined): string =>
  (element?.textContent ?? '').replace(/\s+/g, ' ')
const rowWith = (opened: TestWindow, text: string) =>
  opened.until(() =>
    [...opened.root.querySelectorAll('[role="row"]')].find((row) => textOf(row).includes(text))
  )

describe('the ports of a server', () => {
  it('shows what listens, who it is or why not, and who reaches it', async () => {
    const opened = await openPorts()
    expect(textOf(await rowWith(opened, 'nginx +4'))).toContain('all addresses')
    const postgres = textOf(await rowWith(opened, 'postgresql.service'))
    expect(postgres).toContain('itself only')
    expect(opened.root.textContent).toContain('Processes of other users stay hidden')
    // A socket on a port that the kernel chose is shown only when asked for.
    expect(opened.root.textContent).not.toContain('41822')
    expect(opened.root.textContent).toContain('with 1 passing UDP socket')
  }, 90_000)

  it('compares scans from here and from inside with what listens', async () => {
    const opened = await openPorts()
    ;(await opened.role('button', 'Scans')).click()
    const web = textOf(await rowWith(opened, 'listens inside, filtered from here'))
    expect(web).toContain('80')
    expect(web).toContain('no-response')
    expect(textOf(await rowWith(opened, 'listens for itself only'))).toContain('5432')
  }, 90_000)

  it('takes a plan, says what is wrong with it, and scans what is typed', async () => {
    const opened = await openPorts()
    ;(await opened.role('button', 'Scans')).click()
    const list = await opened.role('textbox', 'Ports')
    opened.type(list, '22, 90-80')
    await opened.until(() => opened.root.textContent.includes('“90-80” ends before it begins'))
    expect(((await opened.role('button', 'Scan now')) as HTMLButtonElement).disabled).toBe(true)
    opened.type(list, '22, 8000-8001')
    await opened.until(() => opened.root.textContent.includes('3 ports'))
    ;(await opened.role('button', 'Scan now')).click()
    await opened.until(() => opened.engine.asked.some(({ name }) => name === 'ports.scan'))
    expect(opened.engine.asked.at(-1)?.input).toMatchObject({
      ports: '22, 8000-8001',
      origins: ['direct', 'ssh']
    })
    ;(await opened.role('button', 'Keep as plan')).click()
    await opened.until(() => opened.engine.asked.some(({ name }) => name === 'ports.setPlan'))
  }, 90_000)
})
