/** The field's words that the domain, the engine and the window share. Pure; no schemas of calls here. */
import { z } from 'zod'

/** State of a libvirt domain, as `virsh domstate` words it, in camel case. */
export const DomainState = z.enum([
  'running',
  'blocked',
  'paused',
  'shuttingDown',
  'shutOff',
  'crashed',
  'suspended',
  'unknown'
])
export type DomainState = z.infer<typeof DomainState>

/**
 * What the operator can ask of a VM. `start` goes on from a saved state where there is one; `save` makes one and switches it
 * off; `discardSaved` forgets it.
 */
export const MachineAction = z.enum([
  'start',
  'shutDown',
  'reboot',
  'reset',
  'forceOff',
  'pause',
  'resume',
  'save',
  'discardSaved',
  'autostartOn',
  'autostartOff'
])
export type MachineAction = z.infer<typeof MachineAction>

/** Why a series has no values for a while. A gap is drawn as a gap, with this reason. */
export const GapReason = z.enum([
  'consoleClosed',
  'serverOff',
  'linkLost',
  'collectionStopped',
  'rebooted',
  'counterReset',
  'notResponding',
  'notSupported',
  'storageFull'
])
export type GapReason = z.infer<typeof GapReason>

/** What a server may or may not be able to tell. One entry each in its capability list. */
export const CapabilityId = z.enum([
  'host',
  'pressure',
  'fileSystems',
  'libvirt',
  'libvirtWrite',
  'processes',
  'processIo',
  'users',
  'units',
  'updates',
  'containers',
  'smart',
  'sensors',
  'gpu',
  'power',
  'listeningPorts',
  'accessLogs',
  /** What only the firmware's tables tell: memory modules, serial number. */
  'firmwareTables',
  /** `sudo -n`, where the operator allows it for this server. */
  'sudo'
])
export type CapabilityId = z.infer<typeof CapabilityId>

/** Why a capability is missing. The window words the cause and the one-line fix. */
export const CapabilityCause = z.enum([
  'checking',
  'kernelTooOld',
  'toolMissing',
  'permissionDenied',
  'daemonDown',
  'stalled',
  'unreadable',
  'lookOnly',
  /** The server has no such thing: nothing to mend. */
  'notPresent'
])
export type CapabilityCause = z.infer<typeof CapabilityCause>

/** A card's state: EMPTY until the first data ever, then ON or OFF. */
export const Presence = z.enum(['EMPTY', 'ON', 'OFF'])
export type Presence = z.infer<typeof Presence>
