import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { DeletionPlan } from '#contract/deletion.ts'
import { samplePlan } from '../../../test/fakes/engine-deletion.ts'
import { makeServer, manyServers } from '../../../test/fakes/engine-model.ts'
import { stubRpc } from '../../../test/fakes/stub-rpc.ts'
import { i18n } from '../../app/i18n.ts'
import { installRpc } from '../../app/rpc-provider.ts'
import DeleteDialog from './DeleteDialog.vue'

enableAutoUnmount(afterEach)

async function open(change: Partial<DeletionPlan> = {}, name = 'notebook-old') {
  const plan = manyServers(6)[5]
  const machine = plan === undefined ? undefined : makeServer(plan, 0, Date.now()).machines[0]
  if (machine === undefined) throw new Error('no machine')
  const stub = stubRpc({
    'deletion.plan': () => samplePlan(name, change),
    'deletion.refreshPools': () => null
  })
  installRpc(stub.rpc)
  const wrapper = mount(DeleteDialog, {
    props: { view: { ...machine, name }, serverName: 'gpu-01' },
    attachTo: document.body,
    global: { plugins: [i18n] }
  })
  await flushPromises()
  const dialog = document.querySelector<HTMLElement>('[role="dialog"]')
  if (dialog === null) throw new Error('no dialog')
  const button = (label: RegExp): HTMLButtonElement => {
    const found = [...dialog.querySelectorAll('button')].find((each) => label.test(each.textContent.trim()))
    if (found === undefined) throw new Error(`no button ${label.source}`)
    return found
  }
  const type = async (text: string): Promise<void> => {
    const input = dialog.querySelector('input:not([type="checkbox"])')
    if (!(input instanceof HTMLInputElement)) throw new Error('no field')
    input.value = text
    input.dispatchEvent(new Event('input'))
    await flushPromises()
  }
  const ticks = (): HTMLElement[] => [...dialog.querySelectorAll<HTMLElement>('[role="checkbox"]')]
  return { wrapper, stub, dialog, button, type, ticks, closed: () => wrapper.emitted('close') }
}

describe('the delete dialog', () => {
  it('names machine and server, ticks nothing, says why files are locked, and has the focus on Cancel', async () => {
    const { dialog, ticks } = await open()
    expect(dialog.textContent).toContain('Delete machine “notebook-old” on gpu-01')
    expect(dialog.textContent).toContain('2 snapshots, NVRAM go with it')
    expect(ticks().map((tick) => tick.getAttribute('aria-checked'))).toEqual(['false'])
    expect(dialog.textContent).toContain('Backing file of train-a, train-b. Kept.')
    expect(dialog.textContent).toContain('Install medium. Kept.')
    expect(dialog.textContent).not.toContain('vol-delete')
    await vi.waitFor(() => expect(document.activeElement?.textContent.trim()).toBe('Cancel'))
  })

  it('takes the exact name only, and gives what was ticked and no more', async () => {
    const { dialog, button, type, ticks, closed } = await open()
    await type('notebook-ol')
    expect(button(/^Delete/).disabled).toBe(true)
    ticks()[0]?.click()
    await flushPromises()
    expect(dialog.textContent).toContain('vol-delete --pool default --vol notebook-old.qcow2')
    await type('notebook-old')
    button(/^Delete machine and 1 file$/).click()
    await flushPromises()
    expect(closed()).toEqual([[{ token: 'plan', typedName: 'notebook-old', files: [0], forceOff: false }]])
  })

  it('wants a running machine to be forced off by a tick of its own', async () => {
    const { button, type, ticks, dialog } = await open({ active: true, files: [] })
    expect(dialog.textContent).toContain('destroy')
    await type('notebook-old')
    expect(button(/^Delete/).disabled).toBe(true)
    ticks()[0]?.click()
    await flushPromises()
    expect(button(/^Delete/).disabled).toBe(false)
  })

  it('lets a base go only together with what is built on it', async () => {
    const files = samplePlan('x')
      .files.slice(0, 2)
      .map((file) => ({ ...file, lock: null, users: [], command: 'c' }))
    const { ticks, dialog } = await open({ files })
    expect(ticks()[1]?.hasAttribute('disabled')).toBe(true)
    expect(dialog.textContent).toContain('Can only go together with')
    ticks()[0]?.click()
    await flushPromises()
    ticks()[1]?.click()
    await flushPromises()
    expect(ticks().map((tick) => tick.getAttribute('aria-checked'))).toEqual(['true', 'true'])
    ticks()[0]?.click()
    await flushPromises()
    expect(ticks().map((tick) => tick.getAttribute('aria-checked'))).toEqual(['false', 'false'])
  })

  it('deletes nothing that is protected, and shows a hostile name as text', async () => {
    const { dialog } = await open({ isProtected: true }, '<img src=x onerror=alert(1)>')
    expect(dialog.textContent).toContain('This machine is protected')
    expect([...dialog.querySelectorAll('button')].map((each) => each.textContent.trim())).not.toContain(
      'Delete machine'
    )
    expect(dialog.querySelector('img')).toBeNull()
  })

  it('refreshes a pool that is behind, and reads the plan anew', async () => {
    const files = samplePlan('x')
      .files.slice(0, 1)
      .map((file) => ({ ...file, lock: 'poolStale' as const, command: null }))
    const { button, stub } = await open({ files })
    button(/^Refresh the pool$/).click()
    await flushPromises()
    expect(stub.asked.map(({ name }) => name)).toEqual([
      'deletion.plan',
      'deletion.refreshPools',
      'deletion.plan'
    ])
  })
})
