/**
 * Units, written in the names of the values that carry them. KiB, ns, jiffies and percent are converted where they
 * enter (`src-main/remote`, `src-main/domain`); from there on only these units exist.
 */
import { z } from 'zod'

/** Integer UTC milliseconds since 1970. */
export const AtMs = z.int().nonnegative()
export type AtMs = number

/** Integer milliseconds of a span. */
export const DurationMs = z.int().nonnegative()
export type DurationMs = number

/** Text that came from a server: capped, but otherwise hostile. Shown as text only. */
export const RemoteText = z.string().max(4096)
