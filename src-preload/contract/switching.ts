/** Power of a server itself: shut down, reboot, suspend; and Wake-on-LAN to have it back. */
import { z } from 'zod'
import { call, task } from './define.ts'
import { ServerId } from './ids.ts'
import { AtMs, RemoteText } from './units.ts'
import { CapabilityCause, ServerPowerAction } from './vocabulary.ts'

/** An Ethernet address of one machine: six octets, not a group's. */
export const MacAddress = z
  .string()
  .trim()
  .toLowerCase()
  .transform((text) => text.replaceAll('-', ':'))
  .refine((text) => isMac(text))

/** `aa:bb:cc:dd:ee:ff` of one machine: no multicast, not all zeros. */
export function isMac(text: string): boolean {
  if (!/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(text) || text === '00:00:00:00:00:00') return false
  return (parseInt(text.slice(0, 2), 16) & 1) === 0
}

export const Ipv4 = z.ipv4()
export const WAKE_PORTS = [9, 7] as const
/** Of the whole link: reaches what the sender's own interface reaches. */
export const LIMITED_BROADCAST = '255.255.255.255'

/** What was learned of a server's network while it was on. */
export const LanInterface = z.object({
  name: RemoteText,
  mac: z.string().max(17),
  /** Its IPv4 address; null = it has none. */
  address: z.string().max(15).nullable(),
  prefix: z.int().min(0).max(32).nullable(),
  broadcast: z.string().max(15).nullable(),
  isDefaultRoute: z.boolean(),
  /** Whether a magic packet wakes it; null = not told (ethtool is missing, or needs root). */
  wakes: z.boolean().nullable()
})
export type LanInterface = z.infer<typeof LanInterface>

export const LanIdentity = z.object({ learnedAtMs: AtMs, interfaces: z.array(LanInterface).max(64) })
export type LanIdentity = z.infer<typeof LanIdentity>

/** How a server is woken. What is null is taken from what was learned. */
export const WakeSettings = z.object({
  mac: MacAddress.nullable().default(null),
  broadcast: Ipv4.nullable().default(null),
  port: z.int().min(1).max(65_535).nullable().default(null),
  /** null = from this computer; else through this server, which must be on and on the same network. */
  via: ServerId.nullable().default(null)
})
export type WakeSettings = z.infer<typeof WakeSettings>

export const WakeView = z.object({
  settings: WakeSettings,
  learned: LanIdentity.nullable(),
  /** What would be used now; null = not known. */
  mac: z.string().nullable(),
  broadcasts: z.array(z.string()),
  ports: z.array(z.int()),
  /** A SecureOn password is kept. It never comes out of main. */
  passwordKept: z.boolean(),
  canKeepPassword: z.boolean()
})
export type WakeView = z.infer<typeof WakeView>

/** Six octets as `aa:bb:cc:dd:ee:ff`. */
export const SecureOnPassword = z
  .string()
  .trim()
  .regex(/^[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}$/)

export const WakeProgress = z.object({
  stage: z.enum(['sending', 'waiting']),
  /** Magic packets sent so far. */
  packets: z.int(),
  waitedMs: z.int()
})
export type WakeProgress = z.infer<typeof WakeProgress>

/** `sent`: nobody waits for the server, because collecting from it is stopped. */
export const WakeResult = z.object({
  outcome: z.enum(['online', 'noAnswer', 'sent']),
  afterMs: z.int(),
  packets: z.int()
})
export type WakeResult = z.infer<typeof WakeResult>

/** What would be sent, looked up on the server; nothing is changed. `command` null = not possible there, and why. */
export const PowerPlan = z.object({
  command: z.string().max(200).nullable(),
  cause: CapabilityCause.nullable(),
  fix: z.string().max(500).nullable(),
  /** Who is logged in, as far as it is known; names are remote text. null = not known. */
  users: z.array(RemoteText).max(64).nullable()
})
export type PowerPlan = z.infer<typeof PowerPlan>

export const PowerResult = z.object({
  /**
   * `off`: the link ended. `back`: it was away and is connected again. `notBack`: away, and not back in time.
   * `stillOn`: the command was taken, and the server goes on all the same.
   */
  outcome: z.enum(['off', 'back', 'notBack', 'stillOn']),
  afterMs: z.int()
})
export type PowerResult = z.infer<typeof PowerResult>

export const switchingContract = {
  'switching.wakeView': call(z.object({ serverId: ServerId }), WakeView),
  /** `password`: a new one, null = forget the kept one, absent = leave it. */
  'switching.setWake': call(
    z.object({
      serverId: ServerId,
      settings: WakeSettings,
      password: SecureOnPassword.nullable().optional()
    }),
    z.null()
  ),
  /** Sends magic packets and waits for the server to connect. Throws refused {what: lookOnly | noMac | wakeVia}, wakeNotSent. */
  'switching.wake': task(
    z.object({ serverId: ServerId, seenName: z.string().max(300) }),
    WakeProgress,
    WakeResult
  ),
  'switching.plan': call(z.object({ serverId: ServerId, action: ServerPowerAction }), PowerPlan),
  /** Refused on a look-only server and without the typed name; a row of the journal before it is sent. */
  'switching.act': task(
    z.object({
      serverId: ServerId,
      action: ServerPowerAction,
      typedName: z.string().max(80),
      /** The command as it was shown; another one by now is `planChanged`. */
      seenCommand: z.string().max(200)
    }),
    z.object({ stage: z.enum(['sending', 'leaving', 'waiting']), waitedMs: z.int() }),
    PowerResult
  )
}
