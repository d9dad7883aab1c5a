import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DomainReferences, type FileReference, unknownChainsOf, usesOf } from './uses.ts'

const file = (path: string, more: Partial<FileReference> = {}): FileReference => ({
  path,
  kind: 'disk',
  target: 'vda',
  readOnly: false,
  ...more
})
const vm = (
  name: string,
  files: FileReference[],
  more: Partial<DomainReferences> = {}
): DomainReferences => ({
  uuid: `uuid of ${name}`,
  name,
  running: false,
  files,
  volumes: [],
  interfaces: [],
  ...more
})
const image = (path: string, backingPath: string | null = null) => ({
  path,
  poolName: 'images',
  name: path.split('/').at(-1) ?? '',
  backingPath
})
const itself = (path: string): string => path

describe('who uses a file', () => {
  it('follows the backing chain to its end', () => {
    const images = [
      image('/i/top', '/i/middle'),
      image('/i/middle', '/i/base'),
      image('/i/base'),
      image('/i/other')
    ]
    const uses = usesOf({ domains: [vm('web', [file('/i/top')])], images, identityOf: itself })
    expect(uses.usedBy('/i/top')).toMatchObject([{ vmName: 'web', kind: 'disk', readOnly: false }])
    expect(uses.usedBy('/i/base')).toMatchObject([{ vmName: 'web', kind: 'backing', readOnly: true }])
    expect(uses.backingOf('/i/base')).toEqual(['/i/middle'])
    expect(uses.usedBy('/i/other')).toEqual([])
  })

  it('takes links and volumes named by their pool for what they are', () => {
    const identityOf = (path: string): string => path.replace(/^\/link\//, '/i/')
    const named = {
      poolName: 'images',
      volumeName: 'cd',
      kind: 'cdrom' as const,
      target: 'sda',
      readOnly: true
    }
    const domains = [vm('a', [file('/link/disk')]), vm('b', [], { volumes: [named] })]
    const uses = usesOf({ domains, images: [image('/i/disk'), image('/i/cd')], identityOf })
    expect(uses.usedBy('/i/disk').map(({ vmName }) => vmName)).toEqual(['a'])
    expect(uses.usedBy('/i/cd')).toMatchObject([{ vmName: 'b', kind: 'cdrom', readOnly: true }])
  })

  it('ends at images that are each other’s base', () => {
    const images = [image('/i/a', '/i/b'), image('/i/b', '/i/a')]
    const uses = usesOf({ domains: [vm('web', [file('/i/a')])], images, identityOf: itself })
    expect(uses.usedBy('/i/b')).toHaveLength(1)
  })

  it('misses no file that any chain leads to', () => {
    const path = fc.integer({ min: 0, max: 9 }).map((number) => `/i/${number}`)
    fc.assert(
      fc.property(
        fc.dictionary(path, path, { noNullPrototype: true }),
        fc.array(path, { maxLength: 4 }),
        (backing, disks) => {
          const images = Object.entries(backing).map(([above, below]) => image(above, below))
          const uses = usesOf({
            domains: [
              vm(
                'web',
                disks.map((disk) => file(disk))
              )
            ],
            images,
            identityOf: itself
          })
          const reached = new Set<string>()
          for (const disk of disks)
            for (let at: string | undefined = disk; at !== undefined && !reached.has(at); at = backing[at])
              reached.add(at)
          for (let number = 0; number < 10; number++) {
            const one = `/i/${number}`
            expect(uses.usedBy(one).length > 0, one).toBe(reached.has(one))
          }
        }
      )
    )
  })

  it('says which stopped VMs have disks whose base cannot be known', () => {
    const domains = [
      vm('off', [file('/elsewhere/x')]),
      vm('on', [file('/elsewhere/y')], { running: true }),
      vm('known', [file('/i/a')])
    ]
    expect(unknownChainsOf(domains, [image('/i/a')], itself)).toEqual([
      { vmName: 'off', path: '/elsewhere/x' }
    ])
  })
})
