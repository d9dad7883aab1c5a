export const shell = {
  title: 'Virthelm',
  skipToContent: 'Skip to the content',
  pages: {
    fleet: 'Fleet',
    machines: 'Machines',
    compare: 'Compare',
    activity: 'Activity',
    settings: 'Settings',
    server: 'Server',
    machine: 'Machine'
  },
  rail: 'Pages',
  tree: {
    label: 'Servers and their machines',
    byLocation: 'By location',
    byTag: 'By tag',
    groupBy: 'Group the list',
    noLocation: 'No location',
    noTag: 'No tag',
    collapse: 'Hide the list of servers',
    expand: 'Show the list of servers',
    empty: 'No servers yet',
    emptyState: 'empty',
    stoppedState: 'stopped',
    machines: '{count} machine | {count} machines',
    addServer: 'Add server'
  },
  breadcrumbs: 'Where you are',
  search: 'Search servers, machines, actions',
  counts: {
    label: 'Servers: {on} on, {off} off, {empty} empty, {stopped} stopped',
    on: '{count} on',
    off: '{count} off',
    empty: '{count} empty',
    stopped: '{count} stopped',
    machinesUnwell: '{count} machine not responding | {count} machines not responding'
  },
  theme: { toLight: 'Light theme', toDark: 'Dark theme' },
  demo: 'DEMO',
  demoTip: 'These servers are played by the console itself. Nothing here is real.',
  status: {
    sampling: 'sampling {count} server every {seconds} s | sampling {count} servers every {seconds} s',
    history: 'history {size}',
    storageFull: 'disk full: nothing is kept',
    recovered: 'The history file was damaged and put aside as {name}.',
    idle: 'All quiet',
    link: 'Connected to the console',
    keys: 'Keys'
  },
  tasks: {
    title: 'Tasks',
    open: 'Tasks',
    none: 'No tasks in this session. Exports and other long jobs show up here.',
    running: '{count} task running | {count} tasks running',
    cancel: 'Cancel',
    dismiss: 'Remove from the list',
    state: { running: 'running', done: 'done', failed: 'failed', cancelled: 'cancelled' },
    name: {
      'backup-make': 'Backup',
      'exports-history': 'CSV of history',
      'exports-series': 'CSV of a chart',
      'exports-table': 'CSV of a table',
      'servers-test': 'Connection test',
      other: 'Task'
    },
    took: 'took {span}',
    rows: '{count} rows',
    close: 'Close the task list'
  },
  lost: {
    title: 'The console does not answer',
    text: 'What you see is from {age} ago. It comes back by itself as soon as the console runs again.',
    first: 'Waiting for the console to answer.',
    retry: 'Try now'
  },
  stale: 'The list could not be read: {reason}',
  keys: {
    title: 'Keys',
    general: 'Everywhere',
    lists: 'Lists and tables',
    palette: 'Search servers, machines, actions and pages',
    filter: 'Filter the list',
    help: 'This list',
    escape: 'Close, or clear the filter',
    fleet: 'Go to Fleet',
    machines: 'Go to Machines',
    activity: 'Go to Activity',
    settings: 'Go to Settings',
    add: 'Add a server',
    tree: 'Show or hide the list of servers',
    move: 'Move through the rows',
    pageMove: 'A page up or down',
    ends: 'First, last row',
    openRow: 'Open',
    then: 'then'
  },
  palette: {
    label: 'Search servers, machines, actions and pages',
    placeholder: 'Search servers, machines, actions',
    none: 'Nothing fits “{text}”.',
    servers: 'Server',
    machines: 'Machine',
    actions: 'Action',
    pages: 'Page',
    onServer: 'on {server}',
    hint: 'Enter opens, arrows move, Esc closes'
  },
  actions: {
    addServer: 'Add a server',
    toggleTheme: 'Switch between dark and light',
    toggleTree: 'Show or hide the list of servers',
    showTasks: 'Show tasks',
    showKeys: 'Show the keys',
    exportHistory: 'Export history as CSV',
    openDemo: 'Open the demo fleet',
    fleetCards: 'Show the fleet as cards',
    fleetTable: 'Show the fleet as a table',
    connectNow: 'Connect now: {server}',
    editServer: 'Edit server: {server}',
    startCollecting: 'Start collecting: {name}',
    stopCollecting: 'Stop collecting: {name}'
  },
  prompt: {
    title: '{server} asks',
    at: 'Login at {host}',
    answer: 'Answer',
    send: 'Send',
    gone: 'The login does not wait for an answer any more.'
  },
  hostKey: {
    unknownTitle: 'Do you know this host key?',
    unknownText:
      '{where} is new to this console. Compare the fingerprint with the server’s own before you trust it; ask its administrator, or run there:',
    changedTitle: 'The host key of {where} has changed',
    changedText:
      'The server shows another key than the one you trusted. Either it was installed anew, or someone stands between you and it. No password or key was sent.',
    shown: 'Shown now',
    expected: 'Trusted before',
    type: 'Type',
    trust: 'Trust this key',
    replace: 'Trust the new key instead',
    confirmReplace: 'I have compared the new fingerprint with the server’s own',
    trusted: 'The key of {where} is trusted now.',
    command: 'ssh-keygen -lf /etc/ssh/ssh_host_{type}_key.pub'
  },
  demoOpened: 'The demo fleet runs at {address}',
  demoOpenedWindow: 'The demo fleet opens in a window of its own.'
}
