/** What stands behind `npm start --`; the same for the launcher and both entries. No imports beyond Node. */
import { parseArgs } from 'node:util'

export interface StartOptions {
  /** Browser mode even where Electron can be had. */
  readonly browser: boolean
  /** 0 = any free port. */
  readonly port: number
  /** Open a window in browser mode. */
  readonly open: boolean
  readonly dataDir: string | null
  readonly demo: boolean
  readonly secretKeyFile: string | null
  /** The window of the browser mode may export passwords, under a passphrase. */
  readonly exportSecrets: boolean
  /** A backup that takes the place of the data. */
  readonly restore: string | null
  readonly help: boolean
}

export type ParsedOptions =
  { readonly ok: true; readonly options: StartOptions } | { readonly ok: false; readonly problem: string }

export const USAGE = `Virthelm: a console for your own Linux/KVM servers.

Usage: npm start [-- OPTIONS]

  --browser               browser mode: serve the window to a browser on this machine
  --port N                browser mode on port N of 127.0.0.1 (default: any free port)
  --no-open               browser mode without opening a window; the address is printed
  --data-dir DIR          keep servers and history in DIR
  --demo                  six embedded demo servers, with data of their own
  --secret-key-file FILE  browser mode that keeps passwords, encrypted by the key in FILE (made when absent)
  --export-secrets        browser mode whose window may export passwords, under a passphrase
  --restore FILE          put a backup in the place of the data, which is put aside
  --help                  this text

Without a window: virthelm export --help, virthelm backup --help, virthelm status --help,
virthelm configuration --help.
`

const FLAGS = ['browser', 'no-open', 'demo', 'export-secrets', 'help']
const VALUES = ['port', 'data-dir', 'secret-key-file', 'restore']

const KNOWN: Record<string, { type: 'boolean' | 'string' }> = {}
for (const name of FLAGS) KNOWN[name] = { type: 'boolean' }
for (const name of VALUES) KNOWN[name] = { type: 'string' }

/**
 * `--name value` and `--name=value`. Never throws; `problem` is one line for the operator. `ignoreUnknown`: an installed
 * desktop app is also given switches of Chromium and of the system.
 */
export function parseOptions(
  args: readonly string[],
  { ignoreUnknown = false }: { ignoreUnknown?: boolean } = {}
): ParsedOptions {
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: KNOWN
  })
  const given = new Map<string, string | null>()
  for (const token of tokens) {
    if (token.kind === 'positional') {
      if (ignoreUnknown) continue
      return problem(`Unexpected argument: ${token.value}`)
    }
    if (token.kind === 'option-terminator') continue
    const { name, rawName, value } = token
    if (!FLAGS.includes(name) && !VALUES.includes(name)) {
      if (ignoreUnknown) continue
      return problem(`Unknown option: ${rawName}`)
    }
    if (given.has(name)) return problem(`${rawName} is given twice`)
    if (FLAGS.includes(name) && value !== undefined) return problem(`${rawName} takes no value`)
    if (VALUES.includes(name) && (value === undefined || value === '' || value.startsWith('--'))) {
      return problem(`${rawName} needs a value`)
    }
    given.set(name, value ?? null)
  }
  const portText = given.get('port') ?? '0'
  const port = Number(portText)
  if (!/^\d{1,5}$/.test(portText) || port > 65_535) return problem(`--port needs a number from 0 to 65535`)
  return {
    ok: true,
    options: {
      // These have a meaning in browser mode only, so they ask for it.
      browser: ['browser', 'port', 'no-open', 'secret-key-file', 'export-secrets'].some((name) =>
        given.has(name)
      ),
      port,
      open: !given.has('no-open'),
      dataDir: given.get('data-dir') ?? null,
      demo: given.has('demo'),
      secretKeyFile: given.get('secret-key-file') ?? null,
      exportSecrets: given.has('export-secrets'),
      restore: given.get('restore') ?? null,
      help: given.has('help')
    }
  }
}

/** A command that needs no window, and what follows it. */
export interface CommandCall {
  readonly name: 'export' | 'backup' | 'status' | 'configuration'
  readonly args: readonly string[]
}

/** `virthelm export …`, `virthelm --export …`, likewise backup, status and configuration; null when there is no such word. */
export function commandOf(args: readonly string[]): CommandCall | null {
  // The system may put switches of Chromium in front of it.
  const at = args.findIndex(
    (arg) => !arg.startsWith('-') || /^--(export|backup|status|configuration)$/.test(arg)
  )
  const name = args[at]?.replace(/^--/, '')
  return name === 'export' || name === 'backup' || name === 'status' || name === 'configuration'
    ? { name, args: args.slice(at + 1) }
    : null
}

const problem = (text: string): ParsedOptions => ({ ok: false, problem: text })
