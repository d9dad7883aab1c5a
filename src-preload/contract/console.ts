/** The console itself: what it is, where it keeps things, how it feels. */
import { z } from 'zod'
import { call, stream } from './define.ts'

export const ConsoleInfo = z.object({
  version: z.string(),
  mode: z.enum(['desktop', 'browser']),
  /** The embedded demo fleet: labelled in the window, its data kept apart. */
  demo: z.boolean(),
  dataFolder: z.string(),
  platform: z.enum(['linux', 'darwin', 'win32', 'other']),
  /** Whether secrets can be kept for the next start, and by what (keychain, key file, …). */
  secretStore: z.object({ canKeep: z.boolean(), backend: z.string() })
})
export type ConsoleInfo = z.infer<typeof ConsoleInfo>

/** For the status bar; and what is wrong with the console's own files, if anything. */
export const ConsoleHealth = z.object({
  historyBytes: z.number(),
  diskFreeBytes: z.number().nullable(),
  /** Sampling goes on, but nothing can be kept. */
  storageFull: z.boolean(),
  /** A damaged file was put aside at start: its new name. */
  databaseRecovered: z.string().nullable()
})
export type ConsoleHealth = z.infer<typeof ConsoleHealth>

/** `show`: browser mode, where the window shows it. `opened`: the operator clicked one that the desktop showed. */
export const ConsoleNotification = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('show'),
    /** The same in every window, so that it is shown once. */
    id: z.string().max(64),
    title: z.string().max(1_000),
    body: z.string().max(4_000),
    urgent: z.boolean()
  }),
  z.object({ kind: z.literal('opened') })
])
export type ConsoleNotification = z.infer<typeof ConsoleNotification>

export const consoleContract = {
  'console.info': call(z.object({}), ConsoleInfo),
  'console.notifications': stream(z.object({}), ConsoleNotification, 'all'),
  'console.health': stream(z.object({}), ConsoleHealth, 'latest'),
  /** Starts the demo fleet beside the operator's own data: a new window (desktop) or address (browser). */
  'console.openDemo': call(z.object({}), z.object({ address: z.string().nullable() }))
}
