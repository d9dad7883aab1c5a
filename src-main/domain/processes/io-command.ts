/** The one command of the lane of processes that root may be asked for: counters of storage of others' processes. Constant, so that sudoers can allow exactly it. */
import type { SudoCommand } from '../capabilities/sudo.ts'

export const IO_COMMAND = {
  program: 'find',
  args: '/proc -maxdepth 2 -name io -exec grep -sH -e ^read_b -e ^write_b {} +'
} as const satisfies SudoCommand
