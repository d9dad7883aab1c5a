import { expect, it } from 'vitest'
import { nearNames } from './near-names.ts'

it('finds what was meant, nearest first, and nothing far off', () => {
  const names = ['kvm-alpha', 'kvm-beta', 'gpu-01', 'storage']
  expect(nearNames('kvm-alpa', names)).toEqual(['kvm-alpha'])
  expect(nearNames('KVM', names)).toEqual(['kvm-alpha', 'kvm-beta'])
  expect(nearNames('stroage', names)).toEqual(['storage'])
  expect(nearNames('mail', names)).toEqual([])
  expect(nearNames('', names)).toEqual([])
})
