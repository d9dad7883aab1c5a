import { describe, expect, it } from 'vitest'
import { ServerId } from '#contract/ids.ts'
import { vmUuid } from '../../../test/fakes/directory.ts'
import { SavedConfigurations } from './saved-configurations.ts'

function open() {
  const kept = new Map<string, Uint8Array>()
  const saved = new SavedConfigurations({
    get: async (name) => kept.get(name) ?? null,
    set: async (name, value) => void (value === null ? kept.delete(name) : kept.set(name, value))
  })
  return { kept, saved }
}
const vm = { serverId: ServerId.parse('0b6f0c1e-4c3c-4a5e-9a52-0d1f3e1d7a10'), vmUuid: vmUuid(1) }
const entry = (xml: string, before = 'vcpus') => ({ atMs: 5, before, xml })

describe('definitions before changes', () => {
  it('come back as they were, newest first, the last twenty, each VM its own', async () => {
    const { saved } = open()
    await Promise.all(Array.from({ length: 25 }, (_, index) => saved.save(vm, entry(`<a n='${index}'/>`))))
    const list = await saved.list(vm)
    expect(list).toHaveLength(20)
    expect(list[0]).toEqual({ id: 25, atMs: 5, before: 'vcpus' })
    expect(await saved.xml(vm, 25)).toBe(`<a n='24'/>`)
    await expect(saved.xml(vm, 5)).rejects.toMatchObject({ code: 'notFound' })
    expect(await saved.list({ ...vm, vmUuid: vmUuid(2) })).toEqual([])
  })

  it('are kept once when nothing changed in between', async () => {
    const { saved } = open()
    await saved.save(vm, entry('<a/>'))
    await saved.save(vm, entry('<a/>', 'tags'))
    expect(await saved.list(vm)).toHaveLength(1)
  })

  it('are bounded in size, and the newest stays whatever its size', async () => {
    const { saved } = open()
    const large = 'x'.repeat(3 * 1024 * 1024)
    await saved.save(vm, entry(`${large}1`))
    await saved.save(vm, entry(`${large}2`))
    expect((await saved.list(vm)).map(({ id }) => id)).toEqual([2])
  })

  it('that cannot be read stand in no change’s way', async () => {
    const { kept, saved } = open()
    kept.set(`configurations/${vm.serverId}/${vm.vmUuid}`, new TextEncoder().encode('{damaged'))
    expect(await saved.list(vm)).toEqual([])
    await saved.save(vm, entry('<a/>'))
    expect(await saved.list(vm)).toHaveLength(1)
  })
})
