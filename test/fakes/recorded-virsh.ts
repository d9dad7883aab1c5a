/** Outputs of a real virsh 9.0 with real guests of hostile names (test/recorded/virsh). */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, '../recorded/virsh')

export const recordedVirsh = (name: string): string => readFileSync(join(FOLDER, `${name}.txt`), 'utf8')

/** How often a property is tried: a tenth by default, all of it with VIRTHELM_LONG=1. */
export const FUZZ_RUNS = process.env.VIRTHELM_LONG === '1' ? 10_000 : 1_000
