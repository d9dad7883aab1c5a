import type { ServiceAction } from '#contract/services.ts'

/** Users, units, updates and containers of a server. */
export const services = {
  parts: 'What to show',
  part: { users: 'Users', units: 'Units', updates: 'Updates', containers: 'Containers' },
  partCount: {
    users: 'Users · {count}',
    units: 'Units · {count} failed',
    updates: 'Updates · {count}',
    containers: 'Containers · {count}'
  },
  readAgo: 'read {age} ago',
  readAt: 'Read at {time}.',
  stale: 'as of {age} ago',
  readNow: 'Read now',
  csvTip: 'Save the rows shown, as a table',
  filter: { label: 'Filter', placeholder: 'name, word' },
  shown: '{shown} of {total}',
  leftOut: 'One more is not shown. | {count} more are not shown.',
  noMatch: { title: 'Nothing fits the filter', text: 'Clear it to see all again.' },
  lacking: 'Not to be had here',
  lackingOf: {
    users: {
      toolMissing: {
        title: 'No list of logins',
        text: 'The server keeps none (neither systemd-logind nor utmp), and its SSH server does not name its processes.'
      },
      permissionDenied: {
        title: 'Logins are hidden',
        text: 'The server keeps no list of logins, and the login user may not see the processes of others.'
      }
    },
    updates: {
      notPresent: {
        title: 'No package lists yet',
        text: 'The server has never fetched them, so that no number of updates is known. This line on the server fetches them:'
      },
      toolMissing: {
        title: 'No package manager that is known',
        text: 'Updates are counted with apt, dnf, yum, zypper, pacman and apk.'
      },
      permissionDenied: {
        title: 'The login user may not ask',
        text: 'The package manager answers root only. This line allows the one question; then let the console use sudo (Edit server).'
      }
    },
    containers: {
      notPresent: {
        title: 'No containers here',
        text: 'Neither Docker nor Podman is installed on this server.'
      },
      permissionDenied: {
        title: 'The login user may not use Docker',
        text: 'This line allows it from the next login on. Who may use Docker is as good as root on the server; sudo for the console is another way (Edit server).'
      },
      daemonDown: {
        title: 'Docker does not run',
        text: 'It is installed, but its service does not answer. This line starts it:'
      }
    }
  },
  waiting: 'Not read yet',
  waitingText: 'It will be read when the server answers.',
  copyFix: 'Copy the command',
  blocked: {
    lookOnly: 'This server is set to look only: the console refuses every change on it.',
    notConnected: 'The server is not connected.'
  },
  users: {
    title: 'Users logged in',
    column: {
      user: 'User',
      terminal: 'Terminal',
      origin: 'From',
      since: 'Since',
      idle: 'Idle',
      service: 'By',
      pid: 'PID'
    },
    summary: 'Nobody is logged in | One login | {count} logins',
    apart: 'one more without a terminal | {count} more without a terminal',
    console: 'this console',
    consoleTip: 'The connection of this console. It is not counted.',
    noTerminal: 'no terminal',
    noTerminalTip:
      'Logged in for commands or files only (sftp, a script, another console). It is shown, but not counted.',
    graphical: 'screen',
    atServer: 'at the server',
    source: {
      logind: 'from systemd-logind',
      utmp: 'from utmp',
      processes: 'from sshd’s processes: this server keeps no list of logins'
    },
    notKnown: 'The server does not tell.',
    none: { title: 'Nobody is logged in', text: 'Only this console is connected.' }
  },
  units: {
    title: 'Units of systemd',
    show: 'Which units',
    all: 'All',
    failed: 'Failed',
    running: 'Running',
    watched: 'Watched',
    servicesOnly: 'Services only',
    servicesOnlyTip: 'Leave out mounts, devices, slices, sockets, timers and targets.',
    column: {
      name: 'Unit',
      state: 'State',
      since: 'Since',
      enabled: 'At boot',
      description: 'Description'
    },
    notAsked: 'Asked for services and timers only.',
    watch: 'Watch',
    unwatch: 'No longer watch',
    watchedTip: 'Watched: whether it is active is kept in the history.',
    notActed: 'Only services, sockets, timers and paths are switched from here.',
    menu: 'Actions on the unit {name}',
    showLog: 'Show log',
    otherInit: {
      title: 'No systemd here',
      openrc: 'This server is started by OpenRC. Only systemd’s units can be listed.',
      runit: 'This server is started by runit. Only systemd’s units can be listed.',
      s6: 'This server is started by s6. Only systemd’s units can be listed.',
      other:
        'This server is not started by systemd (a container, or an older system). Only systemd’s units can be listed.'
    },
    none: { title: 'No such unit', text: 'systemd lists none of this kind.' },
    noneFailed: {
      title: 'No unit has failed',
      text: 'All that systemd started is well, or was stopped on purpose.'
    },
    noneWatched: {
      title: 'No unit is watched',
      text: 'Choose “Watch” in a unit’s menu to keep its state in the history.'
    }
  },
  updates: {
    title: 'Pending updates',
    column: { name: 'Package', current: 'Installed', next: 'Available', security: 'Kind' },
    pending: 'Nothing to update | One update | {count} updates',
    security: 'one for security | {count} for security',
    securityBadge: 'security',
    securityOnly: 'Security only',
    lists: 'package lists fetched {age} ago',
    listsOld: 'The package lists are {age} old: there may be more updates than these.',
    reboot: 'Reboot required',
    rebootFor: 'Asked for by {packages}',
    noReboot: 'no reboot required',
    manager: 'by {manager}',
    notSaid: 'The package manager does not say.',
    counting: 'Counting',
    count: 'Count now',
    countTip:
      'Asks the package manager by what the server fetched last, without the network. It may take a minute.',
    none: { title: 'Nothing to update', text: 'By the package lists that the server fetched last.' },
    wait: 'Updates are counted a minute after the console has connected, then every six hours.'
  },
  containers: {
    title: 'Containers',
    column: {
      name: 'Name',
      image: 'Image',
      state: 'State',
      since: 'Since',
      cpu: 'CPU',
      memory: 'Memory',
      limit: 'Limit',
      processes: 'Procs'
    },
    summary: '{running} of {total} running',
    runningOnly: 'Running only',
    root: 'root’s',
    rootTip: 'Seen through sudo.',
    menu: 'Actions on the container {name}',
    notRunning: 'It does not run.',
    noValue: 'Its control group could not be read, or this is the first reading.',
    noLimit: 'No limit.',
    notSaid: 'The engine does not say.',
    exited: 'exited ({code})',
    none: { title: 'No containers', text: 'The engine lists none.' }
  },
  action: { start: 'Start', stop: 'Stop', restart: 'Restart', reload: 'Reload' } satisfies Record<
    ServiceAction,
    string
  >,
  act: {
    title: {
      start: 'Start {name} on {server}?',
      stop: 'Stop {name} on {server}?',
      restart: 'Restart {name} on {server}?',
      reload: 'Reload {name} on {server}?'
    } satisfies Record<ServiceAction, string>,
    ended: {
      start: 'Start {name} on {server}',
      stop: 'Stop {name} on {server}',
      restart: 'Restart {name} on {server}',
      reload: 'Reload {name} on {server}'
    } satisfies Record<ServiceAction, string>,
    command: 'Runs on the server',
    ran: 'Was run on the server',
    remoteAccess:
      'The way to this server hangs on it. If it does not come back, the console and everyone else lose the server.',
    done: 'Done. State now: {state}.',
    doneUnknown: 'Done. Its state could not be read back.',
    failed: 'It failed with exit code {code}. State now: {state}.',
    failedUnknown: 'It failed with exit code {code}.',
    denied: 'The login user may not do this.',
    deniedNext: 'Run the line on the server, then let the console use sudo (Edit server).',
    deniedDocker: 'Run the line on the server and connect again.'
  },
  log: {
    title: 'Log of {name}',
    newest: 'Newest lines',
    empty: 'There is nothing in it.',
    unread: 'The log could not be read.',
    partial:
      'The login user may not see all of it. This line on the server mends it, from the next login on:',
    refresh: 'Read again'
  }
}
