/** /proc of a server read over a second connection, by the system's own ssh and none of the console's code. */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { parseReading, type Reading } from './independent.ts'
import { labKey, labServer } from './state.ts'

const FILES = ['stat', 'meminfo', 'loadavg', 'uptime', 'diskstats', 'net/dev'] as const

export interface SecondReader {
  read(): Promise<Reading>
  close(): void
}

export function openSecondReader(server: string, user: string): SecondReader {
  const { address, port } = labServer(server)
  const mark = randomUUID()
  // Read by the shell in one go, so that all files are of the same moment.
  const script = `while read -r x; do for f in ${FILES.join(' ')}; do echo "${mark} $f"; cat /proc/$f; done; echo "${mark} end"; done`
  const child = spawn('ssh', [
    ...['-i', labKey('ed25519').privateKey, '-p', String(port)],
    ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'IdentitiesOnly=yes'],
    ...['-o', 'LogLevel=ERROR', `${user}@${address}`, `exec /bin/sh -c '${script}'`]
  ])
  let text = ''
  let onText: () => void = () => undefined
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
    onText()
  })
  child.stdin.on('error', () => undefined)
  return {
    async read() {
      text = ''
      const { promise, resolve, reject } = Promise.withResolvers<string>()
      onText = () => {
        if (text.includes(`${mark} end\n`)) resolve(text)
      }
      child.once('close', () => reject(new Error('ssh ended')))
      child.stdin.write('now\n')
      const files = new Map(
        (await promise).split(`${mark} `).map((part) => {
          const end = part.indexOf('\n')
          return [part.slice(0, end), part.slice(end + 1)] as const
        })
      )
      return parseReading((file) => files.get(file) ?? '')
    },
    close: () => void child.kill()
  }
}
