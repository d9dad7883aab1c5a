import { describe, expect, it } from 'vitest'
import { draftOf, emptyForm, formOf, withConnection, type ServerForm } from './form.ts'

const form = (change: Partial<ServerForm> = {}): ServerForm => ({
  ...emptyForm(),
  address: 'gpu-01.example.org',
  name: 'gpu-01',
  ...change
})
const fields = (change: Partial<ServerForm>): string[] => {
  const result = draftOf(form(change), true)
  return result.ok ? [] : [...result.fields]
}

describe('draftOf', () => {
  it('needs only an address, a user and a name', () => {
    const result = draftOf(form(), true)
    expect(result.ok && result.draft.connection).toMatchObject({
      host: 'gpu-01.example.org',
      port: 22,
      user: 'root'
    })
  })

  it('says at which field it fails', () => {
    expect(fields({ address: 'two words' })).toEqual(['address'])
    expect(fields({ name: '  ' })).toEqual(['name'])
    expect(fields({ port: 70_000 })).toEqual(['port'])
    expect(fields({ port: null })).toEqual(['port'])
    expect(fields({ intervalSec: 1 })).toEqual(['intervalSec'])
    expect(fields({ tags: 'a:b' })).toEqual(['tags'])
    expect(fields({ jumps: 'ops@gate\nnot a host' })).toEqual(['jumps'])
    expect(fields({ useAgent: false })).toEqual(['useAgent'])
    expect(fields({ address: '', name: '' }).sort()).toEqual(['address', 'name'])
  })

  it('reads tags, key files and jumps as people write them', () => {
    const result = draftOf(
      form({ tags: 'web, prod web', keyFiles: '~/.ssh/one\n\n ~/.ssh/two ', jumps: 'gate:2222\nops@inner' }),
      true
    )
    if (!result.ok) throw new Error('must be ok')
    expect(result.draft.tags).toEqual(['web', 'prod'])
    expect(result.draft.connection.keyFiles).toEqual(['~/.ssh/one', '~/.ssh/two'])
    expect(result.draft.connection.jumps).toEqual([
      { host: 'gate', port: 2222, user: 'root' },
      { host: 'inner', port: 22, user: 'ops' }
    ])
  })

  it('sends a secret only when one was typed, and keeps it only where it can be kept', () => {
    const typed = { usePassword: true, password: 'hunter2', remember: true }
    const kept = draftOf(form(typed), true)
    const memory = draftOf(form(typed), false)
    const none = draftOf(form({ usePassword: true }), true)
    expect(kept.ok && kept.secrets).toEqual({ password: 'hunter2', remember: true })
    expect(memory.ok && memory.secrets).toEqual({ password: 'hunter2', remember: false })
    expect(none.ok && none.secrets).toBeUndefined()
    // A password that was typed and then switched off does not leave the window.
    const off = draftOf(form({ usePassword: false, password: 'hunter2' }), true)
    expect(off.ok && off.secrets).toBeUndefined()
  })

  it('comes back unchanged from an edited server', () => {
    const first = draftOf(
      form({ tags: 'a, b', jumps: 'ops@gate:2222', intervalSec: 10, location: 'Lab' }),
      true
    )
    if (!first.ok) throw new Error('must be ok')
    const again = draftOf(formOf({ ...first.draft, id: 'x' as never, addedAtMs: 0 }), true)
    expect(again.ok && again.draft).toEqual(first.draft)
  })
})

describe('withConnection', () => {
  it('takes a host of ~/.ssh/config and keeps a name that was typed', () => {
    const connection = {
      host: '10.0.0.7',
      port: 2200,
      user: 'ops',
      useAgent: true,
      keyFiles: [],
      usePassword: false,
      jumps: []
    }
    expect(withConnection(emptyForm(), 'lab', connection)).toMatchObject({
      name: 'lab',
      address: '10.0.0.7',
      port: 2200
    })
    expect(withConnection(form(), 'lab', connection).name).toBe('gpu-01')
  })
})
