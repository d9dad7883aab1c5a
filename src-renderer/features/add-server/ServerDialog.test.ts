import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import type { HostKey, TestStep } from '#contract/servers.ts'
import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRouter, createMemoryHistory } from 'vue-router'
import { makeServer, manyServers } from '../../../test/fakes/engine-model.ts'
import { fieldNamed as field, press, submit, type } from '../../../test/fakes/page.ts'
import { stubRpc } from '../../../test/fakes/stub-rpc.ts'
import { i18n } from '../../app/i18n.ts'
import { installRpc } from '../../app/rpc-provider.ts'
import ServerDialog from './ServerDialog.vue'

enableAutoUnmount(afterEach)

const serverId = '11111111-1111-4111-8111-111111111111' as ServerId
const shown: HostKey = {
  host: 'gpu-01',
  port: 22,
  type: 'ssh-ed25519',
  fingerprint: 'SHA256:abcdef',
  keyBase64: 'AAAA'
}
const step = (change: Partial<TestStep>): TestStep => ({
  step: 'resolve',
  state: 'passed',
  durationMs: 3,
  detail: {},
  failure: null,
  ...change
})

function open(answers: Parameters<typeof stubRpc>[0] = {}, edit?: ReturnType<typeof makeServer>['view']) {
  const stub = stubRpc({
    'sshConfig.list': () => ({ hosts: [] }),
    'console.info': () => ({ secretStore: { canKeep: false, backend: 'memory' } }),
    'servers.add': () => ({ serverId }),
    'servers.edit': () => null,
    'hostKeys.trust': () => null,
    ...answers
  })
  installRpc(stub.rpc)
  setActivePinia(createPinia())
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/', component: { template: '<div/>' } },
      { path: '/servers/:serverId/:tab?', name: 'server', component: { template: '<div/>' } }
    ]
  })
  const wrapper = mount(ServerDialog, {
    attachTo: document.body,
    props: { edit: edit ?? null },
    global: { plugins: [i18n, router] }
  })
  return { stub, wrapper, router, text: () => document.body.textContent }
}

beforeEach(() => vi.stubGlobal('requestAnimationFrame', (run: () => void) => setTimeout(run, 0)))

describe('adding a server', () => {
  it('takes user@host:port apart, suggests a name, and saves with nothing else typed', async () => {
    const { stub, wrapper, router } = open()
    await flushPromises()
    await type('Address', 'ops@gpu-01.example.org:2222')
    await submit()
    expect(field('User').value).toBe('ops')
    expect(stub.inputsOf('servers.add')).toMatchObject([
      { draft: { name: 'gpu-01', connection: { host: 'gpu-01.example.org', port: 2222, user: 'ops' } } }
    ])
    expect(wrapper.emitted('close')).toEqual([[serverId]])
    await vi.waitFor(() => expect(router.currentRoute.value.params['serverId']).toBe(serverId))
  })

  it('says at the field what is wrong, and takes it back while it is mended', async () => {
    const { stub, text } = open()
    await flushPromises()
    await submit()
    expect(text()).toContain('Type a host name or an address')
    expect(field('Address').getAttribute('aria-invalid')).toBe('true')
    expect(stub.inputsOf('servers.add')).toEqual([])
    await type('Address', 'gpu-01')
    expect(field('Address').getAttribute('aria-invalid')).toBeNull()
  })

  it('shows a taken name at the name', async () => {
    const { text } = open({
      'servers.add': () => Promise.reject(new AppError('conflict', { params: { name: 'gpu-01' } }))
    })
    await flushPromises()
    await type('Address', 'gpu-01')
    await submit()
    expect(text()).toContain('Another server has this name already.')
  })

  it('never sends a password that was typed and switched off, and says where none can be kept', async () => {
    const { stub, text } = open()
    await flushPromises()
    await type('Address', 'gpu-01')
    field('Log in with a password').click()
    await flushPromises()
    await type('Password', 'hunter2')
    expect(text()).toContain('Nothing on this computer can keep it safely')
    field('Log in with a password').click()
    await flushPromises()
    await submit()
    expect(JSON.stringify(stub.inputsOf('servers.add'))).not.toContain('hunter2')
  })
})

describe('the test', () => {
  it('shows each step, asks about a new key in place, and runs again once it is trusted', async () => {
    let run = 0
    const { stub, text } = open({
      'servers.test': (_input, { onProgress }) => {
        run += 1
        const resolved = step({ detail: { address: '10.4.0.9' } })
        onProgress?.(resolved as never)
        if (run > 1) return { passed: true, steps: [resolved] }
        const asked = step({
          step: 'hostKey',
          state: 'failed',
          failure: {
            error: { code: 'hostKeyUnknown', params: { host: 'gpu-01' }, retryable: false },
            hostKey: { shown, expected: [] }
          }
        })
        return { passed: false, steps: [resolved, asked] }
      }
    })
    await flushPromises()
    await type('Address', 'gpu-01')
    await press('Test')
    expect(text()).toContain('10.4.0.9')
    expect(text()).toContain('SHA256:abcdef')
    expect(text()).toContain('ssh_host_ed25519_key.pub')
    await press('Trust this key')
    expect(stub.inputsOf('hostKeys.trust')).toEqual([{ key: shown, replace: false }])
    expect(run).toBe(2)
    expect(text()).toContain('Everything works.')
  })

  it('asks for a tick before a changed key is trusted', async () => {
    const failed = step({
      step: 'hostKey',
      state: 'failed',
      failure: {
        error: { code: 'hostKeyChanged', params: {}, retryable: false },
        hostKey: { shown, expected: [{ ...shown, fingerprint: 'SHA256:old' }] }
      }
    })
    const { text } = open({ 'servers.test': () => ({ passed: false, steps: [failed] }) })
    await flushPromises()
    await type('Address', 'gpu-01')
    await press('Test')
    expect(text()).toContain('SHA256:old')
    const trust = [...document.querySelectorAll('button')].find(
      (each) => each.textContent.trim() === 'Trust the new key'
    )
    expect(trust?.disabled).toBe(true)
  })

  it('names the fix of a step that only warns', async () => {
    const { text } = open({
      'servers.test': () => ({
        passed: true,
        steps: [
          step({
            step: 'virsh',
            state: 'warned',
            detail: { cause: 'toolMissing', fix: 'apt install libvirt-clients', code: 'libvirtMissing' }
          })
        ]
      })
    })
    await flushPromises()
    await type('Address', 'gpu-01')
    await press('Test')
    expect(text()).toContain('A tool that is needed for it is not installed on the server.')
    expect(text()).toContain('apt install libvirt-clients')
  })

  it('forgets its answer when the connection is changed', async () => {
    const { text } = open({ 'servers.test': () => ({ passed: true, steps: [step({})] }) })
    await flushPromises()
    await type('Address', 'gpu-01')
    await press('Test')
    expect(text()).toContain('Everything works.')
    await type('User', 'other')
    expect(text()).not.toContain('Everything works.')
  })
})

describe('editing a server', () => {
  it('sends what was changed and keeps the rest', async () => {
    const plan = manyServers(1)[0]
    if (plan === undefined) throw new Error('no plan')
    const { view } = makeServer({ ...plan, tags: ['web'] }, 0, Date.now())
    const { stub } = open({}, view)
    await flushPromises()
    await type('Location', 'Rack 7')
    await submit()
    // The choice per VM is no part of the form.
    const { id, addedAtMs: _added, machinesNotCollected: _vms, ...draft } = view.record
    expect(stub.inputsOf('servers.edit')).toEqual([{ serverId: id, draft: { ...draft, location: 'Rack 7' } }])
  })
})
