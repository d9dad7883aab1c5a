import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nameFaultOf } from './machine-name.ts'

describe('a new name of a VM', () => {
  it.each([
    ['web-02', null],
    ['虚拟机 2', null],
    ["o'clock $(id) <b>", null],
    ['', 'nameEmpty'],
    ['   ', 'nameEmpty'],
    [' web', 'nameSpaces'],
    ['a/b', 'nameCharacters'],
    ['a\nb', 'nameCharacters'],
    ['a\u202eb', 'nameCharacters'],
    ['-H', 'nameDash'],
    ['12', 'nameNumber'],
    ['00000000-0000-4000-8000-00000000000A', 'nameUuid'],
    ['虚'.repeat(67), 'nameTooLong']
  ] as const)('%j: %s', (name, fault) => expect(nameFaultOf(name)).toBe(fault))

  it('has never a form that virsh takes for something else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        if (nameFaultOf(name) !== null) return
        expect(name).not.toMatch(/^\d+$|^-|\/|\n/)
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200)
      })
    )
  })
})
