/** For disk-queue.test.ts: appends and acknowledges without end until it is killed; says on stdout what was promised. */
import { diskQueues } from './disk-queue.ts'

const [folder = '', name = '', first = '0'] = process.argv.slice(2)
const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => '' }
const queue = await diskQueues(folder, log).open(name, 1024 ** 3)
for (let number = Number(first); ; number++) {
  const bytes = Buffer.alloc(200 + ((number * 7919) % 5_000), String(number))
  bytes.writeUInt32LE(number, 0)
  await queue.append(bytes, 1)
  process.stdout.write(`+${String(number)}\n`)
  if (number % 3 !== 0) continue
  const [oldest] = await queue.peek(1)
  if (oldest === undefined) continue
  await queue.acknowledge(oldest.position)
  process.stdout.write(`-${String(Buffer.from(oldest.bytes).readUInt32LE(0))}\n`)
}
