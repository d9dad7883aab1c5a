/** `npm run status`: the state of the fleet in one word and one exit code, also while a console runs. Reads only. */
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Alert } from '#contract/alerts.ts'
import { matterWords, placeWords } from '../application/alert-channels/alert-words.ts'
import { fleetStatus, type FleetStatus } from '../application/alerts/status.ts'
import type { StorageReader } from '../storage/client.ts'
import { OptionProblem, type CommandOutput } from './command-line.ts'
import { wordsOf } from './failure.ts'

export const STATUS_USAGE = `Virthelm: tells the state of the fleet by its alerts, without the window, also while a console runs.

Usage: npm run status [-- OPTIONS]

  --json            one JSON object instead of lines
  --max-age SPAN    cannot say (3) when the console looked longer ago than this: 90s, 10m, 24h
  --data-dir DIR    the data folder, when it is not the usual one
  --help            this text

Ends with 0 when all is well, 1 AMBER, 2 RED, 3 when it cannot be said (no data folder, no console has looked yet, or longer
ago than --max-age), 64 when the options are wrong. Alerts that are kept quiet do not count. Without a console that runs it
is the state as the last one left it: the answer says how old it is.
`

/** 1 and 2 are taken by the colours. */
export const STATUS_EXIT = { GREEN: 0, AMBER: 1, RED: 2, unknown: 3, wrongOptions: 64 } as const

export interface StatusCommandDeps extends CommandOutput {
  readonly openReader: (dataFolder: string) => Promise<Pick<StorageReader, 'servers' | 'alerts' | 'close'>>
  readonly dataFolderOf: (chosen: string | null) => string
  readonly nowMs: number
}

/** Returns the exit code. Never throws. */
export async function statusCommand(args: readonly string[], deps: StatusCommandDeps): Promise<number> {
  const { stdout, stderr } = deps
  try {
    const options = parse(args)
    if (options.help) {
      stdout.write(STATUS_USAGE)
      return STATUS_EXIT.GREEN
    }
    const dataFolder = deps.dataFolderOf(options.dataDir)
    if (!existsSync(dataFolder)) {
      stderr.write(`There is no data folder ${dataFolder}.\n`)
      return STATUS_EXIT.unknown
    }
    const status = await read(dataFolder, deps)
    const unknown = whyUnknown(status, options.maxAgeMs, deps.nowMs)
    stdout.write(options.json ? jsonOf(status, unknown, deps.nowMs) : linesOf(status, unknown, deps.nowMs))
    return unknown === null ? STATUS_EXIT[status.colour] : STATUS_EXIT.unknown
  } catch (error) {
    stderr.write(`${error instanceof OptionProblem ? error.message : wordsOf(error)}\n`)
    return error instanceof OptionProblem ? STATUS_EXIT.wrongOptions : STATUS_EXIT.unknown
  }
}

interface StatusOptions {
  readonly json: boolean
  readonly help: boolean
  readonly dataDir: string | null
  readonly maxAgeMs: number | null
}

function parse(args: readonly string[]): StatusOptions {
  const values = parsed(args)
  const span = values['max-age']
  return {
    json: values.json,
    help: values.help,
    dataDir: values['data-dir'] ?? null,
    maxAgeMs: span === undefined ? null : spanMs(span)
  }
}

function parsed(args: readonly string[]) {
  try {
    const options = {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      'max-age': { type: 'string' },
      'data-dir': { type: 'string' }
    } as const
    return parseArgs({ args: [...args], options }).values
  } catch (error) {
    throw new OptionProblem(`${error instanceof Error ? error.message : String(error)}\n\n${STATUS_USAGE}`)
  }
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

function spanMs(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  if (count === undefined || unit === undefined)
    throw new OptionProblem(`--max-age ${text} is no span. Write 90s, 10m, 24h, 7d.`)
  return Number(count) * (UNITS[unit] ?? 0)
}

async function read(dataFolder: string, deps: StatusCommandDeps): Promise<FleetStatus> {
  const reader = await deps.openReader(dataFolder)
  try {
    return fleetStatus(await reader.alerts.load(), await reader.servers.list(), deps.nowMs)
  } finally {
    await reader.close()
  }
}

type Unknown = 'neverLooked' | 'tooOld'

function whyUnknown({ lookedAtMs }: FleetStatus, maxAgeMs: number | null, nowMs: number): Unknown | null {
  if (lookedAtMs === null) return 'neverLooked'
  return maxAgeMs !== null && nowMs - lookedAtMs > maxAgeMs ? 'tooOld' : null
}

function jsonOf(status: FleetStatus, unknown: Unknown | null, nowMs: number): string {
  const { colour, counts, quiet, servers, lookedAtMs, isRunning, ownNetworkLost, alerts } = status
  const answer = {
    colour: unknown === null ? colour : null,
    unknown,
    red: counts.red,
    amber: counts.amber,
    quiet,
    servers,
    lookedAtMs,
    ageMs: lookedAtMs === null ? null : Math.max(0, nowMs - lookedAtMs),
    consoleRunning: isRunning,
    ownNetworkLost: ownNetworkLost !== null,
    alerts: alerts.map((alert) => ({
      id: alert.id,
      level: alert.level,
      cause: alert.cause,
      server: alert.serverName,
      serverId: alert.serverId,
      vm: alert.vmName,
      vmUuid: alert.vmUuid,
      rule: alert.ruleName ?? alert.preset,
      label: alert.label,
      process: alert.process?.name ?? null,
      value: alert.value,
      threshold: alert.threshold,
      expectedAtMs: alert.forecast?.atMs ?? null,
      raisedAtMs: alert.raisedAtMs,
      acknowledged: alert.acknowledged !== null,
      quiet: alert.quiet?.reason ?? null
    }))
  }
  return `${JSON.stringify(answer)}\n`
}

function linesOf(status: FleetStatus, unknown: Unknown | null, nowMs: number): string {
  const { counts, quiet, servers, alerts } = status
  const counted = `${counts.red} RED, ${counts.amber} AMBER, ${quiet} kept quiet; ${servers} servers`
  const lines = [
    `${unknown === null ? status.colour : 'UNKNOWN'}: ${counted}`,
    ...alerts.map(lineOf),
    ageWords(status, nowMs)
  ]
  if (status.ownNetworkLost !== null)
    lines.push("This computer's own network is lost: servers could not be looked at.")
  return lines.map((line) => `${line}\n`).join('')
}

/** `alert-words.ts` makes safe what others chose. */
function lineOf(alert: Alert): string {
  const marks = [
    alert.quiet === null ? '' : ` (${alert.quiet.reason})`,
    alert.acknowledged === null ? '' : ' (acknowledged)'
  ]
  return `  ${alert.level.padEnd(5)}  ${placeWords(alert)}: ${matterWords(alert, 'local')}${marks.join('')}`
}

function ageWords({ lookedAtMs, isRunning }: FleetStatus, nowMs: number): string {
  if (lookedAtMs === null) return 'No console has looked at the servers of this data folder yet.'
  const age = spanWords(Math.max(0, nowMs - lookedAtMs))
  return isRunning
    ? `The console runs; it looked ${age} ago at the latest.`
    : `The console is not running: this is the state of ${age} ago (${new Date(lookedAtMs).toISOString()}).`
}

function spanWords(spanMs: number): string {
  const seconds = Math.round(spanMs / 1_000)
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`
}
