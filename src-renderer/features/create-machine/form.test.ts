import type { ServerId } from '#contract/ids.ts'
import { describe, expect, it } from 'vitest'
import { emptyForm, hostNameFrom, specOf, wrongFields, type CreateForm } from './form.ts'

const serverId = '11111111-1111-4111-8111-111111111111' as ServerId
const poolUuid = '5c1f0a52-6a3e-4f59-9df1-0d6b7a2f1c01'
const form = (change: Partial<CreateForm> = {}): CreateForm => ({
  ...emptyForm('01234567-89ab-4cde-8f01-23456789abcd', serverId),
  name: 'web-04',
  iso: `${poolUuid}/debian/13.iso`,
  poolUuid,
  network: 'network my lan',
  ...change
})
const made = (change: Partial<CreateForm> = {}) => {
  const result = specOf(form(change))
  if (!result.ok) throw new Error([...result.fields].join())
  return result.spec
}

describe('the machine of the form', () => {
  it('has what was chosen, in bytes, with names that hold blanks and slashes whole', () => {
    expect(made()).toMatchObject({
      name: 'web-04',
      source: { kind: 'iso', volume: { poolUuid, name: 'debian/13.iso' } },
      memoryBytes: 2 * 2 ** 30,
      disk: { poolUuid, sizeBytes: 20 * 2 ** 30, format: 'qcow2', allocation: 'thin' },
      network: { kind: 'network', name: 'my lan' },
      firmware: null,
      mac: null
    })
  })

  it('has no new disk when there is one already, and always one of a cloud image', () => {
    expect(made({ source: 'existingDisk', existing: `${poolUuid}/a.qcow2` }).disk).toBeNull()
    expect(made({ withDisk: false }).disk).toBeNull()
    const image = made({
      source: 'cloudImage',
      image: `${poolUuid}/a.qcow2`,
      withDisk: false,
      sshKeys: 'ssh-ed25519 AAAA a'
    })
    expect(image.disk).not.toBeNull()
    expect(image.source).toMatchObject({
      seed: {
        hostName: 'web-04',
        user: { kind: 'fields', name: 'admin', password: null, sshKeys: ['ssh-ed25519 AAAA a'] }
      }
    })
  })

  it.each([
    [{ name: 'a/b' }, 'size', 'name'],
    [{ name: ' a' }, 'size', 'name'],
    [{ vcpus: 1.5 }, 'size', 'vcpus'],
    [{ memoryGib: null }, 'size', 'memoryGib'],
    [{ diskGib: 0 }, 'size', 'diskGib'],
    [{ poolUuid: '' }, 'size', 'poolUuid'],
    [{ iso: '' }, 'from', 'iso'],
    [{ serverId: null }, 'where', 'serverId'],
    [{ network: '' }, 'network', 'network'],
    [{ network: 'typed', bridge: 'a bridge' }, 'network', 'bridge'],
    [{ mac: '52:54' }, 'network', 'mac']
  ] as const)('%j is wrong in the step %s: %s', (change, step, field) => {
    expect([...wrongFields(form(change as Partial<CreateForm>), step)]).toEqual([field])
  })

  it.each([
    [{ user: 'Root' }, 'user'],
    [{ sshKeys: 'not a key' }, 'sshKeys'],
    [{ seedKind: 'own', userData: '' }, 'userData'],
    [{ addressing: 'static', address: '192.0.2.1' }, 'address'],
    [{ addressing: 'static', address: '192.0.2.1/24', gateway: 'x' }, 'gateway'],
    [{ addressing: 'static', address: '192.0.2.1/24', nameServers: 'a.b' }, 'nameServers']
  ] as const)('a seed with %j is wrong: %s', (change, field) => {
    const cloud = { source: 'cloudImage', image: `${poolUuid}/a.qcow2`, ...change } as Partial<CreateForm>
    expect([...wrongFields(form(cloud), 'from')]).toEqual([field])
  })

  it('makes host names of names', () => {
    expect(hostNameFrom('Web Server Nº 4')).toBe('web-server-no-4')
    expect(hostNameFrom('虚拟机')).toBe('')
  })
})
