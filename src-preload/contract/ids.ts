/** Identities that cross the contract. Branded, so that a server's id is never taken for a VM's. */
import { z } from 'zod'

/** A registered server: a random UUID made when it is added; never its address or name. */
export const ServerId = z.uuid().brand<'ServerId'>()
export type ServerId = z.infer<typeof ServerId>

/** A libvirt domain's UUID in libvirt's own lower-case form. The only handle by which a VM is acted on. */
export const VmUuid = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
  .brand<'VmUuid'>()
export type VmUuid = z.infer<typeof VmUuid>

/** A VM of a registered server. Names change and repeat; this pair does not. */
export const VmRef = z.object({ serverId: ServerId, vmUuid: VmUuid })
export type VmRef = z.infer<typeof VmRef>

/** An edit of many servers, for as long as it can be taken back. */
export const EditId = z.uuid().brand<'EditId'>()
export type EditId = z.infer<typeof EditId>

/** A long job that may outlive the window that started it. */
export const TaskId = z.uuid().brand<'TaskId'>()
export type TaskId = z.infer<typeof TaskId>

/** A question of a login that only the operator can answer (a one-time code, say). */
export const PromptId = z.uuid().brand<'PromptId'>()
export type PromptId = z.infer<typeof PromptId>

/** A time-series engine of the operator's own that gets the samples too. */
export const EngineId = z.uuid().brand<'EngineId'>()
export type EngineId = z.infer<typeof EngineId>

/** A rule of alerts. The rules that come with the console have fixed ids, so that a restored backup meets them again. */
export const RuleId = z.uuid().brand<'RuleId'>()
export type RuleId = z.infer<typeof RuleId>

/** One alert, from its raise to its recovery. */
export const AlertId = z.uuid().brand<'AlertId'>()
export type AlertId = z.infer<typeof AlertId>

/** A way by which alerts are told: a webhook, a topic of ntfy, a mailbox. */
export const ChannelId = z.uuid().brand<'ChannelId'>()
export type ChannelId = z.infer<typeof ChannelId>

/** A planned time without news. */
export const MaintenanceId = z.uuid().brand<'MaintenanceId'>()
export type MaintenanceId = z.infer<typeof MaintenanceId>

/** A silence: no news of one thing until a time. */
export const SilenceId = z.uuid().brand<'SilenceId'>()
export type SilenceId = z.infer<typeof SilenceId>

/** A report of the archive. */
export const ReportId = z.uuid().brand<'ReportId'>()
export type ReportId = z.infer<typeof ReportId>
