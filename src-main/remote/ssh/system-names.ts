/** Names that are in no hosts file and no DNS: mDNS (`.local`), NSS modules (libvirt's, systemd-resolved's). */
import { execFile } from 'node:child_process'
import { isIP } from 'node:net'

/** Names that the network's DNS is not expected to know. Others are not worth a process at each try. */
const LOCAL_NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]*(\.local)?$/

const COMMANDS: Partial<Record<NodeJS.Platform, (name: string) => [string, string[]]>> = {
  linux: (name) => ['getent', ['ahosts', name]],
  darwin: (name) => ['dscacheutil', ['-q', 'host', '-a', 'name', name]]
}

/**
 * Asks the system in a process of its own, which can be killed; its resolver inside of ours could not, and would hold
 * up every other name. Empty when the system does not know the name either, or has no such command.
 */
export function askSystem(
  name: string,
  options: { readonly signal: AbortSignal; readonly deadlineMs: number }
): Promise<string[]> {
  const command = COMMANDS[process.platform]
  if (!command || !LOCAL_NAME.test(name) || options.deadlineMs <= 0) return Promise.resolve([])
  const [file, args] = command(name)
  return new Promise((resolve) => {
    const settings = {
      timeout: Math.ceil(options.deadlineMs),
      killSignal: 'SIGKILL' as const,
      signal: options.signal,
      maxBuffer: 64 * 1024
    }
    execFile(file, args, settings, (_error, stdout) => {
      const found = stdout.split(/\s+/).filter((word) => isIP(word) !== 0)
      resolve([...new Set(found)])
    })
  })
}
