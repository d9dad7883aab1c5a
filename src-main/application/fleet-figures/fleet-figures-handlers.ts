import { AppError } from '#contract/errors.ts'
import type { Handlers } from '#contract/define.ts'
import type { fleetFiguresContract } from '#contract/fleet-figures.ts'

const notYet = (): Promise<never> => Promise.reject(new AppError('notFound'))
// eslint-disable-next-line
async function* never(): AsyncGenerator<never, void> {}

export const fleetFiguresHandlers: Handlers<typeof fleetFiguresContract> = {
  'fleetFigures.read': notYet,
  'recommendations.watch': never
}
