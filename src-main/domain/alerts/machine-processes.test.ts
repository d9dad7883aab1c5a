import { expect, it } from 'vitest'
import { isMachineProcess } from './machine-processes.ts'

const uuid = '6a3c8c5e-6f5b-4f6d-9d3e-0f6b3a2f1c11'
const machines = [{ uuid, name: 'db, main' }]
const qemu = (commandLine: string | null, name = 'qemu-system-x86') => ({ name, commandLine })

it('knows a machine by its UUID, and by its name where the command line is cut', () => {
  expect(isMachineProcess(qemu(`/usr/bin/qemu-system-x86_64 -name x -m 1 -uuid ${uuid} -S`), machines)).toBe(
    true
  )
  expect(
    isMachineProcess(qemu('/usr/libexec/qemu-kvm -name guest=db,, main,debug', 'qemu-kvm'), machines)
  ).toBe(true)
})

it('takes nothing else for one', () => {
  expect(isMachineProcess(qemu('/usr/bin/qemu-system-x86_64 -name guest=other,debug'), machines)).toBe(false)
  expect(isMachineProcess(qemu(`tail -uuid ${uuid}`, 'tail'), machines)).toBe(false)
  expect(isMachineProcess(qemu(null), machines)).toBe(false)
})
