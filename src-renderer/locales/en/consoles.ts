/** A VM's display and serial line, and terminals. */
export const consoles = {
  displayLabel: 'Display of {vm}',
  displayKind: { label: 'Display', vnc: 'VNC', spice: 'SPICE' },
  serialLabel: 'Serial line of {vm}',
  terminalLabel: 'Terminal on {server}',
  connecting: 'Connecting…',
  reconnecting: 'The connection was lost. Connecting again…',
  open: 'Connected',
  viewOnly: 'view only',
  viewOnlyTip: 'The server is set to look only: keys and pointer do not reach the machine.',
  releaseHint: 'gives the keyboard back',
  releaseTip: 'All keys go to the guest, Tab too, until Ctrl and Alt are pressed together and let go.',
  holdPointer: 'Click to give the mouse to the guest',
  holdPointerTip:
    'The guest has no tablet: it is told how far the mouse moves, so the pointer stays in the display until Ctrl and Alt are pressed together and let go.',
  undrawn: 'Not all is drawn',
  undrawnTip:
    'The display sent {count} drawings of a kind that is not drawn here. Parts of the picture may be old or missing.',
  size: '{width} × {height}',
  off: {
    title: 'The machine is {state}',
    text: 'Its console is there while it runs.',
    start: 'Start'
  },
  away: {
    title: 'The server is not connected',
    text: 'The console comes back with the connection.'
  },
  hung: 'The machine does not respond: its QEMU process hangs. The last picture stays.',
  failed: {
    display: 'The display cannot be shown.',
    serial: 'The serial line cannot be opened.',
    terminal: 'The terminal cannot be opened.'
  },
  lookOnly: {
    title: 'The server is set to look only',
    serial: 'What is typed on a serial line changes the machine, so it is not opened here.',
    terminal: 'What is typed in a terminal changes the server, so none is opened here.'
  },
  takeOver: 'Take it over',
  takeOverTitle: 'Take over the serial line of “{vm}”?',
  takeOverText: 'Whoever holds it now is thrown out, without a word to them.',
  password: {
    title: 'The display asks for its {kind} password',
    label: '{kind} password',
    wrong: 'The display refused this password.',
    submit: 'Show the display',
    hint: 'It is used for this connection only and kept nowhere.'
  },
  keys: {
    menu: 'Send keys',
    combos: 'Combinations',
    function: 'Function keys'
  },
  zoom: {
    label: 'Size of the display',
    fit: 'Fit',
    full: '1:1'
  },
  fill: 'Fill the window',
  unfill: 'Back to the page',
  paste: {
    open: 'Paste text',
    title: 'Paste text into {name}',
    label: 'Text',
    placeholder: 'Paste or type the text here',
    clipboard: 'Into the guest’s clipboard',
    clipboardHint: 'The guest’s clipboard takes it only where a VNC or SPICE agent runs in the guest.',
    keys: 'Type as keys',
    untypable: 'These cannot be typed on a US keyboard and are left out: {characters}',
    keysHint: 'Typed as on a US keyboard, key by key; other layouts in the guest give other characters.',
    send: 'Paste',
    typing: 'Typing {done} of {total}…',
    stop: 'Stop typing'
  },
  copyGuest: 'Copy the guest’s text',
  copyGuestTip:
    'The guest has put {count} characters on its clipboard. They are copied only when you press this.',
  copySelection: 'Copy selection',
  copied: 'Copied',
  clear: 'Clear the screen',
  serialHint: 'The line is open. Press Enter to see whether the guest answers.',
  terminal: {
    tab: 'Terminal',
    none: {
      title: 'No terminal is open',
      text: "A shell of {user}{'@'}{host}, over the connection that is there already.",
      open: 'Open a terminal'
    },
    ended: 'The shell has ended.',
    lost: 'The connection to the server was lost, and the shell with it.',
    again: 'Open another one',
    close: 'Close the terminal',
    closeTitle: 'Close the terminal on “{server}”?',
    closeText: 'What still runs in it is hung up.'
  },
  picture: {
    title: 'Screen',
    alt: 'What the screen of {vm} shows',
    open: 'Open the console',
    none: 'There is no picture of the screen.',
    column: 'Pictures',
    show: 'Show pictures of the screens',
    hide: 'Hide the pictures of the screens'
  }
}
