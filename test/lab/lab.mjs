// npm run lab -- up | status [--json] | down
// Several real servers on one machine: see docs/lab.md. Exit codes: 0 done (status: all up), 1 failed (status: not all
// up), 2 wrong use, 3 not possible on this machine.
import { bringUp } from './up.mjs'
import { takeDown } from './down.mjs'
import { missingCommands, readStatus, statusTable, whyNotHere } from './status.mjs'
import { inNamespaces, LabError, lock, readState, run, writeState } from './machine.mjs'

const USAGE = 'Usage: npm run lab -- up | status [--json] | down'
const say = (line) => process.stdout.write(`${line}\n`)

async function up() {
  const missing = missingCommands()
  if (missing.length > 0)
    throw new LabError(
      `Missing here: ${missing.join(', ')}.\nInstall them: grep -v '^#' test/lab/packages.txt | xargs apt-get install -y --no-install-recommends`,
      3
    )
  const unlock = await lock()
  try {
    const status = await readStatus()
    const startedMs = Date.now()
    if (status.serversUp) await startMissingGuests(status)
    else {
      await takeDown() // half a lab is no base to build on
      await build()
    }
    say(statusTable(await readStatus()))
    say(`up in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`)
  } finally {
    unlock()
  }
}

/** Guests that someone has shut off since. A test's stray ones are left alone. */
async function startMissingGuests(status) {
  const { servers } = readState()
  for (const { name, guests } of status.servers) {
    const server = servers.find((one) => one.name === name)
    for (const { uuid } of guests.filter((guest) => guest.wanted && !guest.running))
      await run(inNamespaces(server, ['virsh', '-q', '-c', 'qemu:///system', 'start', uuid]))
  }
}

async function build() {
  let interrupted
  const onSignal = (signal) => (interrupted = signal)
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, onSignal)
  try {
    const state = await bringUp((line) => {
      if (interrupted) throw new LabError(`stopped by ${interrupted}`, 130)
      say(line)
    })
    writeState({ ...state, complete: true })
  } catch (error) {
    // VIRTHELM_LAB_KEEP=1 leaves what is there, to look at it.
    if (process.env.VIRTHELM_LAB_KEEP !== '1') await takeDown()
    throw error
  }
}

async function down() {
  const unlock = await lock()
  try {
    const wasThere = readState() !== null
    await takeDown()
    say(wasThere ? 'The lab is down; nothing of it is left.' : 'The lab was down already.')
  } finally {
    unlock()
  }
}

async function status(json) {
  const answer = await readStatus()
  say(json ? JSON.stringify(answer) : statusTable(answer))
  return answer.up ? 0 : 1
}

async function main([command, ...rest]) {
  const json = command === 'status' && rest.length === 1 && rest[0] === '--json'
  if (!['up', 'status', 'down'].includes(command) || (rest.length > 0 && !json)) throw new LabError(USAGE, 2)
  const reason = whyNotHere()
  if (reason !== null) throw new LabError(reason, 3)
  if (command === 'status') return status(json)
  await (command === 'up' ? up() : down())
  return 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${error instanceof LabError ? error.message : error.stack}\n`)
  process.exitCode = error instanceof LabError ? error.exitCode : 1
}
