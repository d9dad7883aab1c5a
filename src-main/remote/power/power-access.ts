/** Power of servers over ssh and UDP. */
import { AppError } from '#contract/errors.ts'
import type { PowerAccess } from '../../application/ports/port-access.ts'
import { findMagicTool, magicCommand, runMagicCommand } from './magic-relay.ts'
import { sendMagic } from './magic-sender.ts'
import { planPower, sendPower } from './power-command.ts'

export function createPowerAccess(): PowerAccess {
  return {
    sendMagic,
    async planMagicFrom(connection, target, { sudo, signal }) {
      const tool = await findMagicTool(connection, { withPassword: target.password !== null, signal })
      if (tool === null) throw new AppError('wakeNotSent', { params: { reason: 'noTool' } })
      const { script, shown } = magicCommand(tool, target, sudo)
      return { shown, send: () => runMagicCommand(connection, script, signal) }
    },
    planPower,
    sendPower
  }
}
