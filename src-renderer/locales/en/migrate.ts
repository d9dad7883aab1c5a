/** Moving and copying a VM to another server. Facts of a check: what its params name. */
import type { MigrationCheckId, MigrationPhase } from '#contract/migration.ts'

interface CheckWords {
  readonly title: string
  /** What was found, by its reason; `fix` says what to do about it. */
  readonly found: Readonly<Record<string, string>>
  readonly fix: Readonly<Record<string, string>>
}

const checks = {
  reached: {
    title: 'Connection',
    found: {
      ok: '{server} answers.',
      notReached: '{server} is not connected, or its libvirt does not answer.'
    },
    fix: { notReached: 'Wait until it is connected again, or look at its page.' }
  },
  writable: {
    title: 'Rights',
    found: {
      ok: 'Changes on {server} are allowed.',
      lookOnly: '{server} is set to look only.',
      denied: 'The account may not change anything on {server}.'
    },
    fix: {
      lookOnly: 'Edit the server and allow changes.',
      denied: 'Add the account to the group “libvirt” there and connect again.'
    }
  },
  otherServer: {
    title: 'Two servers',
    found: { ok: 'They are two different hosts.', same: 'Both entries lead to the same host.' },
    fix: { same: 'Choose another server.' }
  },
  versions: {
    title: 'Versions',
    found: {
      ok: '{source} → {target}',
      targetOlder: 'The target is older: {source} → {target}. A live move may be refused.'
    },
    fix: { targetOlder: 'Update the target first if it is refused.' }
  },
  state: {
    title: 'State',
    found: {
      live: 'It runs and goes on running.',
      cold: 'It is off.',
      notRunning: 'It does not run (it is {state}).',
      notOff: 'It is not off (it is {state}).',
      copyIsCold: 'A copy is made of a machine that is off.'
    },
    fix: {
      notRunning: 'Choose “while it is off”.',
      notOff: 'Shut it down first, or move it while it runs.',
      copyIsCold: 'Shut it down, then choose “while it is off”.'
    }
  },
  persistent: {
    title: 'Definition',
    found: { ok: 'It is saved.', transient: 'It is transient: it would be gone once it is off.' },
    fix: { transient: 'Save its definition first.' }
  },
  responding: {
    title: 'Response',
    found: { ok: 'It answers.', hung: 'Its QEMU does not answer.' },
    fix: { hung: 'Wait until it answers, or force it off and move it then.' }
  },
  protected: {
    title: 'Protection',
    found: {
      ok: 'It is not protected.',
      protected: 'It is protected: a move would take it off this server.'
    },
    fix: { protected: 'Take the protection away first, or make a copy.' }
  },
  nameFree: {
    title: 'Name',
    found: {
      ok: '“{name}” is free there.',
      taken: '“{name}” is taken there.',
      moveKeepsName: 'A moved machine keeps its name.'
    },
    fix: {
      taken: 'Rename one of the two, or give the copy another name.',
      moveKeepsName: 'Rename it afterwards.'
    }
  },
  uuidFree: {
    title: 'UUID',
    found: { ok: 'It is free there.', taken: 'A machine with this UUID is there already.' },
    fix: { taken: 'It may be left from an earlier move. Look at it and delete it there, or make a copy.' }
  },
  machineType: {
    title: 'Machine type',
    found: { ok: '{machine} is known there.', missing: '{machine} is not known there.' },
    fix: { missing: 'Update QEMU there, or choose an older machine type in the XML.' }
  },
  virtualization: {
    title: 'Virtualization',
    found: {
      ok: '{type} for {architecture} works there.',
      noKvm: 'There is no KVM for {architecture} there.',
      none: '{type} for {architecture} is not there.'
    },
    fix: {
      noKvm: 'Switch on virtualization in its firmware and load the kvm module.',
      none: 'Install the QEMU for it.'
    }
  },
  cpu: {
    title: 'Processor',
    found: {
      ok: 'It has what the machine needs.',
      missing: 'It lacks what the machine’s processor model needs.',
      otherHost: 'It is another one; the machine gets its features at its next start.',
      otherHostLive: 'It cannot do all that the running machine was given.',
      notCompared: 'It could not be compared.'
    },
    fix: {
      missing: 'Choose a model that both have.',
      otherHostLive: 'Move it while it is off, or give it a model that both have.',
      notCompared: 'libvirt compares it itself before a live move, and refuses if it does not fit.'
    }
  },
  memory: {
    title: 'Memory',
    found: {
      ok: '{freeBytes} free, {neededBytes} needed.',
      low: 'Only {freeBytes} free, {neededBytes} needed.'
    },
    fix: { low: 'It may not start there, or push other machines into swap.' }
  },
  networks: {
    title: 'Network',
    found: {
      network: 'The network “{name}” is there and active.',
      bridge: 'The bridge “{name}” is there.',
      none: 'It has no network.',
      noNetwork: 'There is no active network “{name}”.',
      noBridge: 'There is no bridge “{name}”.',
      otherKind: 'An interface of the kind “{kind}” is taken over as it is.'
    },
    fix: {
      noNetwork: 'Choose another one below, or start or create it there.',
      noBridge: 'Choose another one below, or create it there.',
      otherKind: 'Its device must have the same name there.'
    }
  },
  diskKinds: {
    title: 'Disks',
    found: {
      ok: 'All are files.',
      none: 'It has no disks.',
      shareable: '{disk} is read-only or shared between machines.',
      notSeen: '{disk} ({kind}) is taken over as it is.',
      notAFile: '{disk} is no file ({kind}).'
    },
    fix: {
      shareable: 'Detach it first.',
      notSeen: 'It must be reachable from there under the same name.',
      notAFile: 'Only files are copied. Choose shared storage if both servers reach it.'
    }
  },
  sharedStorage: {
    title: 'Shared storage',
    found: {
      sameExport: '{disk}: both mount {export}.',
      looksShared: '{disk}: the file there has the same size and time. libvirt is told that it is the same.',
      notShared: '{disk}: {path} is not the same file there.',
      copyNeedsDisks: 'Two machines must not share one disk.'
    },
    fix: { notShared: 'Choose “copy the disks”.', copyNeedsDisks: 'Choose “copy the disks”.' }
  },
  backing: {
    title: 'Linked disk',
    found: {
      flattened: '{disk} builds on another image. On the target it becomes one whole file.',
      linked: '{disk} builds on {backing}, which is not copied.'
    },
    fix: { linked: 'Move it while it runs: the disk then becomes one whole file.' }
  },
  sourcePool: {
    title: 'Source pool',
    found: { none: '{disk}: {path} lies in no active storage pool.' },
    fix: { none: 'Make or start a pool over its folder: the bytes are read through libvirt.' }
  },
  targetPool: {
    title: 'Target pool',
    found: {
      ok: '{disk} goes to “{pool}”.',
      none: '{disk}: no pool is chosen.',
      missing: '{disk}: there is no active pool “{pool}” of files.'
    },
    fix: { none: 'Choose one below.', missing: 'Choose another one below, or create it there.' }
  },
  space: {
    title: 'Space',
    found: {
      ok: '“{pool}”: {availableBytes} free, {neededBytes} needed.',
      grows:
        '“{pool}”: {availableBytes} free is enough now ({neededBytes}), but the disks may grow to {capacityBytes}.',
      full: '“{pool}”: only {availableBytes} free, {neededBytes} needed.',
      unknown: '“{pool}” does not say how much is free.'
    },
    fix: { full: 'Choose another pool, or make room there.', grows: 'Watch the space there.' }
  },
  targetFiles: {
    title: 'File name',
    found: {
      renamed: '{disk}: the name is taken in “{pool}”; it becomes {name}.',
      allTaken: '{disk}: all names for it are taken in “{pool}”.'
    },
    fix: { allTaken: 'Nothing is overwritten. Remove what is left from before, or choose another pool.' }
  },
  media: {
    title: 'Media',
    found: {
      ok: 'No medium is inserted.',
      there: '{drive}: {path} is there too.',
      missing: '{drive}: {path} is not there.',
      emptied: '{drive}: {path} is not there; the drive will be empty.',
      unknown: '{drive}: whether {path} is there cannot be seen.'
    },
    fix: {
      missing: 'Eject it first, or put the same file there.',
      unknown: 'libvirt says so when it is not.'
    }
  },
  bootFiles: {
    title: 'Boot files',
    found: {
      ok: 'All that it boots from is there.',
      missing: '{path} is not there.',
      logFolder: 'The folder {path}, where its serial line is logged, is not there.',
      unknown: 'Whether {path} is there cannot be seen.'
    },
    fix: {
      missing: 'Put the same file there.',
      logFolder: 'Create the folder there.',
      unknown: 'libvirt says so when it is not.'
    }
  },
  snapshots: {
    title: 'Snapshots',
    found: {
      ok: 'It has none.',
      snapshots: 'It has {count}. libvirt does not take them along.',
      checkpoints: 'It has {count} checkpoints of backups.'
    },
    fix: { snapshots: 'Delete them first.', checkpoints: 'Delete them first.' }
  },
  managedSave: {
    title: 'Saved state',
    found: { ok: 'None.', saved: 'Its memory is saved on the source.' },
    fix: { saved: 'Start it, then move it; or discard the saved state.' }
  },
  devices: {
    title: 'Host devices',
    found: {
      ok: 'None.',
      hostDevices: 'It uses {count} devices of this host.',
      sharedFolders: 'It mounts {count} folders of this host.',
      sharedFoldersThere: 'It mounts {count} folders of the host.'
    },
    fix: {
      hostDevices: 'Detach them first.',
      sharedFolders: 'Move it while it is off.',
      sharedFoldersThere: 'They must exist there too.'
    }
  },
  firmwareState: {
    title: 'Firmware and TPM',
    found: {
      ok: 'Nothing beside the disks.',
      travels: 'Its variables travel with the memory.',
      nvram: 'Its UEFI variables ({path}) lie in no pool.',
      tpm: 'Its TPM keeps secrets on the source.'
    },
    fix: { nvram: 'Move it while it runs.', tpm: 'Move it while it runs.' }
  },
  route: {
    title: 'Way',
    found: {
      console: 'Through this console, over both ssh connections.',
      cold: 'Through this console, over both ssh connections.',
      direct: 'From server to server, as {user}.',
      directHostKey: '{user} on the source does not know the target’s host key yet.',
      directLogin: '{user} on the source cannot log in to the target.',
      directName: 'The source does not know the target by this name.',
      directConnect: 'The source does not reach the target’s ssh.',
      directTool: 'A tool is missing on one of the two (ssh, nc or virsh).',
      directLibvirt: 'The account may not use libvirt on the target.',
      directOther: 'The source does not reach libvirt on the target.'
    },
    fix: {
      directHostKey:
        'As {user} on the source, connect to the target once with ssh and compare its key; or go through the console.',
      directLogin:
        'Put the public key of {user} of the source into the target’s authorized_keys; or go through the console.',
      directName: 'Add it to the name service or to /etc/hosts of the source; or go through the console.',
      directConnect: 'Check the firewall between the two; or go through the console.',
      directTool: 'Install it; or go through the console.',
      directLibvirt: 'Add the account to the group “libvirt” there; or go through the console.',
      directOther: 'The words below say why; or go through the console.'
    }
  }
} as const satisfies Record<MigrationCheckId, CheckWords>

