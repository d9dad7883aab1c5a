import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import type { Snapshot, SnapshotBoard } from '#contract/snapshots.ts'
import { makeServer, manyServers } from '../../../test/fakes/engine-model.ts'
import { buttonNamed } from '../../../test/fakes/page.ts'
import { i18n } from '../../app/i18n.ts'
import RevertDialog from './RevertDialog.vue'

enableAutoUnmount(afterEach)

const NAME = '<b>x</b> $(id)'
const SNAPSHOT: Snapshot = {
  name: 'before',
  parentName: null,
  isCurrent: true,
  kind: 'internal',
  hasMemory: true,
  state: 'running',
  createdAtMs: 1,
  description: null,
  spaceBytes: null,
  spaceUnknown: 'inImage',
  files: [],
  canRevert: null,
  canDelete: null,
  canDeleteWithChildren: null,
  canMergeBack: null
}

async function open(state: SnapshotBoard['state']) {
  const plan = manyServers(6)[5]
  const machine = plan === undefined ? undefined : makeServer(plan, 0, Date.now()).machines[0]
  if (machine === undefined) throw new Error('no machine')
  const board: SnapshotBoard = {
    snapshots: [SNAPSHOT],
    isCut: false,
    state,
    libvirtVersion: '9.0.0',
    canCreate: { internal: null, external: null, externalWithMemory: null, quiesce: null }
  }
  const wrapper = mount(RevertDialog, {
    props: { view: { ...machine, name: NAME }, serverName: 'gpu-01', board, snapshot: SNAPSHOT },
    attachTo: document.body,
    global: { plugins: [i18n] }
  })
  await flushPromises()
  const dialog = document.querySelector<HTMLElement>('[role="dialog"]')
  if (dialog === null) throw new Error('no dialog')
  const type = async (text: string): Promise<void> => {
    const input = [...dialog.querySelectorAll('input')].at(-1)
    if (input === undefined) throw new Error('no field')
    input.value = text
    input.dispatchEvent(new Event('input'))
    await flushPromises()
  }
  return { wrapper, dialog, type }
}

describe('going back to a snapshot', () => {
  it('keeps the present state unless told otherwise, and waits for the whole name while the machine runs', async () => {
    const { wrapper, dialog, type } = await open('running')
    expect(dialog.querySelector('b')).toBeNull()
    expect(document.activeElement).toBe(buttonNamed('Cancel'))
    expect(buttonNamed('Revert').disabled).toBe(true)
    await type('<b>x</b>')
    expect(buttonNamed('Revert').disabled).toBe(true)
    await type(NAME)
    expect(buttonNamed('Revert').disabled).toBe(false)
    buttonNamed('Revert').click()
    expect(wrapper.emitted('close')?.[0]?.[0]).toMatchObject({
      then: 'asTaken',
      keepPresentAs: expect.stringMatching(/^before-revert-\d{4}-/) as string,
      typedName: NAME
    })
  })

  it('asks for no name when it is off, and says what is lost when nothing is kept', async () => {
    const { dialog } = await open('shutOff')
    expect(buttonNamed('Revert').disabled).toBe(false)
    dialog.querySelector<HTMLElement>('[role="checkbox"]')?.click()
    await flushPromises()
    expect(dialog.textContent).toContain('The present state is lost')
  })
})
