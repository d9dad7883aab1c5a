/** Reads the recorded outputs of test/recorded/proc. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HostStep } from '../../src-main/domain/metrics/derive-sample.ts'
import { parseHostFrame, splitFrame } from '../../src-main/domain/metrics/frame.ts'
import { parseInventory } from '../../src-main/domain/metrics/inventory.ts'

export const RECORDED_SYSTEMS = [
  'debian-12-recorded',
  'linux-3.10',
  'rhel-9',
  'alpine-3.19',
  'arm-sbc',
  'lxc-lxcfs',
  'zfs-host',
  'cpus-128',
  'kvm-network'
] as const
export type RecordedSystem = (typeof RECORDED_SYSTEMS)[number]

export function recorded(system: RecordedSystem, file: string): string {
  return readFileSync(join(import.meta.dirname, '../recorded/proc', system, file), 'utf8')
}

/** Frame 1 or 2 of a system, parsed, after `change` was applied to its text. */
export function recordedStep(
  system: RecordedSystem,
  frame: 1 | 2,
  change: (text: string) => string = (text) => text
): HostStep {
  const inventory = parseInventory(recorded(system, 'inventory.txt'))
  const sections = splitFrame(change(recorded(system, `frame-${frame}.txt`)), inventory.files)
  const parsed = sections === null ? null : parseHostFrame(sections)
  if (parsed === null) throw new Error(`${system}: frame ${frame} does not parse`)
  return { frame: parsed, inventory }
}
