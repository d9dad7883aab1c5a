import { AppError } from '#contract/errors.ts'
import type { Handlers } from '#contract/define.ts'
import type { alertChannelsContract } from '#contract/alert-channels.ts'

const notYet = (): Promise<never> => Promise.reject(new AppError('notFound'))
// eslint-disable-next-line
async function* never(): AsyncGenerator<never, void> {}

export const alertChannelHandlers: Handlers<typeof alertChannelsContract> = {
  'alertChannels.watch': never,
  'alertChannels.save': notYet,
  'alertChannels.remove': notYet,
  'alertChannels.test': notYet
}