export const migrate = {
  menu: 'Move or copy to another server…',
  title: 'Move or copy “{vm}”',
  subtitle: 'From {server}',
  target: 'To',
  chooseTarget: 'Choose a server',
  noTarget: 'No other server with libvirt is connected.',
  noTargetNext: 'Add another server, or wait until it is connected.',
  kind: 'What',
  kinds: { move: 'Move', copy: 'Copy' },
  kindHint: {
    move: 'Afterwards it is there and not here. Its files stay here until you delete them.',
    copy: 'A second machine with its own name, UUID and MAC addresses. This one is not touched.'
  },
  way: 'When',
  ways: { live: 'While it runs', cold: 'While it is off' },
  route: 'Way',
  routes: { console: 'Through the console', direct: 'Server to server' },
  routeHint: {
    console: 'Nothing has to be set up. The bytes pass through this computer.',
    direct: 'Faster. The account on the one server must be able to log in to the other.'
  },
  storage: 'Storage',
  storages: { copy: 'Copy the disks', shared: 'Shared' },
  name: 'Name of the copy',
  disks: 'Disks',
  poolOf: 'Pool for {disk}',
  choosePool: 'Choose a pool',
  free: '{name} — {free} free',
  networks: 'Networks',
  networkFor: 'In place of the {name}',
  place: { network: 'network {name}', bridge: 'bridge {name}' },
  checks: 'Checks',
  checking: 'Looking at both servers…',
  level: { ok: 'passed', warn: 'warning', fail: 'failed' },
  passed: '{count} check passed | {count} checks passed',
  showPassed: 'Show them',
  hidePassed: 'Hide them',
  toCopy: '{size} to copy',
  nothingToCopy: 'No disk is copied',
  possible: 'Ready',
  impossible: '{count} check failed | {count} checks failed',
  next: 'Review',
  back: 'Back',
  start: { move: 'Move it', copy: 'Copy it' },
  review: {
    move: '“{vm}” goes from {source} to {target}.',
    copy: '“{vm}” is copied from {source} to {target} as “{name}”.',
    live: 'It goes on running; for a moment at the end it stands still.',
    cold: 'It stays off. Each disk is checked on both ends (SHA-256).',
    after:
      'Only when {target} has been read back is the definition on {source} removed. The files there stay.',
    untouched: 'Nothing on {source} is changed.',
    fails: 'If anything fails, or you cancel, what was made on {target} is removed and {source} is as before.'
  },
  file: '{from} → {to}',
  commands: 'Exact commands',
  on: { source: 'on {server}', target: 'on {server}' },
  copyCommands: 'Copy the commands',
  phase: {
    checking: 'checking',
    preparing: 'preparing',
    copying: 'copying',
    verifying: 'verifying',
    finishing: 'finishing',
    undoing: 'undoing'
  } satisfies Record<MigrationPhase, string>,
  done: { move: '“{vm}” is on {target} now.', copy: '“{name}” was made on {target}.' },
  filesLeft: 'Its files are still on {source}: {files}. Delete them when you are sure.',
  deleteFiles: 'Delete…',
  filesInNoPool: 'Not in a storage pool of {source}, and so not deleted from here: {files}',
  stillDefined: 'Its definition on {source} could not be removed; the journal says why.',
  check: checks
}
