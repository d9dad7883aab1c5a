/** What a guest says about itself: by its agent where it has one, else by DHCP leases and the ARP table of the server. */
import { z } from 'zod'
import { call } from './define.ts'
import { VmRef } from './ids.ts'
import { AtMs, RemoteText } from './units.ts'

export const AddressSource = z.enum(['agent', 'lease', 'arp'])
export type AddressSource = z.infer<typeof AddressSource>

export const GuestAddress = z.object({
  /** The guest's own name of the device (eth0) from the agent, the server's (vnet3) otherwise. */
  device: RemoteText,
  mac: RemoteText.nullable(),
  /** With its prefix where that is known: `192.168.122.17/24`. */
  address: RemoteText,
  source: AddressSource
})
export type GuestAddress = z.infer<typeof GuestAddress>

export const GuestFileSystem = z.object({
  mountPoint: RemoteText,
  device: RemoteText.nullable(),
  type: RemoteText.nullable(),
  totalBytes: z.number().nullable(),
  usedBytes: z.number().nullable()
})
export type GuestFileSystem = z.infer<typeof GuestFileSystem>

export const GuestUser = z.object({ name: RemoteText, sinceAtMs: AtMs.nullable() })
export type GuestUser = z.infer<typeof GuestUser>

/** What the agent told. null of a part: this agent does not tell it. */
export const AgentFacts = z.object({
  hostName: RemoteText.nullable(),
  osName: RemoteText.nullable(),
  kernel: RemoteText.nullable(),
  timezone: RemoteText.nullable(),
  fileSystems: z.array(GuestFileSystem).max(256).nullable(),
  users: z.array(GuestUser).max(256).nullable()
})
export type AgentFacts = z.infer<typeof AgentFacts>

/**
 * Whether the agent answered or is being asked for the first time, else why it was not asked or did not: no device for it, no agent at the other end, no answer
 * in time, libvirt's refusal, a login without the right to write (libvirt then refuses the question), look-only.
 */
export const AgentState = z.enum([
  'answered',
  'asking',
  'off',
  'noChannel',
  'notConnected',
  'silent',
  'notResponding',
  'failed',
  'noRight',
  'lookOnly'
])
export type AgentState = z.infer<typeof AgentState>

export const GuestFacts = z.object({
  addresses: z.array(GuestAddress).max(512),
  /** When the addresses of leases and ARP were read. */
  atMs: AtMs,
  agent: z.object({
    state: AgentState,
    /** When it answered or failed last. null = never asked. */
    atMs: AtMs.nullable(),
    /** libvirt's words for `failed`. */
    message: RemoteText.nullable(),
    /** The last answer; stays while it is silent for a while. */
    facts: AgentFacts.nullable()
  })
})
export type GuestFacts = z.infer<typeof GuestFacts>

export const guestContract = {
  /**
   * The agent is asked at most once a minute, in a slow lane of its own; in between its last answer is given, with its
   * age. Nothing here waits for it for longer than a moment.
   */
  'guest.facts': call(VmRef, GuestFacts)
}
