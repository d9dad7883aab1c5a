/** /proc/self/mountinfo: what is mounted where, and which mounts show a file system of their own. */
import { words } from './numbers.ts'

export interface Mount {
  readonly id: string
  /** major:minor of the file system. btrfs subvolumes and bind mounts share it. */
  readonly device: string
  /** The directory of that file system that is mounted here. */
  readonly root: string
  readonly mountPoint: string
  readonly type: string
  readonly source: string
  /** Mounted read-only here, or the file system itself is (after an error, say). */
  readonly readOnly: boolean
}

const MAX_MOUNTS = 4096

/** Parses mountinfo. Damaged lines are left out. */
export function parseMountinfo(text: string): Mount[] {
  const mounts: Mount[] = []
  for (const line of text.split('\n', MAX_MOUNTS)) {
    const fields = words(line)
    const dash = fields.indexOf('-', 6)
    const [id, , device, root, mountPoint, options] = fields
    const type = fields[dash + 1]
    if (dash === -1 || type === undefined || id === undefined || device === undefined) continue
    if (!/^\d{1,10}$/.test(id) || !/^\d{1,10}:\d{1,10}$/.test(device)) continue
    if (root === undefined || mountPoint === undefined || !mountPoint.startsWith('/')) continue
    mounts.push({
      id,
      device,
      root: unescape(root),
      mountPoint: unescape(mountPoint),
      type,
      source: unescape(fields[dash + 2] ?? ''),
      readOnly: isReadOnly(options) || isReadOnly(fields[dash + 3])
    })
  }
  return mounts
}

const isReadOnly = (options = ''): boolean => options.split(',').includes('ro')

/** The kernel writes space, tab, line feed and backslash as \040, \011, \012 and \134. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_whole, octal: string) => String.fromCharCode(parseInt(octal, 8)))
}

/** Reached over a network: its server may be gone, and then every look at it hangs. */
const NETWORK_TYPES =
  /^(?:nfs|nfs4|cifs|smb3|smbfs|ncpfs|afs|coda|9p|ceph|lustre|gpfs|glusterfs|beegfs|orangefs|pvfs2|davfs|acfs|fuse(?:\..*)?)$/
/** Disks of a kind: they hold data that can run out of room. */
const DISK_TYPES =
  /^(?:ext[234]|xfs|btrfs|zfs|bcachefs|f2fs|jfs|nilfs2|reiserfs|reiser4|vfat|msdos|exfat|ntfs|ntfs3|fuseblk|hfs|hfsplus|ufs|ocfs2|gfs2|ubifs|jffs2|minix|vmfs.*)$/

export type MountClass = 'local' | 'network' | 'ignored'

/**
 * `ignored`: kernel interfaces, memory (tmpfs), images that are full by design (squashfs of snaps, iso9660) and
 * overlays, whose room is that of a disk counted elsewhere. Whatever it is, `/` counts.
 */
export function classifyMount(mount: Pick<Mount, 'type' | 'mountPoint'>): MountClass {
  if (NETWORK_TYPES.test(mount.type)) return 'network'
  if (DISK_TYPES.test(mount.type)) return 'local'
  return mount.mountPoint === '/' && mount.type !== 'rootfs' ? 'local' : 'ignored'
}

/**
 * One mount per file system: `/` before all, then one that shows the whole of it, then the shortest path. Of several
 * mounts at the same place the last one covers the others.
 */
export function distinctMounts(mounts: readonly Mount[]): Mount[] {
  const visible = new Map<string, Mount>()
  for (const mount of mounts) visible.set(mount.mountPoint, mount)
  const chosen = new Map<string, Mount>()
  for (const mount of visible.values()) {
    const other = chosen.get(mount.device)
    if (other === undefined || isBetter(mount, other)) chosen.set(mount.device, mount)
  }
  return [...chosen.values()]
}

function isBetter(mount: Mount, other: Mount): boolean {
  const rank = (candidate: Mount): number =>
    candidate.mountPoint === '/' ? 0 : candidate.root === '/' ? 1 : 2
  if (rank(mount) !== rank(other)) return rank(mount) < rank(other)
  if (mount.mountPoint.length !== other.mountPoint.length) {
    return mount.mountPoint.length < other.mountPoint.length
  }
  return mount.mountPoint < other.mountPoint
}
