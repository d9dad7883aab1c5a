/**
 * The demo fleet as a process of its own:  node src-main/demo/main.ts [--servers N] [--seed N] [--profile full|bare] [--machines N]
 * Prints one JSON line `{"servers": […]}`; then each line on stdin is a DemoCommand and is answered by one line. Ends when
 * stdin ends, so that it never outlives its owner.
 */
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { DemoCommand } from './control.ts'
import { type DemoFleet, startDemoFleet } from './fleet.ts'

async function answer(fleet: DemoFleet, line: string): Promise<object> {
  try {
    return await fleet.control.execute(DemoCommand.parse(JSON.parse(line)))
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

const { values } = parseArgs({
  options: {
    servers: { type: 'string', default: '6' },
    seed: { type: 'string', default: '1' },
    profile: { type: 'string', default: 'full' },
    machines: { type: 'string' }
  }
})
const servers = Number(values.servers)
const seed = Number(values.seed)
const profile = values.profile === 'bare' ? 'bare' : 'full'
if (!Number.isInteger(servers) || servers < 1 || !Number.isInteger(seed)) {
  process.stderr.write('--servers and --seed take whole numbers\n')
  process.exit(2)
}
const fleet = await startDemoFleet({
  servers,
  seed,
  profile,
  ...(values.machines === undefined ? {} : { machinesPerServer: Number(values.machines) })
})
process.stdout.write(`${JSON.stringify({ servers: fleet.servers })}\n`)
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(fleet, line))}\n`)
}
await fleet.close()
