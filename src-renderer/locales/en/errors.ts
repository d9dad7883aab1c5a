/**
 * Every ErrorCode: `title` says what happened and to what, `next` says what to do. Facts: {where} (host or server),
 * {user}, {what}, {vm}, {path}, {tool}. The type makes a code without words a compile error.
 */
import type { ErrorCode } from '#contract/errors.ts'

type Words = { readonly title: string; readonly next: string }

export const errors = {
  someServer: 'the server',
  someUser: 'this user',
  something: 'it',
  someMachine: 'The machine',
  someFile: 'the file',

  /** Where a VM is, beside its states. */
  places: {
    unknown: 'not known',
    notReached: 'not known (no connection)',
    absent: 'not there',
    kept: 'still defined'
  },

  /** Reasons that the engine gives by name. */
  reasons: {
    noTool:
      'The server in between has nothing that can broadcast: none of python3, perl, socat, nc -b, wakeonlan, etherwake.',
    nameEmpty: 'A machine needs a name.',
    nameTooLong: 'The name is too long for the files that libvirt keeps.',
    nameCharacters: 'A name holds no slash and no invisible characters.',
    nameSpaces: 'A name does not begin or end with a space.',
    nameNumber: 'A name of digits alone would be taken for the number of a running machine.',
    nameUuid: 'A name like a UUID would be taken for another machine.',
    nameDash: 'A name that begins with a dash would be taken for an option.',
    passwordExpired: 'The password has expired. Log in there once by hand and change it.',
    publicKeyOnly: 'This is the public half of the key. Name the private file.',
    unknownFormat: 'Its format is not known.',
    notFound: 'There is no such file.',
    notReadable: 'The file may not be read.',
    tooLarge: 'The file is too large for a key.',
    hostKey: 'The host key was not accepted.',
    notABackup: 'It is no backup of Virthelm.',
    cutOff: 'It ends too soon: the file was not copied or downloaded whole.',
    incomplete: 'A file is missing in it.',
    noEmulator: 'QEMU for the processor of this server is not installed there.',
    seedGone: 'Its seed was not kept, because it may hold a password.',
    changed: 'What is in it is not what was put in: a checksum does not match.',
    damaged: 'A database in it is damaged.',
    newer: 'It was made by a newer Virthelm. Update first.',
    notLarger: 'The new size is not larger than the present one.',
    otherName: 'The name that was typed is another one.',
    cidr: 'The address is not an IPv4 address of the server with a prefix from /8 to /30.',
    taken: 'The addresses overlap with those of another network of this server.',
    dhcpStart: 'The first DHCP address is not in the network.',
    dhcpEnd: 'The last DHCP address is not in the network.',
    dhcpOrder: 'The last DHCP address comes before the first.',
    dhcpHasOwn: 'The DHCP range holds the server’s own address.',
    checksum: 'What arrived is not what was sent: the checksums differ.',
    started: 'The machine was started while its disks were copied.',
    written: 'A disk was written to while it was copied.',
    bothActive: 'Both servers have it active. Stop one of them yourself.',
    diskPlace: 'A disk is not where it should be.',
    diskSize: 'A disk has another size than on the source.',
    redirected: 'It points to another address. Redirects are not followed: enter the address it points to.',
    notSmtp: 'What answers there does not speak SMTP.',
    notHttp: 'What answers there does not speak HTTP.',
    noLoginOffered: 'The server offers no login over this connection.',
    tokenOdd: 'The token holds characters that no token has.'
  },

  internal: {
    title: 'Something went wrong inside Virthelm.',
    next: 'Try again. If it comes back, the log holds the cause under the incident number.'
  },
  invalidInput: {
    title: 'The console did not accept what was entered.',
    next: 'Check the values and try again.'
  },
  cancelled: { title: 'It was cancelled.', next: 'Nothing more is done. Start it again when you want to.' },
  deadlineExceeded: {
    title: 'No answer in time from {where}.',
    next: 'The server may be busy. Try again in a moment.'
  },
  notFound: {
    title: 'What was asked for is not there any more.',
    next: 'It may have been removed in the meantime. Go back to the list.'
  },
  conflict: {
    title: 'This does not fit what is there already.',
    next: 'Look at the present state, then try again.'
  },
  conflictOtherName: {
    title: '“{seenName}” has another name now. Nothing was done.',
    next: 'Look at the list again, then repeat the action.'
  },
  conflictGone: {
    title: 'It is not on {where} any more. Nothing was done.',
    next: 'It was removed by someone else. The list is read again.'
  },
  conflictFull: {
    title: 'There are {max} already, and no more can be added.',
    next: 'Remove one that is not needed any more.'
  },
  conflictName: { title: 'The name “{what}” is already taken.', next: 'Choose another name.' },
  overflow: {
    title: 'The window could not keep up with the data.',
    next: 'It starts again from the newest values by itself.'
  },
  tooManyStreams: {
    title: 'Too many views are open at once.',
    next: 'Close a window or a tab of the console, then try again.'
  },
  messageTooLarge: {
    title: 'This is more than can be sent at once.',
    next: 'Take a shorter range or fewer rows.'
  },
  refusedNameNotTyped: {
    title: 'The name of the machine was not typed. Nothing was done.',
    next: 'Repeat it, and type the name exactly as it is shown.'
  },
  refused: {
    title: 'The console refused this.',
    next: 'It is not allowed here. Nothing was changed.'
  },
  refusedExportSecrets: {
    title: 'This window may not export passwords.',
    next: 'Use npm run configuration -- export, or start the console with --export-secrets.'
  },
  refusedLookOnly: {
    title: 'Nothing is changed on {where}: it is set to look only.',
    next: 'Edit the server to allow changes.'
  },
  disconnected: {
    title: 'There is no connection for this right now.',
    next: 'It is set up again by itself. Try again when it is back.'
  },

  addressNotFound: {
    title: 'No address was found for {where}.',
    next: 'Check the spelling of the host name, or use its IP address.'
  },
  addressTimeout: {
    title: 'The name service did not answer about {where}.',
    next: 'Check this computer’s network and DNS, or use the IP address.'
  },
  connectionRefused: {
    title: 'Connection refused by {where}.',
    next: 'The host is up, but no SSH server listens there. Check the port and the sshd service.'
  },
  connectTimeout: {
    title: 'Connection timed out at {where}.',
    next: 'The host is off, or a firewall drops the packets. Check its power and the way to it.'
  },
  networkUnreachable: {
    title: 'There is no route to {where}.',
    next: 'Check this computer’s network or VPN.'
  },
  connectionClosed: {
    title: '{where} closed the connection.',
    next: 'Its sshd may be restarting or may limit logins. It is tried again by itself.'
  },
  handshakeTimeout: {
    title: '{where} accepted the connection but said nothing.',
    next: 'The host may be overloaded. It is tried again by itself.'
  },
  notSsh: {
    title: 'What answers at {where} is not an SSH server.',
    next: 'Check the port number.'
  },
  algorithmMismatch: {
    title: 'No common encryption with {where}.',
    next: 'Its SSH server is too old or too strict. Update OpenSSH on the server.'
  },
  linkFrozen: {
    title: 'The connection to {where} went silent.',
    next: 'The host hangs or the network broke. It is tried again by itself.'
  },
  jumpFailed: {
    title: 'The jump host on the way to {where} could not be passed.',
    next: 'Check the address and login of the jump host; it must allow forwarding.'
  },

  hostKeyUnknown: {
    title: 'The host key of {where} is not known yet.',
    next: 'Compare its fingerprint, then trust it.'
  },
  hostKeyChanged: {
    title: 'The host key of {where} has changed.',
    next: 'Nothing was sent. Compare the new key before you trust it.'
  },
  hostKeyRevoked: {
    title: 'The host key of {where} is marked as revoked.',
    next: 'Nothing was sent. The server needs a new host key.'
  },
  loginRefused: {
    title: 'Login refused for {user} at {where}.',
    next: 'Check the user, the key and the password, then try again.'
  },
  loginTimeout: {
    title: 'The login to {where} took too long.',
    next: 'Its login service may hang. Try again.'
  },
  passwordNeeded: {
    title: '{where} asks {user} for a password.',
    next: 'Enter it, or set up a key.'
  },
  passphraseNeeded: {
    title: 'The key {path} is locked with a passphrase.',
    next: 'Enter the passphrase, or add the key to your SSH agent.'
  },
  passphraseWrong: { title: 'The passphrase does not open {path}.', next: 'Enter it again.' },
  keyUnreadable: {
    title: 'The key {path} could not be read.',
    next: 'Check that the file exists, that you may read it, and that it is a private key.'
  },
  agentUnavailable: {
    title: 'No SSH agent answers on this computer.',
    next: 'Start an agent and add a key, or choose a key file or password.'
  },
  sshConfigUnreadable: {
    title: 'Your SSH configuration ({path}) could not be read.',
    next: 'Check the file, or type the address instead.'
  },
  secretsUnavailable: {
    title: 'Passwords cannot be kept on this computer.',
    next: 'Enter the password each time, or use a key or agent.'
  },

  channelRefused: {
    title: '{where} opened no further channel.',
    next: 'Its limit of sessions is reached (MaxSessions). It is tried again by itself.'
  },
  forwardFailed: {
    title: '{where} does not open the way to {target}.',
    next: 'Its sshd must allow forwarding (AllowTcpForwarding, AllowStreamLocalForwarding), and the display must listen there.'
  },
  tooManyTerminals: {
    title: 'Too many terminals are open on {where}.',
    next: 'Its sshd allows only a few per connection. Close a serial line or a terminal of this server, or wait until its uploads and moves have ended.'
  },
  shellUnavailable: {
    title: '{user} gets no shell at {where}.',
    next: 'Choose a user whose login shell is not disabled and that may run commands.'
  },
  outputTooLarge: {
    title: '{where} sent more than was asked for.',
    next: 'The answer was cut off. Check what its login scripts print.'
  },
  protocolViolation: {
    title: 'The answer of {where} could not be understood.',
    next: 'Its login scripts may disturb the session. It is tried again by itself.'
  },
  commandFailed: { title: 'A command failed at {where}.', next: 'The server’s own words are above.' },

  libvirtMissing: {
    title: 'There is no libvirt on {where}.',
    next: 'Install libvirt-clients and libvirt-daemon-system to see its machines.'
  },
  libvirtDenied: {
    title: '{user} may not use libvirt on {where}.',
    next: 'Add the user to the group “libvirt” on the server and connect again.'
  },
  libvirtDaemonDown: {
    title: 'libvirt does not run on {where}.',
    next: 'Start it there: systemctl start libvirtd.'
  },
  libvirtFailed: { title: 'libvirt on {where} refused.', next: 'Its own words are above.' },
  refusedProtected: {
    title: '{vm} is protected against deletion. Nothing was done.',
    next: 'Take the protection away in its menu first, if you are sure.'
  },
  refusedTooManyTags: {
    title: 'No more than {most} tags fit on a server. {count} would have more: {names}.',
    next: 'Nothing was changed. Remove other tags in the same edit, or leave these servers out.'
  },
  notFoundEdit: {
    title: 'This edit cannot be taken back any more.',
    next: 'It was taken back before, or the console was started anew since. Edit the servers again.'
  },
  refusedNoMac: {
    title: 'No Ethernet address of {server} is known to wake it by.',
    next: 'Type it in its “Wake…” dialog; it is also learned while the server is on.'
  },
  refusedWakeVia: {
    title: 'The server that should wake {server} is no longer on the list.',
    next: 'Choose another way in its “Wake…” dialog.'
  },
  refusedScanThroughJump: {
    title: '{server} is not scanned from here: it is reached through a jump host.',
    next: 'Scan it from inside, through its ssh connection.'
  },
  refusedPowerNotPossible: {
    title: '{server} has no command for this that the login user may run.',
    next: 'Open the dialog again: it says what is missing.'
  },
  planChangedPower: {
    title: 'The command is not the one that was shown. Nothing was sent.',
    next: 'Open the dialog again and look at it.'
  },
  wakeNotSent: {
    title: 'No magic packet could be sent.',
    next: 'Choose another way or broadcast address in the “Wake…” dialog.'
  },
  refusedTypedName: {
    title: 'The typed name is not that of {vm}. Nothing was done.',
    next: 'Type the name exactly as it is shown.'
  },
  vmNotFound: {
    title: '{vm} is not on {where} any more.',
    next: 'It was removed or moved. The list is up to date.'
  },
  vmChanged: {
    title: '{vm} has another name than the one you saw. Nothing was done.',
    next: 'Look at the list again, then repeat the action.'
  },
  vmNotResponding: {
    title: '{vm} does not respond.',
    next: 'Its QEMU process hangs. Wait, or force it off.'
  },
  planChanged: {
    title: '{vm} is not as it was when you confirmed.',
    next: 'Nothing more was done from there on. Open Delete again to see what is there now.'
  },
  changeRefused: {
    title: 'This change cannot be made on {vm} as it is now.',
    next: 'It was changed in the meantime. Look at its present configuration, then try again.'
  },
  passwordAtRisk: {
    title: 'Nothing was changed: a console password of {vm} could be lost.',
    next: 'libvirt does not tell whether there is one. Set it in the XML again, or confirm that there is none.'
  },
  vmActionNotPossible: {
    title: 'This cannot be done with {vm} in its present state.',
    next: 'Look at its state, then choose another action.'
  },
  snapshotNotPossible: {
    title: 'This cannot be done with the snapshots of {vm}.',
    next: 'Nothing was changed. Look at the snapshots again.'
  },
  cloneNotPossible: {
    title: '{vm} cannot be cloned this way.',
    next: 'Nothing was left behind. Look at the reason, then try again.'
  },
  storageNotResponding: {
    title: 'The storage of {pool} does not answer.',
    next: 'Check the file server or the disk behind it. It is asked again by itself, less and less often.'
  },
  storageNotRespondingList: {
    title: 'libvirt’s list of pools does not answer, because a pool hangs.',
    next: 'The pools that were known before are shown. The list is asked for again by itself.'
  },
  displayMissing: {
    title: '{vm} has no display that can be reached.',
    next: 'Add one to its configuration (graphics of type vnc or spice that listens on 127.0.0.1 or a socket); it is there after the next start.'
  },
  displayNotUnderstood: {
    title: 'The display of {vm} sent something that is not understood. It was cut off.',
    next: 'Displays with TLS, or with another login than a password of their own, cannot be shown here.'
  },
  displayNeedsTls: {
    title: 'The SPICE display of {vm} is there with TLS only.',
    next: 'SSH encrypts the way to it already: give its graphics a plain port (autoport, listen 127.0.0.1, no defaultMode secure), then start it anew.'
  },
  displayTaken: {
    title: 'The display of {vm} ended this connection while the machine runs on.',
    next: 'SPICE lets only one viewer in: somebody else has opened it. Connecting again throws them out.'
  },
  serialMissing: {
    title: '{vm} has no serial line.',
    next: 'Add one to its configuration (serial or console of type pty); it is there after the next start.'
  },
  serialInUse: {
    title: 'Somebody else holds the serial line of {vm}.',
    next: 'Take it over to end the other session, or wait until it is free.'
  },
  createRefused: {
    title: '{vm} was not made on {where}: something stands in its way.',
    next: 'Nothing was changed. Open the dialog again: its review says what.'
  },
  createFailed: {
    title: '{vm} was not made on {where}. It failed while {step}.',
    next: 'All that was made for it was taken away again.'
  },
  createFailedLeft: {
    title: '{vm} was not made on {where}. It failed while {step}.',
    next: 'What was made for it could not all be taken away yet. The Machines page offers to do it.'
  },
  volumeInUse: {
    title: '{what} is in use by {vm}. Nothing was done.',
    next: 'Detach it there first, or remove what uses it.'
  },
  volumeInUseRunning: {
    title: '{what} is in use by {vm}, which is running. Nothing was done.',
    next: 'Shut the machine down first. A running machine’s disk is grown from the machine’s own page.'
  },
  volumeInUseUnknown: {
    title: 'It is not known who uses {what}. Nothing was done.',
    next: 'Wait until its pool and all machines of the server answer, then try again.'
  },
  volumeLeftBehind: {
    title: 'The upload failed, and the unfinished {path} could not be removed.',
    next: 'Delete it on the server when it is reachable again.'
  },
  networkInUse: {
    title: '{what} is in use by {vm}. Nothing was done.',
    next: 'Move the machine’s interface to another network first.'
  },
  checksumDiffers: {
    title: 'What arrived is not what was sent: the SHA-256 of {path} differs.',
    next: 'Nothing of it was kept. Try again; if it happens again, look at the disks of both computers.'
  },
  fileSourceLost: {
    title: 'The file could not be read on this computer to its end.',
    next: 'Keep the window open while a file is sent. Nothing of it was kept; start again.'
  },

  migrationNotPossible: {
    title: '{vm} cannot go there.',
    next: 'Open the dialog again: the check that failed says why and what to do.'
  },
  migrationFailed: {
    title: '{vm} was not brought to {target}. On {source} it is as it was.',
    next: 'What was made on {target} was taken away again. Put right what the words above say, then try again.'
  },
  migrationFailedLeft: {
    title: '{vm} was not brought to {target}. On {source} it is as it was.',
    next: 'Not everything made on {target} could be taken away: {left}. Look there, then try again.'
  },
  migrationUnclear: {
    title: '{vm}: on {source} it is {onSource}, on {target} it is {onTarget}.',
    next: 'Nothing was removed on either server. Look at both before you start it anywhere.'
  },

  tlsFailed: {
    title: 'No secure connection with {where}.',
    next: 'Check that it speaks https there, and that this computer trusts its certificate.'
  },
  engineLoginRefused: {
    title: '{where} refused the login.',
    next: 'Check user, password or token, and what they may do there.'
  },
  engineStoreMissing: {
    title: 'There is no “{what}” at {where}.',
    next: 'Make the database or bucket there, or check the name.'
  },
  engineNotThisKind: {
    title: 'What answers at {where} is not such an engine.',
    next: 'Check the kind, the port and the path of the address.'
  },
  engineRefused: { title: '{where} does not want these values.', next: 'The engine’s own words are above.' },
  engineBusy: {
    title: '{where} cannot take or give values right now.',
    next: 'It is tried again by itself.'
  },
  engineNoData: {
    title: '{where} has no samples of Virthelm from the last seven days.',
    next: 'Add an engine that samples are sent to, and let it run for a while.'
  },
  connectionRefusedEngine: {
    title: 'Connection refused by {where}.',
    next: 'The host is up, but nothing listens there. Check the port, and that the engine runs.'
  },
  connectTimeoutEngine: {
    title: 'Connection timed out at {where}.',
    next: 'The host is off, or a firewall drops the packets.'
  },
  connectionClosedEngine: {
    title: '{where} closed the connection.',
    next: 'The engine may be restarting. It is tried again by itself.'
  },
  deadlineExceededEngine: {
    title: '{where} accepted the connection but did not answer in time.',
    next: 'The engine may be overloaded. It is tried again by itself.'
  },
  outputTooLargeEngine: {
    title: '{where} sent more than was asked for.',
    next: 'Check that the address is that of the engine.'
  },
  notifyLoginRefused: {
    title: '{where} refused the login.',
    next: 'Check user, password or token, and what they may do there.'
  },
  notifyRefused: {
    title: '{where} did not take the message.',
    next: 'Check the kind, the address and the port of the channel. What it answered is above.'
  },
  notifyBusy: {
    title: '{where} cannot take messages right now.',
    next: 'What waits is kept, and is tried again by itself.'
  },
  mailRelayDenied: {
    title: '{where} does not deliver to {what}.',
    next: 'Check these addresses. Many servers need a login before they pass mail on, or take one sender only.'
  },
  tlsFailedChannel: {
    title: '{where} could not be trusted, or did not speak TLS. Nothing was sent.',
    next: 'Check port and encryption, and that this computer trusts its certificate.'
  },
  passwordNeededChannel: {
    title: 'The password of {user} at {where} is not known any more.',
    next: 'Enter it again. It is kept for the address, port and encryption that it was entered for only.'
  },
  connectionRefusedChannel: {
    title: 'Connection refused by {where}.',
    next: 'The host is up, but nothing listens there. Check the port. It is tried again by itself.'
  },
  connectTimeoutChannel: {
    title: 'Connection timed out at {where}.',
    next: 'The host is off, or a firewall drops the packets. It is tried again by itself.'
  },
  connectionClosedChannel: {
    title: '{where} closed the connection.',
    next: 'Check port and encryption. It is tried again by itself.'
  },
  deadlineExceededChannel: {
    title: '{where} accepted the connection but did not answer in time.',
    next: 'Check port and encryption. It is tried again by itself.'
  },
  outputTooLargeChannel: {
    title: '{where} answered with more than a channel should.',
    next: 'Check that the address is that of a webhook or of ntfy.'
  },
  conflictChannels: {
    title: 'No more channels can be added.',
    next: 'Remove one that is not needed any more.'
  },
  refusedDesktopChannel: {
    title: 'The desktop’s own channel is always there, once.',
    next: 'Switch it off where nothing is to be shown on this computer.'
  },
  refusedLoginInAddress: {
    title: 'The address holds a user or a password.',
    next: 'Take it out of the address, and enter the secret in its own field.'
  },
  conflictEngines: {
    title: 'No more outside engines can be added.',
    next: 'Remove one that is not needed any more.'
  },

  diskFull: {
    title: 'This computer’s disk is full.',
    next: 'Free some space. Values are shown on, but none are kept until then.'
  },
  databaseDamaged: {
    title: 'The history file is damaged.',
    next: 'It was put aside, and the newest backup is used.'
  },
  databaseNewer: {
    title: 'The data folder belongs to a newer Virthelm.',
    next: 'Install the newer version. The files were left untouched.'
  },
  databaseOlder: {
    title: 'The data folder is still that of an older Virthelm.',
    next: 'Start the console once: it brings the files up to date.'
  },
  dataFolderLocked: {
    title: 'Another Virthelm uses this data folder.',
    next: 'Close it, or choose another folder with --data-dir.'
  },
  fileNotWritable: {
    title: 'The file {path} could not be written.',
    next: 'Check the folder, its permissions and the free space.'
  },
  nothingToExport: { title: 'There is nothing to export in this range.', next: 'Choose another range.' },
  tooManyColumns: {
    title: 'That would be more columns than a spreadsheet takes.',
    next: 'Choose the long form, or fewer servers or metrics.'
  },
  backupInvalid: {
    title: 'This file cannot be restored.',
    next: 'Nothing was changed. Choose another backup.'
  },
  configurationFileInvalid: {
    title: 'This is no configuration file of Virthelm.',
    next: 'Nothing was changed. Choose a file that was exported in the settings.'
  },
  configurationFileInvalidTooLarge: {
    title: 'The file is too large for a configuration file.',
    next: 'Nothing was changed. Choose a file that was exported in the settings.'
  },
  configurationFileInvalidCutOff: {
    title: 'The file ends too soon.',
    next: 'Nothing was changed. Copy it again, or export it again.'
  },
  configurationFileInvalidChanged: {
    title: 'The file was changed since it was made: its checksum does not fit.',
    next: 'Nothing was changed. Take the file as it was exported.'
  },
  configurationFileInvalidNotUnderstood: {
    title: 'Something in the file cannot be: {part}',
    next: 'Nothing was changed. Take the file as it was exported.'
  },
  configurationFileInvalidDuplicate: {
    title: 'Something stands twice in the file: {part}',
    next: 'Nothing was changed. Take the file as it was exported.'
  },
  configurationFileNewer: {
    title: 'The file was made by a newer Virthelm.',
    next: 'Nothing was changed. Install the newer version, then import it.'
  },
  configurationFilePassphrase: {
    title: 'This passphrase does not open the secrets.',
    next: 'Enter it again, or import without the secrets.'
  },
  planChangedConfigurationFile: {
    title: 'Something was changed here in the meantime. Nothing was imported.',
    next: 'The plan below is the new one. Look at it, then import again.'
  },
  refusedTypedCount: {
    title: 'The number is not that of what would be removed. Nothing was imported.',
    next: 'Look at the list, then type the number again.'
  },
  pdfNotPossible: {
    title: 'The report could not be printed as PDF.',
    next: 'In browser mode it takes Chromium, Chrome or Edge on this computer. The other files are made without it.'
  }
} as const satisfies Record<ErrorCode, Words> &
  Record<string, Words | string | Readonly<Record<string, string>>>
