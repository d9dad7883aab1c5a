/** Machines of next to nothing, for what only needs many of them: no disk, no system, the least memory, off. */
import { onRestore } from './faults.ts'
import { sh } from './own-guests.ts'

export interface BareGuest {
  readonly server: string
  readonly uuid: string
  readonly name: string
}

const bareGuest = (server: string, number: number): BareGuest => ({
  server,
  uuid: `77000000-ba4e-4000-8000-${server.replace(/\D/g, '').padStart(2, '0')}${number.toString(16).padStart(10, '0')}`,
  name: `bare-${server}-${number}`
})

const xmlOf = ({ uuid, name }: BareGuest): string =>
  `<domain type="qemu"><name>${name}</name><uuid>${uuid}</uuid><memory unit="MiB">16</memory><vcpu>1</vcpu><os><type arch="x86_64" machine="q35">hvm</type></os><devices/></domain>`

/** Defines them, off. They are forced off and forgotten at the end of the test. */
export async function defineBareGuests(server: string, count: number): Promise<BareGuest[]> {
  const guests = Array.from({ length: count }, (_nothing, index) => bareGuest(server, index + 1))
  const eachOf = (command: string): string =>
    guests.map(({ uuid }) => command.replaceAll('UUID', uuid)).join('\n')
  const remove = async (): Promise<void> => {
    await sh(
      server,
      eachOf('virsh -q destroy UUID; virsh -q autostart --disable UUID; virsh -q undefine UUID'),
      false
    )
  }
  await remove()
  onRestore(remove)
  await sh(server, guests.map((guest) => `echo '${xmlOf(guest)}' | virsh -q define /dev/stdin`).join(' && '))
  return guests
}
