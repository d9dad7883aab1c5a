/** What virsh's words on stderr (LC_ALL=C) mean. Order matters: the first that fits is taken. */

export type FailureKind =
  | 'virshMissing'
  | 'driverMissing'
  | 'daemonDown'
  | 'denied'
  | 'vmNotFound'
  | 'vmNotResponding'
  | 'notPossible'
  | 'other'

export type ConnectionFailureKind = Extract<
  FailureKind,
  'virshMissing' | 'driverMissing' | 'daemonDown' | 'denied'
>

const WORDS: readonly (readonly [FailureKind, RegExp])[] = [
  ['virshMissing', /virsh: (?:command )?not found|exec: virsh: not found/i],
  ['driverMissing', /no connection driver available|Cannot find .*driver|no hypervisor driver/i],
  [
    'denied',
    /Permission denied|system bus connection|authentication (?:unavailable|failed|required|cancelled)|access denied|polkit|not authorized|operation [^\n]* forbidden/i
  ],
  [
    'daemonDown',
    /Failed to connect socket|Connection refused|Disconnected from|no valid connection|client socket is closed|internal error: client socket|End of file while reading|Cannot recv data|Cannot write data|Connection reset by peer|Broken pipe|keepalive timeout|connection closed due to keepalive/i
  ],
  ['vmNotFound', /failed to get domain|Domain not found|no domain with matching/i],
  [
    'vmNotResponding',
    /cannot acquire state change lock|Timed out during operation|monitor .*(?:not respond|blocked)/i
  ],
  [
    'notPossible',
    /Domain is already active|domain is already running|domain is not running|domain is already paused|domain is already suspended|domain is not paused|Requested operation is not valid|Operation not supported|unsupported configuration/i
  ]
]

/**
 * 'other' for words that are not known; null for no words at all. The last line is judged first: it is libvirt's own
 * message, while the lines before it repeat the domain's name, which its owner chose.
 */
export function failureKindOf(stderr: string): FailureKind | null {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '')
  const last = lines.at(-1)
  if (last === undefined) return null
  return kindOf(last) ?? kindOf(lines.join('\n')) ?? 'other'
}

function kindOf(text: string): FailureKind | undefined {
  return WORDS.find(([, words]) => words.test(text))?.[0]
}

/** Whether the failure is one of the connection to libvirtd and not of what was asked. */
export function isConnectionFailure(kind: FailureKind | null): kind is ConnectionFailureKind {
  return kind === 'virshMissing' || kind === 'driverMissing' || kind === 'daemonDown' || kind === 'denied'
}
