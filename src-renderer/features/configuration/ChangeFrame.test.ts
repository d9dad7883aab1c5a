import type { ChangePlan, MachineChange } from '#contract/configuration.ts'
import { AppError } from '#contract/errors.ts'
import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp } from 'vue'
import { playedHardware } from '../../../test/fakes/engine-configuration.ts'
import { makeServer, manyServers } from '../../../test/fakes/engine-model.ts'
import { buttonNamed } from '../../../test/fakes/page.ts'
import { stubRpc } from '../../../test/fakes/stub-rpc.ts'
import { i18n } from '../../app/i18n.ts'
import { installRpc } from '../../app/rpc-provider.ts'
import { provideToasts } from '../../ui/index.ts'
import { createToasts } from '../../ui/toasts.ts'
import ChangeFrame from './ChangeFrame.vue'

enableAutoUnmount(afterEach)
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const PLAN: ChangePlan = {
  steps: [{ scope: 'live', command: 'virsh detach-disk vda --live' }],
  refusals: [{ scope: 'nextBoot', reason: 'notThere', params: { device: '<b>vda' } }],
  filesLeft: ['/images/web.qcow2'],
  mayLosePassword: false
}

async function open(
  plan: ChangePlan,
  change: (input: never) => unknown = () => ({ live: null, nextBoot: null })
) {
  const serverPlan = manyServers(6)[5]
  if (serverPlan === undefined) throw new Error('no plan')
  const [view] = makeServer({ ...serverPlan, name: 'gpu-01' }, 0, Date.now()).machines
  if (view === undefined) throw new Error('no machine')
  const stub = stubRpc({ 'configuration.plan': () => plan, 'configuration.change': change })
  installRpc(stub.rpc)
  provideToasts(createApp({}), createToasts())
  const detach: MachineChange = { kind: 'diskDetach', target: 'vda' }
  const wrapper = mount(ChangeFrame, {
    attachTo: document.body,
    global: { plugins: [i18n] },
    props: {
      title: 'Detach',
      view,
      configuration: { live: playedHardware, nextBoot: playedHardware, needsShutdown: false },
      change: detach,
      confirmLabel: 'Detach now'
    }
  })
  await vi.advanceTimersByTimeAsync(500)
  await flushPromises()
  const dialog = () => document.querySelector('[role="dialog"]')
  return { stub, wrapper, view, dialog, text: () => dialog()?.textContent ?? '' }
}

describe('the dialog of a change', () => {
  it('shows what happens when, what cannot be done, what stays, and the exact commands; then sends what was shown', async () => {
    const { stub, view, text, wrapper, dialog } = await open(PLAN)
    expect(text()).toContain('The disk is pulled out of the running guest.')
    expect(text()).not.toContain('The machine starts without it.')
    expect(text()).toContain('The device <b>vda is not there.')
    expect(dialog()?.querySelector('b')).toBeNull()
    expect(text()).toContain('Stays on the server, untouched: /images/web.qcow2')
    expect(text()).toContain('virsh detach-disk vda --live')
    buttonNamed('Detach now').click()
    await flushPromises()
    expect(stub.inputsOf('configuration.change')).toEqual([
      {
        ...view.ref,
        seenName: view.name,
        change: { kind: 'diskDetach', target: 'vda' },
        scopes: ['live', 'nextBoot'],
        acceptsPasswordLoss: false
      }
    ])
    expect(wrapper.emitted('close')).toEqual([[true]])
  })

  it('cannot be applied while nothing can be done, nor before a password’s loss is accepted', async () => {
    const nothing = await open({ ...PLAN, steps: [] })
    expect(buttonNamed('Detach now').disabled).toBe(true)
    nothing.wrapper.unmount()
    await open({ ...PLAN, mayLosePassword: true })
    expect(buttonNamed('Detach now').disabled).toBe(true)
    const tick = [...document.querySelectorAll<HTMLElement>('[role="checkbox"]')].at(-1)
    tick?.click()
    await flushPromises()
    expect(buttonNamed('Detach now').disabled).toBe(false)
  })

  it('stays open with libvirt’s words when it is refused', async () => {
    const { wrapper, text } = await open(PLAN, () =>
      Promise.reject(new AppError('libvirtFailed', { params: { stderr: 'error: disk is busy' } }))
    )
    buttonNamed('Detach now').click()
    await flushPromises()
    expect(wrapper.emitted('close')).toBeUndefined()
    expect(text()).toContain('disk is busy')
    expect(buttonNamed('Detach now').disabled).toBe(false)
  })
})
