/** What a guest says about itself. */
import type { AddressSource, AgentState } from '#contract/guest.ts'

export const guest = {
  card: 'Guest',
  addresses: 'Addresses',
  noAddresses:
    'No address is known: neither an agent, nor a DHCP lease, nor the ARP table of the server has one.',
  host: 'Host name',
  os: 'System',
  kernel: 'Kernel',
  timezone: 'Time zone',
  users: 'Logged in',
  nobody: 'nobody',
  fileSystems: 'File systems',
  used: 'Used of {mount}',
  asked: 'asked {age} ago',
  readFailed: 'Nothing could be asked about the guest.',
  source: { agent: 'agent', lease: 'DHCP lease', arp: 'ARP table' } satisfies Record<AddressSource, string>,
  notTold: 'The agent does not tell this.',
  agent: {
    answered: 'The agent in the guest answers.',
    asking: 'The agent is being asked…',
    off: 'The machine is off.',
    noChannel:
      'The machine has no channel for a guest agent. Add it under Configuration, and install qemu-guest-agent in the guest.',
    notConnected: 'No agent listens in the guest. Install and start qemu-guest-agent there.',
    silent: 'The agent in the guest did not answer in time. It is asked again in five minutes.',
    notResponding: 'The machine does not respond: its agent is not asked.',
    failed: 'The agent could not be asked:',
    noRight: 'libvirt asks an agent only for accounts that may change machines. See Facts of the server.',
    lookOnly:
      'This server is set to look only. libvirt takes a question to an agent for a change, so none is sent.'
  } satisfies Record<AgentState, string>
}
