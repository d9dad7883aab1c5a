/** Snapshots of a machine. */
import type { SnapshotProgress, SnapshotRefusalReason, SnapshotWay } from '#contract/snapshots.ts'

export const snapshots = {
  title: 'Snapshots',
  loading: 'Reading the snapshots',
  failed: 'The snapshots of this machine could not be read.',
  cut: 'Only the first {count} are shown.',
  empty: {
    title: 'No snapshots',
    text: 'A snapshot keeps the disks, and the memory if you want, as they are now, so that you can come back to them.'
  },
  take: 'Take a snapshot',
  refresh: 'Read again',
  tree: 'Tree of snapshots',
  now: 'Present state',
  nowOff: 'off',
  nowFrom: 'The present state of the machine. It began from “{name}”.',
  nowAlone: 'The present state of the machine. It stands on no snapshot.',
  current: 'current',
  currentTip: 'The present state began from this snapshot.',
  kind: { internal: 'internal', external: 'external', mixed: 'mixed', none: 'no disks' },
  kindTip: {
    internal: 'Kept inside the disk image itself.',
    external: 'The image was left as it was; what came after is written to files of its own.',
    mixed: 'Some disks inside their image, others in files of their own: libvirt can undo neither.',
    none: 'libvirt names no disk in it.'
  },
  memory: 'with memory',
  disksOnly: 'disks only',
  fact: {
    created: 'Taken',
    parent: 'Comes after',
    noParent: 'nothing: it is a first one',
    state: 'Machine then',
    kind: 'Kept',
    memory: 'Memory',
    withMemory: 'kept',
    withoutMemory: 'not kept',
    space: 'Space',
    description: 'Description',
    noDescription: 'none',
    files: 'Files'
  },
  stateDiskOnly: 'running (its memory was not kept)',
  space: {
    inImage: 'It is inside the disk image; libvirt does not say how much of the image is its own.',
    fileUnknown:
      'Its files are in no storage pool of the server, so libvirt does not say how large they are.',
    vmHangs: 'The machine does not respond; its disks are not asked.',
    noFiles: 'It has no files.',
    noTime: 'libvirt does not say when it was taken.'
  },
  memoryFile: 'memory',
  act: {
    revert: 'Revert to this',
    delete: 'Delete',
    deleteOnly: 'Delete only this',
    deleteWithChildren: 'Delete with those after it',
    mergeBack: 'Merge back',
    more: 'More for “{name}”'
  },
  blocked: {
    lookOnly: 'You only look at this server. Change that in its settings.',
    notConnected: 'The server is not connected.',
    libvirtWrite: 'This account may not change anything in libvirt there.'
  },
  refusal: {
    vmHangs: 'The machine does not respond. Wait, or force it off first.',
    nameUnsafe:
      'QEMU reads this name otherwise than libvirt, so the snapshot was not kept. Reverting to it would end the machine.',
    uefiNeedsNewerLibvirt:
      'The machine has UEFI firmware; libvirt takes internal snapshots of such machines from 10.9 on.',
    externalRevertNeedsNewerLibvirt: 'libvirt reverts to external snapshots from 9.9 on.',
    externalDeleteNeedsNewerLibvirt:
      'libvirt deletes external snapshots safely from 9.9 on. Merge it back instead.',
    diskFormat: 'Only qcow2 images can hold internal snapshots, and these disks are none: {disks}.',
    diskNotFile: 'These disks are no files, so there is no place for what comes after: {disks}.',
    noDisks: 'The machine has no disk that can change.',
    mixedChain:
      'Internal and external snapshots would be mixed. libvirt could neither delete nor revert to them afterwards.',
    vmOff: 'This needs a running machine. Start it first.',
    agentMissing: 'No guest agent is connected, so nobody can ask the file systems to hold still.',
    agentSilent: 'The guest agent did not answer in time. Nothing was done.',
    notUnderCurrent: 'The present state does not stand on this snapshot.',
    hasBranches: 'Other snapshots branch off from it.',
    notExternal: 'Its changes are in the image already: there is nothing to merge.',
    usedByOthers: 'Other machines or images stand on these files, and would break: {disks}.',
    mergeEnded: 'The merge ended before it was done. The disks are as they were.'
  } satisfies Record<SnapshotRefusalReason, string>,
  way: {
    label: 'How to keep it',
    internal: 'Internal',
    external: 'External, disks only',
    externalWithMemory: 'External, with memory',
    hint: {
      internal:
        'Inside the disk image. Quick to revert and to delete; a running machine holds still while its memory is written.',
      external:
        'The image stays as it is; what comes after goes to a new file. The machine runs on. After a revert it starts as after a power cut.',
      externalWithMemory: 'As external, and the memory goes to a file too.'
    }
  } satisfies Record<SnapshotWay | 'label', string> & { hint: Record<SnapshotWay, string> },
  create: {
    title: 'Take a snapshot of “{vm}”',
    subtitle: 'On {server}. The machine is {state}.',
    name: 'Name',
    nameHint: 'It becomes part of file names.',
    nameBad: 'Up to 100 characters; no slash, backslash or double quote, not beginning with a dash.',
    nameTaken: 'There is one of this name already.',
    suggested: 'before-{date}',
    description: 'Description',
    quiesce: 'Ask the guest to write out its file systems first',
    quiesceHint: 'Its agent is asked before; if it does not answer, nothing is done.',
    take: 'Take it'
  },
  revert: {
    title: 'Revert “{vm}” to “{name}”?',
    subtitle: 'On {server}',
    lost: 'The present state is lost: everything written to its disks since then, and what runs now.',
    lostOff: 'The present state is lost: everything written to its disks since then.',
    kept: 'What was written and what runs since then is undone. The snapshot below keeps the present state, so that you can come back to it.',
    keep: 'Take a snapshot of the present state before',
    keepName: 'Its name',
    keepSuggested: 'before-revert-{date}',
    then: 'Afterwards the machine is',
    asTaken: 'as it was: {state}',
    running: 'running',
    paused: 'paused',
    type: 'The machine is not off. Type its name to go on:',
    typeLabel: 'Name of the machine',
    confirm: 'Revert'
  },
  remove: {
    title: 'Delete the snapshot “{name}” of “{vm}”?',
    subtitle: 'On {server}',
    text: 'The machine goes on as it is. What only this snapshot kept is gone for good.',
    which: 'What is deleted',
    only: 'Only this one; those after it stay',
    withChildren: 'This one and the {count} after it',
    listed: 'Also deleted:',
    confirm: 'Delete'
  },
  merge: {
    title: 'Merge “{name}” back into its image?',
    text: 'What was written since “{name}” is written down into the image that it stands on, while “{vm}” runs. Nothing of the present state is lost, but “{name}” and what came after it can not be reverted to any more: {count}. Cancelling it leaves everything as it is now.',
    one: '{count} snapshot | {count} snapshots',
    confirm: 'Merge back'
  },
  done: {
    create: 'Snapshot “{name}” of {vm} was taken.',
    revert: '{vm} is at “{name}” again.',
    delete: 'Snapshot “{name}” of {vm} was deleted.',
    mergeBack: '“{name}” of {vm} was merged back.',
    leftFiles: 'These files hold nothing any more, but are in no storage pool or still in use: {files}'
  },
  step: {
    checking: 'checking',
    asking: 'asking the guest',
    taking: 'taking it',
    reverting: 'reverting',
    deleting: 'deleting',
    merging: 'merging',
    cleaning: 'tidying up'
  } satisfies Record<SnapshotProgress['step'], string>,
  busy: '“{name}”: {step}',
  cancel: 'Cancel'
}
