import { AppError } from '#contract/errors.ts'
import type { MachineView } from '#contract/machines.ts'
import type { ServerView } from '#contract/servers.ts'
import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { makeServer, manyServers } from '../../../test/fakes/engine-model.ts'
import { buttonNamed } from '../../../test/fakes/page.ts'
import { stubRpc } from '../../../test/fakes/stub-rpc.ts'
import { i18n } from '../../app/i18n.ts'
import { installRpc } from '../../app/rpc-provider.ts'
import { ConfirmDialog, DialogHost, provideDialogs } from '../../ui/index.ts'
import { createDialogs } from '../../ui/dialogs.ts'
import { createApp, defineComponent, h } from 'vue'
import MachineActions from './MachineActions.vue'
import { useMachineActions } from './use-machine-actions.ts'

enableAutoUnmount(afterEach)

const HOSTILE = '<b>x</b> $(id)'

function window(
  act: (input: never) => unknown,
  change: Partial<MachineView> = {},
  serverChange: Partial<ServerView> = {}
) {
  const plan = manyServers(6)[5]
  if (plan === undefined) throw new Error('no plan')
  const played = makeServer({ ...plan, name: 'gpu-01' }, 0, Date.now())
  const first = played.machines[0]
  if (first === undefined) throw new Error('no machine')
  const view: MachineView = {
    ...first,
    name: HOSTILE,
    state: 'running',
    notRespondingSinceAtMs: null,
    ...change
  }
  const stub = stubRpc({ 'machines.act': act })
  installRpc(stub.rpc)
  provideDialogs(createApp({}), createDialogs(ConfirmDialog))
  let actions: ReturnType<typeof useMachineActions> | undefined
  const Page = defineComponent({
    setup() {
      actions = useMachineActions()
      return () => [h(MachineActions, { view, server: { ...played.view, ...serverChange } }), h(DialogHost)]
    }
  })
  const wrapper = mount(Page, { attachTo: document.body, global: { plugins: [i18n] } })
  actions?.forget(view)
  return { stub, view, wrapper, state: () => actions?.stateOf(view) }
}

describe('acting on a VM', () => {
  it('sends the name that was seen, by UUID, without asking where there is a way back', async () => {
    const { stub, view } = window(() => ({ outcome: 'done' }))
    buttonNamed('Pause').click()
    await flushPromises()
    expect(stub.inputsOf('machines.act')).toEqual([{ ...view.ref, action: 'pause', seenName: HOSTILE }])
  })

  it('asks before it shuts down, names VM and server, and does nothing when cancelled', async () => {
    const { stub } = window(() => ({ outcome: 'done' }))
    buttonNamed('Shut down').click()
    await flushPromises()
    const dialog = document.querySelector('[role="dialog"]')
    expect(dialog?.textContent).toContain(`Shut down “${HOSTILE}” on gpu-01?`)
    expect(dialog?.querySelector('b')).toBeNull()
    buttonNamed('Cancel').click()
    await flushPromises()
    expect(stub.asked).toEqual([])
  })

  it('puts the focus on Cancel before it forces off', async () => {
    const { stub } = window(() => ({ outcome: 'done' }), { notRespondingSinceAtMs: 5 })
    buttonNamed('Force off').click()
    await flushPromises()
    await vi.waitFor(() => expect(document.activeElement?.textContent.trim()).toBe('Cancel'))
    buttonNamed('Force off').click()
    await flushPromises()
    expect(stub.inputsOf('machines.act')).toMatchObject([{ action: 'forceOff' }])
  })

  it('shows that it is under way, and takes no second click', async () => {
    const answer = Promise.withResolvers<unknown>()
    const { stub, state } = window(() => answer.promise)
    buttonNamed('Pause').click()
    await flushPromises()
    expect(buttonNamed('Pause').disabled).toBe(true)
    expect(buttonNamed('Reboot').disabled).toBe(true)
    buttonNamed('Pause').click()
    answer.resolve({ outcome: 'done' })
    await flushPromises()
    expect(stub.inputsOf('machines.act')).toHaveLength(1)
    expect(state()?.pending).toBeNull()
  })

  it('keeps what failed, to be shown beside the VM', async () => {
    const { state } = window(() => Promise.reject(new AppError('vmChanged', { params: { name: HOSTILE } })))
    buttonNamed('Pause').click()
    await flushPromises()
    expect(state()?.failed).toMatchObject({ action: 'pause', error: { code: 'vmChanged' } })
  })

  it('has nothing that changes a VM on a look-only server, and none that work on one that is off', async () => {
    const off = window(() => null, {}, { connection: { kind: 'stopped', sinceAtMs: 0 } })
    expect(buttonNamed('Pause').disabled).toBe(true)
    expect(buttonNamed('Pause').parentElement?.dataset['tip']).toBe('The server is not connected.')
    off.wrapper.unmount()
    const { view } = makeServer(
      { ...(manyServers(1)[0] ?? (off.view as never)), lookOnly: true },
      0,
      Date.now()
    )
    const look = window(() => null, {}, { record: { ...view.record, lookOnly: true } })
    // Whether its values are kept can still be chosen: that changes nothing on the server.
    expect(look.wrapper.findAll('button').map((button) => button.attributes('aria-label'))).toEqual([
      `Actions for ${HOSTILE}`
    ])
  })
})
