/** Power of a server itself, and Wake-on-LAN. */
import type { PowerResult, WakeResult } from '#contract/switching.ts'
import type { ServerPowerAction } from '#contract/vocabulary.ts'

export const switching = {
  menu: 'Power',
  wake: 'Wake…',
  wakeNow: 'Wake',
  wakeAll: 'Wake {count} server that is off | Wake {count} servers that are off',
  wakeOff: 'Wake {count} off',
  wakeAllTitle: 'Wake {count} server? | Wake {count} servers?',
  wakeAllText:
    'A magic packet is sent to each: {names}. Each becomes a task that waits until it is connected.',
  noMacOf: 'No address to wake it by is known: it has not been connected since this console learns them.',
  alreadyOn: 'It is on.',
  notOn: 'It is not connected.',
  lookOnly: 'This server is set to look only.',
  act: {
    shutDown: 'Shut down…',
    reboot: 'Reboot…',
    suspend: 'Suspend…'
  } satisfies Record<ServerPowerAction, string>,
  title: {
    shutDown: 'Shut down {name}?',
    reboot: 'Reboot {name}?',
    suspend: 'Suspend {name}?'
  } satisfies Record<ServerPowerAction, string>,
  text: {
    shutDown:
      'The server stops everything on it and switches off. It comes back by Wake-on-LAN, its management board, or its power button.',
    reboot: 'The server stops everything on it and starts again. The console waits for it for five minutes.',
    suspend:
      'The server sleeps in memory. It comes back by Wake-on-LAN or its power button; what runs on it goes on then.'
  } satisfies Record<ServerPowerAction, string>,
  confirm: {
    shutDown: 'Shut down',
    reboot: 'Reboot',
    suspend: 'Suspend'
  } satisfies Record<ServerPowerAction, string>,
  running: 'On it now',
  machines: 'no machine is running | {count} machine is running | {count} machines are running',
  machinesUnknown: 'machines: not known',
  machinesFate: 'They are shut down or saved only if its libvirt is set up for that (libvirt-guests).',
  users: 'nobody is logged in | {count} login: {names} | {count} logins: {names}',
  usersUnknown: 'users logged in: not known',
  command: 'Sent to the server',
  looking: 'Looking at what the server has for it…',
  notPossible: {
    toolMissing: 'The server has no command for it (systemctl, shutdown).',
    permissionDenied:
      'The login user may not do this. Allow “use sudo” in the settings of the server, and this there:',
    notPresent: 'This server cannot sleep: its kernel offers no sleep state.',
    other: 'This is not possible on this server.'
  },
  mayBeRefused:
    'The login user is not root: the server decides whether to allow it. Otherwise, with “use sudo”:',
  noWake: 'No address to wake it by is known yet. Someone may have to press its power button.',
  type: 'Type {name} to confirm',
  done: {
    off: '{name} is off.',
    back: '{name} is back after {span}.',
    notBack: '{name} is not back after {span}.',
    stillOn: '{name} is still on.'
  } satisfies Record<PowerResult['outcome'], string>,
  doneText: {
    off: 'Its connection ended, as it should.',
    back: 'It has rebooted and is connected again.',
    notBack: 'It went away and does not answer. The console goes on trying.',
    stillOn: 'The command was taken, but the server goes on without having stopped.'
  } satisfies Record<PowerResult['outcome'], string>,
  woken: {
    online: '{name} is on after {span}.',
    noAnswer: '{name}: no answer in 120 s.',
    sent: 'A magic packet was sent to {name}.'
  } satisfies Record<WakeResult['outcome'], string>,
  wokenText: {
    online: 'It is connected.',
    noAnswer:
      'Check that Wake-on-LAN is switched on in its firmware and its network card, and that it stands in the network the packet was sent into.',
    sent: 'Collecting from it is stopped, so nobody waits for it.'
  } satisfies Record<WakeResult['outcome'], string>,
  expectedOff: {
    shutDown: 'Shut down by you at {time}',
    reboot: 'Rebooted by you at {time}',
    suspend: 'Suspended by you at {time}'
  } satisfies Record<ServerPowerAction, string>,
  expectedOffText: {
    shutDown: 'It stays off until someone wakes it.',
    reboot: 'It is expected back in a few minutes.',
    suspend: 'It sleeps until someone wakes it.'
  } satisfies Record<ServerPowerAction, string>,
  dialog: {
    title: 'Wake {name}',
    text: 'A magic packet is sent into the server’s network; its network card switches it on.',
    mac: 'Ethernet address',
    macHint: 'learned: {mac}',
    macNotLearned: 'Not learned yet: the console reads it while the server is on.',
    macWrong: 'Six pairs of hexadecimal digits, of one machine (the first pair is even): 52:54:00:12:34:56',
    interface: '{name} · {mac}',
    wakes: 'set to wake',
    wakesNot: 'Wake-on-LAN is off on {name}. While the server is on, it is switched on by:',
    learnedAt: 'Learned {age} ago.',
    broadcast: 'Broadcast address',
    broadcastHint: 'empty: {addresses}',
    broadcastWrong: 'An IPv4 address, such as 192.168.1.255.',
    port: 'UDP port',
    portAuto: '9 and 7',
    way: 'Sent from',
    fromHere: 'this computer',
    through: 'through {name}',
    throughOff: 'through {name} (not connected)',
    wayHint: 'A server of the same network sends it where this computer stands in another one.',
    password: 'SecureOn password',
    passwordHint: 'Only for cards that ask for one. Six pairs of digits; it travels in plain.',
    passwordKept: 'One is kept. Leave it empty to go on using it.',
    passwordForgotten: 'Cannot be kept on this computer; used until the console ends.',
    passwordWrong: 'Six pairs of hexadecimal digits.',
    forget: 'Forget the kept password',
    keep: 'Keep',
    send: 'Keep and wake'
  }
}
