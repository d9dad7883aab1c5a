import { describe, expect, it } from 'vitest'
import { playedHardware } from '../../../test/fakes/engine-configuration.ts'
import { bootCandidates } from './boot-order.ts'

const shown = (change: Partial<typeof playedHardware>) =>
  bootCandidates({ ...playedHardware, ...change }).map(
    ({ detail, isUsed }) => `${detail}${isUsed ? ' *' : ''}`
  )

describe('the devices of a boot order', () => {
  it('follow the firmware’s list of kinds', () => {
    expect(shown({ bootDevices: ['cdrom', 'hd'] })).toEqual(['sda *', 'vda *', '52:54:00:00:00:01'])
  })

  it('follow orders of their own before that', () => {
    const disks = playedHardware.disks.map((disk) => ({
      ...disk,
      bootOrder: disk.target === 'vda' ? 2 : null
    }))
    const interfaces = playedHardware.interfaces.map((nic) => ({ ...nic, bootOrder: 1 }))
    expect(shown({ disks, interfaces, bootDevices: ['hd'] })).toEqual(['52:54:00:00:00:01 *', 'vda *', 'sda'])
  })
})
