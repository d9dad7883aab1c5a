import { AppError } from '#contract/errors.ts'
import type { CreateRequest } from '#contract/create.ts'
import type { ServerId } from '#contract/ids.ts'
import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fakeCreateOptions } from '../../../test/fakes/engine-create.ts'
import { fakePoolUuid, fakeStorage } from '../../../test/fakes/engine-stores.ts'
import { fieldNamed, press, submit, type } from '../../../test/fakes/page.ts'
import { pushStream, stubRpc } from '../../../test/fakes/stub-rpc.ts'
import { i18n } from '../../app/i18n.ts'
import { installRpc } from '../../app/rpc-provider.ts'
import CreateDialog from './CreateDialog.vue'

enableAutoUnmount(afterEach)
const serverId = '11111111-1111-4111-8111-111111111111' as ServerId

const iso = {
  poolUuid: fakePoolUuid,
  name: 'debian.iso',
  path: '/pool/debian.iso',
  kind: 'file',
  format: 'iso',
  capacityBytes: 700 * 2 ** 20,
  allocationBytes: 700 * 2 ** 20,
  backingPath: null,
  backingFormat: null,
  usedBy: [],
  backingOf: []
}

async function open(answers: Parameters<typeof stubRpc>[0] = {}) {
  const storage = pushStream()
  const networks = pushStream()
  const stub = stubRpc({
    'machines.createOptions': () => fakeCreateOptions(),
    'machines.createPlan': (_request: CreateRequest) => ({
      checks: [
        { id: 'name', state: 'ok', reason: 'free', params: { name: 'web-04' } },
        {
          id: 'memory',
          state: 'warn',
          reason: 'moreThanFree',
          params: { memoryBytes: 2 ** 31, availableBytes: 2 ** 30 }
        }
      ],
      xml: '<domain/>',
      commands: ['virsh define']
    }),
    'machines.create': () => ({ serverId, vmUuid: serverId, name: 'web-04', started: true }),
    'storage.watch': storage.stream,
    'networks.watch': networks.stream,
    ...answers
  })
  installRpc(stub.rpc)
  setActivePinia(createPinia())
  const wrapper = mount(CreateDialog, {
    attachTo: document.body,
    props: { serverId },
    global: { plugins: [i18n] }
  })
  const view = fakeStorage()
  const [contents] = view.contents
  storage.push({ ...view, contents: contents === undefined ? [] : [{ ...contents, volumes: [iso] }] })
  networks.push({
    readAtMs: 1,
    error: null,
    hostBridges: ['br0'],
    networks: [{ name: 'default', active: true, forwardMode: 'nat' }]
  })
  await flushPromises()
  const choose = async (name: string): Promise<void> => {
    const option = [...document.querySelectorAll<HTMLElement>('[role="option"]')].find((each) =>
      each.textContent.includes(name)
    )
    if (option === undefined) throw new Error(`no option ${name}`)
    option.click()
    await flushPromises()
  }
  const heading = (): string => document.querySelector('form h3')?.textContent ?? ''
  return { stub, wrapper, choose, heading, text: () => document.body.textContent }
}

beforeEach(() => {
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => setTimeout(run, 0))
  // happy-dom lays nothing out.
  Element.prototype.scrollTo = () => undefined
})

async function toReview(): Promise<Awaited<ReturnType<typeof open>>> {
  const dialog = await open()
  await dialog.choose('debian.iso')
  await submit()
  await submit()
  await type('Name', 'web-04')
  await submit()
  await submit()
  await vi.waitFor(() => expect(dialog.text()).toContain('“web-04” is free.'))
  return dialog
}

describe('creating a machine', () => {
  it('goes on only past what is right, and says in place what is missing', async () => {
    const { choose, heading, text } = await open()
    expect(heading()).toBe('From')
    await submit()
    expect(heading()).toBe('From')
    expect(text()).toContain('Choose an ISO image.')
    await choose('debian.iso')
    expect(text()).not.toContain('Choose an ISO image.')
    await submit()
    expect(heading()).toBe('System')
    await submit()
    await submit()
    expect(heading()).toBe('Size')
    expect(text()).toContain('Up to 64 characters')
    await type('Name', 'web-04')
    await submit()
    expect(heading()).toBe('Network')
  })

  it('keeps what was chosen while one goes back', async () => {
    const { heading, text } = await toReview()
    for (const step of ['Network', 'Size']) {
      await press('Back')
      expect(heading()).toBe(step)
    }
    expect(fieldNamed('Name').value).toBe('web-04')
    await press('Back')
    await press('Back')
    expect(heading()).toBe('From')
    expect(document.querySelector('[role="option"][aria-selected="true"]')?.textContent).toContain(
      'debian.iso'
    )
    expect(text()).toContain('ISO image')
  })

  it('shows what the server says, and begins a task with all of it', async () => {
    const { stub, text, wrapper } = await toReview()
    expect(text()).toContain('only 1.0\u00a0GiB are free: the server would swap.')
    await submit()
    expect(stub.inputsOf('machines.create')).toMatchObject([
      {
        serverId,
        xml: null,
        spec: {
          name: 'web-04',
          source: { kind: 'iso', volume: { poolUuid: fakePoolUuid, name: 'debian.iso' } },
          disk: { poolUuid: fakePoolUuid, sizeBytes: 20 * 2 ** 30 },
          network: { kind: 'network', name: 'default' },
          start: true
        }
      }
    ])
    expect(wrapper.emitted('close')).toHaveLength(1)
  })

  it('does not begin while something is in the way', async () => {
    const { stub, choose, text } = await open({
      'machines.createPlan': () => ({
        checks: [{ id: 'name', state: 'fail', reason: 'taken', params: { name: 'web-04' } }],
        xml: '<domain/>',
        commands: []
      })
    })
    await choose('debian.iso')
    await submit()
    await submit()
    await type('Name', 'web-04')
    await submit()
    await submit()
    await vi.waitFor(() => expect(text()).toContain('A machine named “web-04” is there already.'))
    await submit()
    expect(stub.inputsOf('machines.create')).toEqual([])
  })

  it('says why a server cannot be asked, and asks again', async () => {
    let tries = 0
    const { text } = await open({
      'machines.createOptions': () => {
        tries += 1
        if (tries === 1)
          throw new AppError('libvirtFailed', { params: { server: 'kvm', stderr: 'no emulator' } })
        return fakeCreateOptions()
      }
    })
    expect(text()).toContain('libvirt on kvm refused.')
    await press('Try again')
    expect(text()).not.toContain('refused')
  })
})
