import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCapabilities, readJobInfo, readPool, readVolume } from './host-facts.ts'

describe('what a host says', () => {
  it('reads how far a job is, memory and disks together', () => {
    const text = `Job type:         Unbounded
Operation:        Outgoing migration
Time elapsed:     1863         ms
Data processed:   89.840 MiB
Data remaining:   1.500 GiB
Data total:       144.570 MiB
Memory processed: 1.000 KiB
`
    expect(readJobInfo(text)).toEqual({
      isActive: true,
      processedBytes: Math.round(89.84 * 1024 ** 2),
      remainingBytes: 1.5 * 1024 ** 3,
      totalBytes: Math.round(144.57 * 1024 ** 2)
    })
    expect(readJobInfo('Job type:         None        \n').isActive).toBe(false)
  })

  it('takes only a network pool for shared storage', () => {
    const pool = (type: string): string =>
      `<pool type='${type}'><name>p</name><available unit='bytes'>12</available><source><host name='nas'/><dir path='/x'/></source><target><path>/mnt/p</path></target></pool>`
    expect(readPool(pool('netfs'))).toMatchObject({
      sharedSource: 'nas:/x',
      availableBytes: 12,
      targetPath: '/mnt/p'
    })
    expect(readPool(pool('dir'))?.sharedSource).toBeNull()
  })

  it('knows what a volume builds on', () => {
    const text = `<volume type='file'><name>a</name><capacity unit='bytes'>10</capacity><allocation unit='bytes'>4</allocation><physical unit='bytes'>6</physical><target><path>/p/a</path><format type='qcow2'/><timestamps><mtime>1.2</mtime></timestamps></target><backingStore><path>/p/base</path></backingStore></volume>`
    expect(readVolume(text)).toEqual({
      name: 'a',
      path: '/p/a',
      format: 'qcow2',
      capacityBytes: 10,
      allocationBytes: 4,
      lengthBytes: 6,
      backingPath: '/p/base',
      changedAt: '1.2'
    })
  })

  it('never throws on anything', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const read of [readCapabilities, readPool, readVolume, readJobInfo]) read(text)
        for (const root of ['capabilities', 'pool', 'volume'])
          for (const read of [readCapabilities, readPool, readVolume]) read(`<${root}>${text}</${root}>`)
      })
    )
  })
})
