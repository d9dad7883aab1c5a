/** While no channel sends mail: there is no mailbox to choose. */
import { AppError } from '#contract/errors.ts'
import type { ReportMailer } from './report-sources.ts'

export const noMailer: ReportMailer = {
  mailboxes: async () => [],
  send: async () => {
    throw new AppError('notFound', { params: { what: 'channel' } })
  }
}
