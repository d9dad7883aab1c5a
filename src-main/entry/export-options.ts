/** What stands behind `npm run export --` and `virthelm export`. No imports beyond Node: the launcher reads it too. */
import { parseArgs } from 'node:util'

/** As typed; names, times and paths are looked at later, where there is something to compare them with. */
export interface ExportOptions {
  readonly servers: readonly string[]
  readonly allServers: boolean
  readonly from: string
  readonly to: string
  readonly metrics: readonly string[]
  readonly kinds: readonly string[]
  readonly level: string
  readonly long: boolean
  /** Path, or `-` for standard output. */
  readonly out: string
  readonly force: boolean
  readonly utc: boolean
  readonly dataDir: string | null
  readonly help: boolean
}

export type ParsedExportOptions =
  { readonly ok: true; readonly options: ExportOptions } | { readonly ok: false; readonly problem: string }

export const EXPORT_USAGE = `Virthelm: writes the history of servers as CSV, without the window. It only reads, also while a console runs.

Usage: npm run export -- --server NAME --from TIME --out FILE [OPTIONS]

  --server NAME     a server of the list; may be given several times
  --all-servers     every server of the list
  --from TIME       2026-11-20, 2026-11-20T10:00, 2026-11-20T10:00+01:00, or a span before now: 90m, 24h, 7d, 4w
  --to TIME         likewise (a date: its end); now when left out
  --kind KIND       server, disk, interface, mount, vm; may be given several times; all when left out
  --metric METRIC   cpuUsedRatio, vm.cpuUsedRatio, …; may be given several times; all when left out
  --level LEVEL     raw (every sample; the default), minute, hour, day (mean, min, max)
  --long            a row per value; otherwise a row per time and a column per metric
  --utc             times in UTC instead of local time
  --out FILE        where to write; - is standard output
  --force           write over a file that is there
  --data-dir DIR    the data folder, when it is not the usual one
  --help            this text

Ends with 0 when the file is written, 1 when it could not be, 2 when the options are wrong.
`

const LISTS = ['server', 'metric', 'kind'] as const
const TEXTS = ['from', 'to', 'level', 'out', 'data-dir'] as const
const FLAGS = ['all-servers', 'long', 'utc', 'force', 'help'] as const

const KNOWN: Record<string, { type: 'boolean' | 'string'; multiple?: boolean }> = {}
for (const name of LISTS) KNOWN[name] = { type: 'string', multiple: true }
for (const name of TEXTS) KNOWN[name] = { type: 'string' }
for (const name of FLAGS) KNOWN[name] = { type: 'boolean' }

/** Never throws; `problem` is one line for the operator. */
export function parseExportOptions(args: readonly string[]): ParsedExportOptions {
  const lists = new Map<string, string[]>()
  const texts = new Map<string, string>()
  const flags = new Set<string>()
  const { tokens } = parseArgs({ args: [...args], strict: false, tokens: true, options: KNOWN })
  for (const token of tokens) {
    if (token.kind === 'positional') return problem(`Unexpected argument: ${token.value}`)
    if (token.kind === 'option-terminator') continue
    const { name, rawName, value } = token
    const known = KNOWN[name]
    if (known === undefined) return problem(`Unknown option: ${rawName}`)
    if (known.type === 'boolean') {
      if (value !== undefined) return problem(`${rawName} takes no value`)
      flags.add(name)
      continue
    }
    if (value === undefined || value === '' || value.startsWith('--'))
      return problem(`${rawName} needs a value`)
    if (known.multiple === true) lists.set(name, [...(lists.get(name) ?? []), value])
    else if (texts.has(name)) return problem(`${rawName} is given twice`)
    else texts.set(name, value)
  }
  const servers = lists.get('server') ?? []
  const allServers = flags.has('all-servers')
  if (!flags.has('help')) {
    if (servers.length === 0 && !allServers)
      return problem('Which server? Give --server NAME, or --all-servers.')
    if (servers.length > 0 && allServers) return problem('Give --server or --all-servers, not both.')
    if (!texts.has('from')) return problem('From when? Give --from TIME, such as --from 24h.')
    if (!texts.has('out')) return problem('Where to? Give --out FILE (- is standard output).')
  }
  return {
    ok: true,
    options: {
      servers,
      allServers,
      from: texts.get('from') ?? '',
      to: texts.get('to') ?? 'now',
      metrics: lists.get('metric') ?? [],
      kinds: lists.get('kind') ?? [],
      level: texts.get('level') ?? 'raw',
      long: flags.has('long'),
      out: texts.get('out') ?? '',
      force: flags.has('force'),
      utc: flags.has('utc'),
      dataDir: texts.get('data-dir') ?? null,
      help: flags.has('help')
    }
  }
}

const problem = (text: string): ParsedExportOptions => ({ ok: false, problem: text })
