import { ENTITY_KINDS } from '#contract/metric-catalogue.ts'
import type { HistoryExport } from '#contract/exports.ts'
import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createFakeEngine, type FakeEngine } from '../../../test/fakes/engine.ts'
import { buttonNamed, press } from '../../../test/fakes/page.ts'
import { i18n } from '../../app/i18n.ts'
import { createRpc, installRpc, type Rpc } from '../../app/rpc-provider.ts'
import ExportDialog from './ExportDialog.vue'
import type { ExportStart } from './use-export-dialog.ts'

enableAutoUnmount(afterEach)

let engine: FakeEngine
let rpc: Rpc
beforeEach(() => {
  setActivePinia(createPinia())
  engine = createFakeEngine({ fleet: 'nine' })
  rpc = createRpc(() => engine.connect())
  installRpc(rpc)
})
afterEach(() => {
  rpc.stop()
  engine.close()
})

const page = (): HTMLElement => document.body
const note = (): string => page().querySelector('footer [role=status]')?.textContent ?? ''

async function show(start: Partial<ExportStart> = {}) {
  const ids = engine.servers.map((server) => server.view.record.id)
  const { useServersStore } = await import('../servers/index.ts')
  const store = useServersStore()
  const release = store.acquire()
  await expect.poll(() => store.all.length).toBe(ids.length)
  const wrapper = mount(ExportDialog, {
    props: { start: { servers: [], ...start } },
    global: { plugins: [i18n] },
    attachTo: document.body
  })
  await flushPromises()
  release()
  const chosen = (): Omit<HistoryExport, 'fileName'> | undefined =>
    wrapper.emitted<[Omit<HistoryExport, 'fileName'>]>('close')?.at(-1)?.[0]
  return { ids, chosen }
}

it('exports a day of everything of all servers when nothing is changed, and says how much that is', async () => {
  const { ids, chosen } = await show()
  await expect.poll(note).toMatch(/^About [\d,]+ rows of \d+ columns, [\d.]+\s[KMG]iB$/)
  page().querySelector<HTMLFormElement>('form')?.requestSubmit()
  const choice = chosen()
  expect(choice).toMatchObject({ what: { by: 'all' }, level: 'raw', form: 'wide' })
  expect(new Set(choice?.serverIds)).toEqual(new Set(ids))
  expect((choice?.toAtMs ?? 0) - (choice?.fromAtMs ?? 0)).toBe(86_400_000)
})

it('takes one server, one kind less, another range, level and form', async () => {
  const { ids, chosen } = await show({
    servers: [engine.servers[0]?.view.record.id].filter((id) => id !== undefined)
  })
  const boxes = [...page().querySelectorAll<HTMLElement>('#export-metrics [role=checkbox]')]
  boxes[0]?.click()
  await flushPromises()
  for (const name of ['7 d', 'Hours', 'Long']) await press(name)
  page().querySelector<HTMLFormElement>('form')?.requestSubmit()
  expect(chosen()).toMatchObject({ serverIds: [ids[0]], level: 'hour', form: 'long' })
  const what = chosen()?.what
  expect(what?.by === 'kinds' ? what.kinds.map(({ kind }) => kind) : []).toEqual(
    ENTITY_KINDS.filter((kind) => kind !== 'server')
  )
})

it('cannot be started without a server or a metric, and says why', async () => {
  await show()
  for (const box of page().querySelectorAll<HTMLElement>('#export-metrics [role=checkbox]')) {
    box.click()
    await flushPromises()
  }
  expect(note()).toBe('Choose at least one metric.')
  expect(buttonNamed('Export').hasAttribute('disabled')).toBe(true)
})

it('begins with the series and the range of the chart it was opened from', async () => {
  const serverId = engine.servers[0]?.view.record.id
  if (serverId === undefined) throw new Error('no server')
  const series = [
    { entity: { serverId, kind: 'server' as const, key: '' }, metrics: ['cpuUsedRatio', 'load1'] }
  ]
  const { chosen } = await show({ servers: [serverId], series, range: { fromAtMs: 1_000, toAtMs: 61_000 } })
  expect(page().textContent).toContain('2 metrics')
  page().querySelector<HTMLFormElement>('form')?.requestSubmit()
  expect(chosen()).toMatchObject({ what: { by: 'series', series }, fromAtMs: 1_000, toAtMs: 61_000 })
})
