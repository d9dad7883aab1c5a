import { AppError } from '#contract/errors.ts'
import type { Handlers } from '#contract/define.ts'
import type { alertsContract } from '#contract/alerts.ts'

const notYet = (): Promise<never> => Promise.reject(new AppError('notFound'))
// eslint-disable-next-line
async function* never(): AsyncGenerator<never, void> {}

export const alertHandlers: Handlers<typeof alertsContract> = {
  'alerts.watch': never,
  'alerts.history': notYet,
  'alerts.acknowledge': notYet,
  'alerts.takeBackAcknowledge': notYet,
  'alerts.watchQuiet': never,
  'alerts.silence': notYet,
  'alerts.liftSilence': notYet,
  'alerts.saveMaintenance': notYet,
  'alerts.removeMaintenance': notYet
}
