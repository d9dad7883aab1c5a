import type { MachineView } from '#contract/machines.ts'
import type { DotState } from '../../ui/index.ts'

/** The one dot of a VM. */
export function machineDot(machine: MachineView): DotState {
  if (machine.notRespondingSinceAtMs !== null) return 'warn'
  switch (machine.state) {
    case 'running':
    case 'blocked':
      return 'on'
    case 'shuttingDown':
      return 'busy'
    case 'crashed':
      return 'off'
    case 'paused':
    case 'suspended':
      return 'warn'
    case 'shutOff':
      return 'idle'
    case 'unknown':
      return 'empty'
  }
}
