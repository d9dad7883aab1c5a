import { describe, expect, it } from 'vitest'
import type { MetricValues } from '#contract/metric-catalogue.ts'
import { recorded, type RecordedSystem } from '../../../test/fakes/recorded-proc.ts'
import { parseDf, type DfRow } from './df.ts'
import { deriveFileSystems, fileSystemDetails } from './derive-file-systems.ts'
import { parseMountinfo } from './mountinfo.ts'

const KIB = 1024

function fileSystems(system: RecordedSystem, network: ReadonlyMap<string, DfRow | null> = new Map()) {
  const entities = deriveFileSystems({
    mounts: parseMountinfo(recorded(system, 'mountinfo.txt')),
    space: parseDf(recorded(system, 'space.txt')),
    inodes: parseDf(recorded(system, 'inodes.txt')),
    network
  })
  const mounts = entities.filter((entity) => entity.kind === 'mount')
  return {
    keys: mounts.map((mount) => mount.key),
    of: (key: string) => mounts.find((mount) => mount.key === key)?.values as MetricValues<'mount'>,
    server: entities.find((entity) => entity.kind === 'server')?.values as MetricValues<'server'>
  }
}

describe('file systems', () => {
  it('LVM, boot partitions; a bind mount and tmpfs are not counted; a silent share has no values', () => {
    const { keys, of, server } = fileSystems('rhel-9', new Map([['81', null]]))
    expect(keys).toEqual(['/', '/boot', '/boot/efi', '/mnt/nas share'])
    expect(of('/')).toEqual({
      sizeBytes: 73364480 * KIB,
      usedBytes: 23364480 * KIB,
      availableBytes: 50000000 * KIB,
      usedRatio: 23364480 / 73364480,
      inodesUsedRatio: 200000 / 36700160
    })
    // vfat has no inodes to run out of.
    expect(of('/boot/efi').inodesUsedRatio).toBeUndefined()
    expect(of('/mnt/nas share')).toEqual({})
    expect(server.diskTotalBytes).toBe((73364480 + 1038336 + 613160) * KIB)
  })

  it('a share that answers has values but is not part of the server’s own disks', () => {
    const row = { total: 1000, used: 400, available: 600 }
    const { of, server } = fileSystems('rhel-9', new Map([['81', row]]))
    expect(of('/mnt/nas share').usedRatio).toBe(0.4)
    expect(server.diskTotalBytes).toBe((73364480 + 1038336 + 613160) * KIB)
  })

  it('what is reserved for root counts as not to be had', () => {
    expect(fileSystems('alpine-3.19').of('/').usedRatio).toBeCloseTo(600 / 1400, 9)
    expect(fileSystems('alpine-3.19').keys).toEqual(['/', '/boot'])
  })

  it('ZFS: each data set is shown, the pool’s free room is counted once; no snaps, no overlay', () => {
    const { keys, server } = fileSystems('zfs-host')
    expect(keys).toEqual(['/', '/tank', '/tank/vm', '/var/lib'])
    const used = 10000000 + 5000000 + 100 + 500000000
    expect(server.diskUsedBytes).toBe(used * KIB)
    expect(server.diskTotalBytes).toBe((used + 90000000 + 1000000000) * KIB)
  })

  it('btrfs subvolumes are one file system; it has no inode limit', () => {
    const { keys, of } = fileSystems('kvm-network', new Map([['28', null]]))
    expect(keys).toEqual(['/', '/mnt/cephfs'])
    expect(of('/').inodesUsedRatio).toBeUndefined()
  })

  it('a container’s root counts whatever it is; files that lxcfs mounts do not', () => {
    expect(fileSystems('lxc-lxcfs').keys).toEqual(['/'])
  })

  it('busybox’ df gives the same as coreutils’', () => {
    const busybox = [...parseDf(recorded('debian-12-recorded', 'space-busybox.txt'))]
    const coreutils = [...parseDf(recorded('debian-12-recorded', 'space.txt'))]
    expect(busybox.map(([mount]) => mount)).toEqual(coreutils.map(([mount]) => mount))
    expect(busybox[0]?.[1].total).toBe(coreutils[0]?.[1].total)
  })

  it('names are text: spaces, quotes and line feeds in mount points', () => {
    const line = (point: string) => `30 1 8:${point.length} / ${point} rw - ext4 /dev/x rw`
    const mounts = parseMountinfo([line('/a\\040b'), line('/$(id)'), line('/c\\012d\\134e')].join('\n'))
    expect(mounts.map((mount) => mount.mountPoint)).toEqual(['/a b', '/$(id)', '/c\nd\\e'])
  })
})

describe('what they are', () => {
  it('device, type, inodes, read-only; a silent share is stalled', () => {
    const mountinfo = recorded('rhel-9', 'mountinfo.txt').replace(/^(.* \/boot )rw/m, '$1ro')
    const reading = {
      mounts: parseMountinfo(mountinfo),
      space: parseDf(recorded('rhel-9', 'space.txt')),
      inodes: parseDf(recorded('rhel-9', 'inodes.txt')),
      network: new Map([['81', null]])
    }
    const details = fileSystemDetails(reading)
    expect(details.map(({ mountPoint }) => mountPoint)).toEqual(['/', '/boot', '/boot/efi', '/mnt/nas share'])
    const [root, boot, efi, share] = details
    expect(root).toMatchObject({ type: 'xfs', inodesTotal: 36_700_160, inodesUsed: 200_000, readOnly: false })
    expect(boot?.readOnly).toBe(true)
    expect(efi).toMatchObject({ inodesTotal: null, inodesUsed: null })
    expect(share).toMatchObject({ network: true, stalled: true, inodesTotal: null })
  })
})
