/** Deleting a machine. */
import type { DeletionFile, DeletionLock } from '#contract/deletion.ts'

export const deletion = {
  menu: 'Delete…',
  title: 'Delete machine “{vm}” on {server}',
  subtitle: {
    uuid: 'UUID {uuid}',
    runs: 'running now',
    isOff: 'off',
    transient: 'without a saved configuration'
  },
  goesAlong: '{things} go with it | {things} goes with it | {things} go with it',
  snapshots: '{count} snapshot | {count} snapshots',
  checkpoints: '{count} checkpoint | {count} checkpoints',
  managedSave: 'the saved state',
  nvram: 'NVRAM',
  tpm: 'TPM state',
  nvramKept: 'Its NVRAM file stays: another machine uses it too.',
  reading: 'Looking at the files of all machines of the server',
  readFailed: 'It cannot be said what would be deleted, so nothing can be.',
  files: 'Files',
  noFiles: 'The machine has no files.',
  tick: 'Delete {path}',
  usedOnly: {
    disk: 'Used by this machine only.',
    backing: 'Below a disk of this machine, used by it only.',
    snapshot: 'Of a snapshot of this machine, used by it only.',
    medium: 'Used by this machine only.'
  } satisfies Record<DeletionFile['kind'], string>,
  needs: 'Can only go together with {path}, which is built on it.',
  lock: {
    shared: 'Also used by {users}. Kept.',
    shareable: 'Marked as shareable: other servers may use it. Kept.',
    backing: 'Backing file of {users}. Kept.',
    backingOfVolume: 'Backing file of {users}. Kept.',
    chainUnknown: 'It cannot be seen what the disks of {users} are based on; it may be this file. Kept.',
    medium: 'Install medium. Kept.',
    readOnly: 'The machine may only read it. Kept.',
    blockDevice: 'A device of the server. Kept.',
    network: 'Reached over the network. Kept.',
    unmanaged: 'In no storage pool. Kept.',
    poolInactive: 'Its pool “{pool}” is not active or does not answer. Kept.',
    poolStale: 'The pool “{pool}” has not seen this file yet. Kept until it is refreshed.',
    missing: 'There is no such file any more.'
  } satisfies Record<DeletionLock, string>,
  more: '{users} and {count} more',
  refresh: 'Refresh the pool',
  unseen:
    'The pool {pools} could not be looked into. An image there may be based on a file of this machine. | The pools {pools} could not be looked into. An image there may be based on a file of this machine.',
  forceOff: 'Force it off first',
  forceOffHint: 'It runs. It stops at once, like a pulled plug; what the guest has not written is lost.',
  isProtected: {
    title: 'This machine is protected',
    text: 'Somebody marked it so that it is not deleted. Take the protection away in its menu first, if you are sure.'
  },
  commands: 'Commands',
  copy: 'Copy the commands',
  type: 'Type {vm} to delete it.',
  stays: 'Its files stay, since none is ticked.',
  goes: 'One file is deleted with it. | {count} files are deleted with it.',
  nameLabel: 'Name of the machine',
  noUndo: 'Cannot be undone',
  confirm: 'Delete machine',
  confirmFiles: 'Delete machine and 1 file | Delete machine and {count} files',
  done: {
    title: '{vm} was deleted.',
    files: '1 file was deleted with it. | {count} files were deleted with it.',
    left: '{vm} was deleted, but not all of its files.'
  },
  file: {
    kept: '{path} was kept: {why}',
    failed: '{path}: {why}'
  },
  changed: {
    back: 'a machine with this UUID is there again.',
    used: 'something else uses it now.',
    another: 'it is another file than before.',
    pool: 'its pool is not active any more.',
    other: 'something had changed.'
  },
  again: 'Go on'
}
