/**
 * What `smartctl --json -a` says of one disk. Fields as smartctl 7 writes them (its JSON has kept its names since 7.0); older
 * ones have no JSON at all. Its exit code says little: most of its bits are about the past.
 */
import { jsonAt, listAt, numberAt, textAt } from './json-at.ts'
import { ataReport } from './smart-ata.ts'
import { nvmeReport, scsiReport } from './smart-other.ts'

export type SmartProblemId =
  | 'toolMissing'
  | 'toolTooOld'
  | 'permissionDenied'
  | 'unsupportedBridge'
  | 'behindController'
  | 'notSupported'
  | 'unreadable'

export type SmartWarningId =
  | 'failing'
  | 'attributeFailing'
  | 'pendingSectors'
  | 'reallocatedSectors'
  | 'uncorrectable'
  | 'spareLow'
  | 'wornOut'
  | 'readOnly'
  | 'tooHot'

export interface SmartAttributeRow {
  readonly id: number
  readonly name: string
  readonly value: number | null
  readonly worst: number | null
  readonly threshold: number | null
  readonly raw: string
  readonly failed: 'now' | 'past' | null
}

export interface SmartValues {
  readonly protocol: 'ata' | 'nvme' | 'scsi' | null
  readonly model: string | null
  readonly serial: string | null
  readonly firmware: string | null
  readonly healthy: boolean | null
  readonly temperatureCelsius: number | null
  readonly powerOnSec: number | null
  readonly powerCycles: number | null
  readonly wearUsedRatio: number | null
  readonly spareRatio: number | null
  readonly reallocatedSectors: number | null
  readonly pendingSectors: number | null
  readonly uncorrectable: number | null
  readonly warnings: SmartWarningId[]
  readonly attributes: SmartAttributeRow[]
}

/** What the protocols tell each in their own way. */
export type ProtocolValues = Pick<
  SmartValues,
  | 'wearUsedRatio'
  | 'spareRatio'
  | 'reallocatedSectors'
  | 'pendingSectors'
  | 'uncorrectable'
  | 'warnings'
  | 'attributes'
>

export type SmartOutcome =
  | { readonly kind: 'read'; readonly report: SmartValues }
  | { readonly kind: 'asleep' }
  | { readonly kind: 'problem'; readonly problem: SmartProblemId }

const problem = (id: SmartProblemId): SmartOutcome => ({ kind: 'problem', problem: id })

/** @param exitCode 127: there is no smartctl */
export function parseSmart(text: string, exitCode: number | null): SmartOutcome {
  if (exitCode === 127) return problem('toolMissing')
  const start = text.indexOf('{')
  const json = start === -1 ? undefined : parsed(text.slice(start))
  if (json === undefined || jsonAt(json, 'smartctl') === undefined) return problem(withoutJson(text))
  const messages = listAt(json, ['smartctl', 'messages'], 32)
    .map((message) => textAt(message, ['string'], 1_000) ?? '')
    .join('\n')
  if (/in (?:STANDBY|SLEEP)[^,]* mode/i.test(messages)) return { kind: 'asleep' }
  if (jsonAt(json, 'smart_status') === undefined && !hasValues(json))
    return problem(whyNothing(json, messages))
  return { kind: 'read', report: reportOf(json) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    // Cut off, or no JSON: the text itself may still say why.
    return undefined
  }
}

function withoutJson(text: string): SmartProblemId {
  if (/^sudo:/m.test(text) || /permission denied|operation not permitted/i.test(text))
    return 'permissionDenied'
  // Before 7.0: `=======> UNRECOGNIZED OPTION: json`; getopt's own words on other systems.
  if (/(?:unrecognized|invalid|unknown) option/i.test(text)) return 'toolTooOld'
  return 'unreadable'
}

function whyNothing(json: unknown, messages: string): SmartProblemId {
  if (/permission denied|operation not permitted|requires? root|must be root/i.test(messages))
    return 'permissionDenied'
  if (/(?:unknown|unsupported) usb bridge/i.test(messages)) return 'unsupportedBridge'
  if (/megaraid|try (?:adding|an additional) '-d|RAID controller|cciss|aacraid|areca/i.test(messages)) {
    return 'behindController'
  }
  if (jsonAt(json, 'smart_support', 'available') === false) return 'notSupported'
  if (/unable to detect device type|not supported|lacks SMART/i.test(messages)) return 'notSupported'
  return textAt(json, ['model_name']) === null && messages !== '' ? 'unreadable' : 'notSupported'
}

function hasValues(json: unknown): boolean {
  return [
    ['ata_smart_attributes', 'table'],
    ['nvme_smart_health_information_log'],
    ['scsi_grown_defect_list'],
    ['scsi_error_counter_log']
  ].some((path) => jsonAt(json, ...path) !== undefined)
}

const PROTOCOLS = new Map<string, SmartValues['protocol']>([
  ['ATA', 'ata'],
  ['NVMe', 'nvme'],
  ['SCSI', 'scsi']
])

function reportOf(json: unknown): SmartValues {
  const protocol = PROTOCOLS.get(textAt(json, ['device', 'protocol']) ?? '') ?? null
  const passed = jsonAt(json, 'smart_status', 'passed')
  const healthy = typeof passed === 'boolean' ? passed : null
  const hours = numberAt(json, ['power_on_time', 'hours'])
  const minutes = numberAt(json, ['power_on_time', 'minutes']) ?? 0
  const own =
    protocol === 'nvme' ? nvmeReport(json) : protocol === 'scsi' ? scsiReport(json) : ataReport(json)
  return {
    protocol,
    model: textAt(json, ['model_name']) ?? textAt(json, ['scsi_model_name']),
    serial: textAt(json, ['serial_number']),
    firmware: textAt(json, ['firmware_version']) ?? textAt(json, ['scsi_revision']),
    healthy,
    temperatureCelsius: numberAt(json, ['temperature', 'current'], -100),
    powerOnSec: hours === null ? null : hours * 3_600 + minutes * 60,
    powerCycles: numberAt(json, ['power_cycle_count']),
    ...own,
    warnings: [...new Set([...(healthy === false ? (['failing'] as const) : []), ...own.warnings])]
  }
}
