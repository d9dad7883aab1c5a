import { AppError } from '#contract/errors.ts'
import type { Handlers } from '#contract/define.ts'
import type { alertRulesContract } from '#contract/alert-rules.ts'

const notYet = (): Promise<never> => Promise.reject(new AppError('notFound'))
// eslint-disable-next-line
async function* never(): AsyncGenerator<never, void> {}

export const alertRuleHandlers: Handlers<typeof alertRulesContract> = {
  'alertRules.watch': never,
  'alertRules.save': notYet,
  'alertRules.remove': notYet,
  'alertRules.restorePresets': notYet,
  'alertRules.backtest': never
}
