/** The operator's choices for the whole console. */
import { z } from 'zod'
import { call, stream } from './define.ts'

/** At least 64 MiB: less would not hold a day. */
const BudgetBytes = z.int().min(64 * 1024 * 1024)

export const Settings = z.object({
  /** Sampling interval of servers without one of their own. */
  intervalMs: z.int().min(2_000).max(60_000).default(5_000),
  theme: z.enum(['system', 'dark', 'light']).default('system'),
  fleetView: z.enum(['cards', 'table']).default('cards'),
  timeZone: z.enum(['local', 'utc']).default('local'),
  /** How long each level of the history is kept. Days are kept for ever. */
  retention: z
    .object({
      rawDays: z.int().min(1).max(90).default(7),
      minuteDays: z.int().min(7).max(1_000).default(90),
      hourDays: z.int().min(30).max(10_000).default(1_825),
      /** The history file is kept below this; the oldest minutes go first, then the oldest samples. null = no limit. */
      budgetBytes: BudgetBytes.nullable().default(null)
    })
    .default({ rawDays: 7, minuteDays: 90, hourDays: 1_825, budgetBytes: null })
})
export type Settings = z.infer<typeof Settings>

export const settingsContract = {
  'settings.watch': stream(z.object({}), Settings, 'latest'),
  /** Only the given fields change. */
  'settings.change': call(
    z.object({
      intervalMs: z.int().min(2_000).max(60_000).optional(),
      theme: z.enum(['system', 'dark', 'light']).optional(),
      fleetView: z.enum(['cards', 'table']).optional(),
      timeZone: z.enum(['local', 'utc']).optional(),
      retention: z
        .object({
          rawDays: z.int().min(1).max(90),
          minuteDays: z.int().min(7).max(1_000),
          hourDays: z.int().min(30).max(10_000),
          budgetBytes: BudgetBytes.nullable()
        })
        .optional()
    }),
    Settings
  )
}
