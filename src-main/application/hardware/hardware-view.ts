/** What the window sees: what the parts are, joined with their newest values. Pure. */
import type {
  Disk,
  FileSystem,
  HardwareOptions,
  HardwareView,
  NetworkInterface,
  SmartState
} from '#contract/hardware.ts'
import type { DiskPart, LinkPart } from '../../domain/hardware/parts.ts'
import type { FileSystemDetail } from '../../domain/metrics/derive-file-systems.ts'
import type { CountReason } from '../../domain/metrics/inventory.ts'
import type { NewestValues } from './newest.ts'
import type { PartsBoard } from './parts-lane.ts'
import type { SmartBoard } from './smart-lane.ts'

const NOT_ASKED: SmartState = { readAtMs: null, report: null, asleep: false, problem: null }
const natural = new Intl.Collator('en', { numeric: true })
const MAX_FILE_SYSTEMS = 512

export function hardwareView(
  board: PartsBoard,
  smart: SmartBoard | null,
  newest: NewestValues,
  options: HardwareOptions
): HardwareView {
  const { parts, readAtMs, error, fileSystems, reasons } = board
  const byName = (one: { name: string }, other: { name: string }): number =>
    natural.compare(one.name, other.name)
  return {
    atMs: newest.atMs,
    readAtMs,
    error,
    cores: [...newest.cores],
    disks:
      parts === null
        ? null
        : [...parts.disks]
            .sort(byName)
            .map((disk) => diskRow(disk, smart?.disks.get(disk.name) ?? NOT_ASKED, newest)),
    fileSystems:
      parts === null
        ? null
        : fileSystems.slice(0, MAX_FILE_SYSTEMS).map((detail) => fileSystemRow(detail, newest)),
    interfaces:
      parts === null
        ? null
        : [...parts.links].sort(byName).map((link) => interfaceRow(link, reasons.get(link.name), newest)),
    smart: smart?.capability ?? null,
    options
  }
}

function diskRow(disk: DiskPart, smart: SmartState, newest: NewestValues): Disk {
  const value = (metric: string): number | null => newest.value('disk', disk.name, metric)
  return {
    ...disk,
    // The kernel cuts models off after 16 characters; the drive's own word is whole.
    model: smart.report?.model ?? disk.model,
    serial: smart.report?.serial ?? disk.serial,
    readBytesPerSec: value('readBytesPerSec'),
    writeBytesPerSec: value('writeBytesPerSec'),
    readOpsPerSec: value('readOpsPerSec'),
    writeOpsPerSec: value('writeOpsPerSec'),
    utilisationRatio: value('utilisationRatio'),
    awaitMs: value('awaitMs'),
    queueLength: value('queueLength'),
    smart
  }
}

function fileSystemRow(detail: FileSystemDetail, newest: NewestValues): FileSystem {
  const value = (metric: string): number | null =>
    detail.stalled ? null : newest.value('mount', detail.mountPoint, metric)
  return {
    ...detail,
    sizeBytes: value('sizeBytes'),
    usedBytes: value('usedBytes'),
    availableBytes: value('availableBytes'),
    usedRatio: value('usedRatio'),
    inodesUsedRatio: value('inodesUsedRatio')
  }
}

function interfaceRow(
  { hasDevice: _hasDevice, ifindex: _ifindex, ...link }: LinkPart,
  reason: CountReason | undefined,
  newest: NewestValues
): NetworkInterface {
  const value = (metric: string): number | null => newest.value('interface', link.name, metric)
  return {
    ...link,
    addresses: [...link.addresses],
    counted: reason?.counted ?? false,
    why: reason?.why ?? null,
    rxBytesPerSec: value('rxBytesPerSec'),
    txBytesPerSec: value('txBytesPerSec'),
    rxBytes: value('rxBytes'),
    txBytes: value('txBytes'),
    rxErrorsPerSec: value('rxErrorsPerSec'),
    txErrorsPerSec: value('txErrorsPerSec'),
    rxDropsPerSec: value('rxDropsPerSec'),
    txDropsPerSec: value('txDropsPerSec')
  }
}
