/** The editor of channels: what is said where, when a channel cannot be kept. */
import { AppError } from '#contract/errors.ts'
import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { buttonNamed, fieldNamed, submit, type } from '../../../test/fakes/page.ts'
import { stubRpc } from '../../../test/fakes/stub-rpc.ts'
import { i18n } from '../../app/i18n.ts'
import { installRpc } from '../../app/rpc-provider.ts'
import ChannelDialog from './ChannelDialog.vue'

enableAutoUnmount(afterEach)

async function open(save: () => unknown) {
  const stub = stubRpc({ 'alertChannels.save': save })
  installRpc(stub.rpc)
  setActivePinia(createPinia())
  const wrapper = mount(ChannelDialog, { attachTo: document.body, global: { plugins: [i18n] } })
  await flushPromises()
  return { stub, closed: () => wrapper.emitted('close'), text: () => document.body.textContent }
}
async function fill(): Promise<void> {
  await type('Name', 'pager')
  await type('Address', 'https://hooks.example/alerts')
}

describe('a channel that cannot be kept', () => {
  it('because another has its name says so at the name, until something else is typed', async () => {
    const taken = new AppError('conflict', { params: { what: 'channelName', name: 'pager' } })
    const { text, closed } = await open(() => Promise.reject(taken))
    await fill()
    await submit()
    expect(fieldNamed('Name').getAttribute('aria-invalid')).toBe('true')
    expect(text()).toContain('Another channel has this name.')
    await type('Name', 'pager 2')
    expect(text()).not.toContain('Another channel has this name.')
    expect(closed()).toBeUndefined()
  })

  it('because there are too many says that, and not that the name is taken', async () => {
    const full = new AppError('conflict', { params: { what: 'tooManyChannels' } })
    const { text } = await open(() => Promise.reject(full))
    await fill()
    await submit()
    expect(text()).toContain('No more channels can be added.')
    expect(text()).not.toContain('Another channel has this name.')
    expect(fieldNamed('Name').getAttribute('aria-invalid')).toBeNull()
    expect(buttonNamed('Save').disabled).toBe(false)
  })

  it('because a field is wrong takes the focus there, and sends nothing', async () => {
    const { stub } = await open(() => ({ channelId: 'x' }))
    await type('Name', 'pager')
    await type('Address', 'hooks.example')
    await submit()
    await vi.waitFor(() => expect(document.activeElement).toBe(fieldNamed('Address')))
    expect(stub.inputsOf('alertChannels.save')).toEqual([])
  })

  it('goes out once, however often it is sent', async () => {
    let answer: (value: unknown) => void = () => undefined
    const { stub, closed } = await open(() => new Promise((resolve) => (answer = resolve)))
    await fill()
    await submit()
    await submit()
    expect(buttonNamed('Cancel').disabled).toBe(true)
    answer({ channelId: 'x' })
    await vi.waitFor(() => expect(closed()).toEqual([[true]]))
    expect(stub.inputsOf('alertChannels.save')).toHaveLength(1)
  })
})
