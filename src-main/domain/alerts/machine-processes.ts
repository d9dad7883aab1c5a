/** Which processes of a server are its virtual machines: QEMU, as libvirt starts it. */

/** comm is cut at 15 bytes: `qemu-system-x86`. */
const QEMU = /^qemu-(?:system-|kvm)/

/**
 * Whether the process is one of these VMs, by the UUID or the name in its command line. libvirt doubles commas in names.
 * What only looks like QEMU is no VM of the list.
 */
export function isMachineProcess(
  { name, commandLine }: { readonly name: string; readonly commandLine: string | null },
  machines: readonly { readonly uuid: string; readonly name: string }[]
): boolean {
  if (commandLine === null || !QEMU.test(name)) return false
  return machines.some(
    (machine) =>
      commandLine.includes(`-uuid ${machine.uuid}`) ||
      commandLine.includes(`-name guest=${machine.name.replaceAll(',', ',,')},`)
  )
}
