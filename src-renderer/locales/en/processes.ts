export const processes = {
  label: 'Processes',
  filter: 'Filter the processes',
  filterPlaceholder: 'name, user:root cpu>50 mem>10',
  problem: 'Not understood, and taken as text: {terms}',
  view: 'Shape of the list',
  flat: 'List',
  tree: 'Tree',
  means: 'Mean of 5 min',
  meansTip: 'CPU and memory as their mean over the last five minutes, instead of the newest reading',
  kernel: 'Kernel threads',
  columns: 'Columns',
  csvTip: 'Save the rows shown, as a table',
  count: '{count} process | {count} processes',
  shown: '{shown} of {total}',
  leftOut: '{count} process that takes least is left out. | {count} processes that take least are left out.',
  held: 'Order held while you point',
  read: 'read {age} ago',
  loading: 'The first reading comes some seconds after the connection.',
  noMatch: { title: 'No process fits', text: 'Take something out of the filter.' },
  none: {
    title: 'No processes yet',
    text: 'The server has not been read in this run of the console. What was kept before is under “As they were”.'
  },
  hidden: 'The login user sees only its own processes: /proc hides those of others.',
  noIo: 'Disk I/O of other users’ processes can be read by root only. Log in as root, or let the console use sudo (Edit server).',
  column: {
    pid: 'PID',
    user: 'User',
    state: 'State',
    name: 'Process',
    cpu: 'CPU',
    memory: 'Memory',
    resident: 'Resident',
    virtual: 'Virtual',
    swap: 'Swap',
    cpuTime: 'CPU time',
    userTime: 'User time',
    systemTime: 'System time',
    threads: 'Threads',
    nice: 'Nice',
    readRate: 'Read',
    writeRate: 'Written',
    read: 'Read, sum',
    write: 'Written, sum',
    started: 'Running for',
    parent: 'Parent'
  },
  perThread: 'Share of one CPU thread',
  state: {
    R: 'running',
    S: 'sleeping',
    D: 'waiting for I/O',
    Z: 'ended, not collected',
    T: 'stopped',
    t: 'traced',
    I: 'idle',
    X: 'dead',
    other: 'state {letter}'
  },
  missing: {
    first: 'It has been seen once only; a share needs two readings.',
    io: 'The login user may not read its I/O counters.',
    ioRate: 'A rate needs two readings of the I/O counters.',
    notKept: 'The history does not keep it.',
    memory: 'The memory of the server is not known yet.',
    user: 'The user is not known yet.',
    swap: 'The kernel does not say.'
  },
  kernelThread: 'kernel thread',
  noCommandLine: 'Its command line was not read.',
  past: {
    open: 'As they were…',
    title: 'Processes as they were at',
    text: 'The 20 that took most CPU, the 20 that took most memory, and all watched ones are kept.',
    local: 'Times are those of this workstation.',
    utc: 'Times are in UTC.',
    at: 'Date and time',
    problem: 'A time like 2026-11-20 10:17',
    future: 'That time is still to come.',
    show: 'Show',
    shown: 'As they were at {time}',
    mean: 'Mean of the five minutes from {time}',
    near: 'asked for {time}',
    nothing: {
      title: 'Nothing is kept of that time',
      text: 'No reading within five minutes of {time}: the server was off, or the console was closed, or it is too long ago.'
    },
    back: 'Back to now',
    earlier: 'One minute earlier',
    later: 'One minute later'
  },
  watch: {
    title: 'Watched',
    add: 'Watch a pattern',
    addShort: 'Watch…',
    edit: 'Edit',
    remove: 'Stop watching',
    running: 'runs',
    notRunning: 'does not run',
    unknown: 'not known',
    count: '{count} process | {count} processes',
    menu: 'Actions for the watched pattern {name}',
    show: 'Show its processes',
    dialog: {
      add: 'Watch processes on {server}',
      edit: 'Watched processes on {server}',
      name: 'Name',
      namePlaceholder: 'Web server',
      text: 'Found in the command line',
      textHint:
        '* stands for anything, ? for one character; capitals count. Every watched process is kept in the history.',
      textPlaceholder: 'nginx: worker*',
      finds: 'Finds {count} process now | Finds {count} processes now',
      save: 'Watch',
      full: 'No more than 50 patterns can be watched on one server.'
    },
    confirm: {
      title: 'Stop watching {name} on {server}?',
      text: 'What was kept of it stays in the history.'
    }
  },
  action: {
    menu: 'Actions for {name}, PID {pid}',
    detail: 'Details',
    copy: 'Copy the command line',
    watch: 'Watch this command…',
    terminate: 'Terminate (TERM)',
    kill: 'Kill (KILL)',
    renice: 'Change its priority…',
    past: 'This is how it was. Go back to now to act on it.'
  },
  blocked: {
    lookOnly: 'This server is set to look only: the console refuses every change on it.',
    notConnected: 'The server is not connected.'
  },
  confirm: {
    terminateTitle: 'Terminate {name}?',
    killTitle: 'Kill {name}?',
    who: 'PID {pid} of user {user} on {server}.',
    terminateText: 'It is asked to end and may clean up first.',
    killText: 'It ends at once, without writing anything it still holds. What it was doing is lost.',
    terminate: 'Terminate',
    kill: 'Kill'
  },
  renice: {
    title: 'Priority of {name}',
    who: 'PID {pid} of user {user} on {server}',
    nice: 'Niceness',
    hint: '19 yields to all others, −20 goes first. Only root may lower it.',
    apply: 'Change'
  },
  outcome: {
    ended: '{name} (PID {pid}) has ended.',
    sent: 'The signal was sent to {name} (PID {pid}); it still runs a moment later.',
    done: '{name} (PID {pid}) has the niceness {nice} now.',
    gone: '{name} (PID {pid}) had ended before. Nothing was sent.'
  },
  detail: {
    title: '{name} · PID {pid}',
    range: 'Range of the charts',
    ranges: { hour: '1 h', day: '24 h', week: '7 d', month: '30 d' },
    cpu: 'CPU, share of one thread',
    memory: 'Memory, resident',
    noHistory:
      'Nothing is kept of it in this range. Processes are kept while they are among the 20 that take most, or are watched.',
    csv: 'CSV of this range',
    facts: 'Facts',
    started: 'Started',
    commandLine: 'Command line',
    parent: 'Parent',
    ended: 'It runs no more.',
    mean: 'Mean of 5 min'
  }
}
