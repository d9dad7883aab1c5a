// `down`: ends exactly what `up` recorded and removes every trace. Safe to run at any time, also after a killed `up`.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { BRIDGE, HIDDEN_NETWORK, SERVERS } from './plan.mjs'
import { isAlive, kill, LAB_FOLDER, readState, run, startTime, waitFor } from './machine.mjs'

export async function takeDown() {
  const state = readState()
  const inits = (state?.servers ?? []).map((server) => server.init).filter(Boolean)
  // With process 1 of a pid namespace the kernel ends all that is in it, stopped ones too.
  for (const init of inits) kill(init, 'SIGKILL')
  await waitFor('the servers to end', () => !inits.some(isAlive), 10_000)
  const namespaces = await existingNamespaces()
  const leftovers = []
  for (const name of namespaces) {
    const { stdout } = await run(['ip', 'netns', 'pids', name])
    for (const pid of stdout.split('\n').filter(Boolean).map(Number))
      leftovers.push({ pid, startTime: startTime(pid) })
  }
  for (const leftover of leftovers) kill(leftover, 'SIGKILL')
  await waitFor('the processes of the lab to end', () => !leftovers.some(isAlive), 10_000)
  for (const name of namespaces) await run(['ip', 'netns', 'del', name])
  for (const server of SERVERS) await run(['ip', 'link', 'del', `vh-${server.name}`], { check: false })
  await run(['ip', 'link', 'del', BRIDGE.name], { check: false })
  await run(['ip', 'route', 'del', 'unreachable', HIDDEN_NETWORK], { check: false })
  await removeNetnsFolder(state)
  // A namespace that is still going away can hold a mount for a moment.
  await waitFor('the folder of the lab to go', () => removed(), 5_000)
}

async function existingNamespaces() {
  const { stdout } = await run(['ip', 'netns', 'list'], { check: false })
  const there = new Set(stdout.split('\n').map((line) => line.split(' ')[0]))
  return SERVERS.map((server) => server.name).filter((name) => there.has(name))
}

/** `ip netns add` makes /run/netns a mount point; it goes when it was not there before and no one else uses it. */
async function removeNetnsFolder(state) {
  if (state?.hadNetnsFolder !== false || !existsSync('/run/netns')) return
  const { stdout } = await run(['ip', 'netns', 'list'])
  if (stdout.trim() !== '') return
  const isMount = readFileSync('/proc/self/mountinfo', 'utf8').includes(' /run/netns ')
  if (isMount) await run(['umount', '/run/netns'], { check: false })
  await run(['rmdir', '/run/netns'], { check: false })
}

function removed() {
  try {
    rmSync(LAB_FOLDER, { recursive: true, force: true })
    return true
  } catch (error) {
    if (error.code !== 'EBUSY' && error.code !== 'ENOTEMPTY') throw error
    return false
  }
}
