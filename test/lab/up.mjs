// `up`: bridge, namespaces, servers, guests. Whatever fails, `down` takes back what was made.
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BRIDGE, HIDDEN_GATEWAY, HIDDEN_NETWORK, SERVERS } from './plan.mjs'
import { bootsUnderKvm, buildInitrd, findKernel } from './guests.mjs'
import { makeAccounts, makeClientKeys, prepareServer } from './servers.mjs'
import {
  childOf,
  isAlive,
  LAB_FOLDER,
  LabError,
  run,
  startDetached,
  startTime,
  waitFor,
  writeState
} from './machine.mjs'

const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname

/** Builds the whole lab; the folder must not exist. Resolves the recorded state. */
export async function bringUp(say) {
  const state = {
    version: 1,
    startedAtMs: Date.now(),
    bridge: BRIDGE,
    hadNetnsFolder: isMountPoint('/run/netns'),
    kvm: false,
    accounts: makeAccounts(),
    keys: {},
    servers: []
  }
  mkdirSync(LAB_FOLDER, { recursive: true, mode: 0o700 })
  writeState(state)
  const kernel = findKernel()
  const [keys] = await Promise.all([
    makeClientKeys(join(LAB_FOLDER, 'keys')),
    buildInitrd(
      join(LAB_FOLDER, 'guest-initrd'),
      join(LAB_FOLDER, 'initrd'),
      kernel.release,
      join(here, 'guest-init.sh')
    ),
    run(['cp', kernel.image, join(LAB_FOLDER, 'guest-kernel')]),
    makeBridge()
  ])
  state.keys = keys
  state.kvm = await bootsUnderKvm(join(LAB_FOLDER, 'guest-kernel'), join(LAB_FOLDER, 'guest-initrd'))
  say(
    `guests by ${state.kvm ? 'KVM' : 'TCG (no /dev/kvm that boots them: slower)'}, kernel ${kernel.release}`
  )
  const prepared = await Promise.all(SERVERS.map((server) => prepareServer(server, state)))
  for (const server of prepared) {
    await makeNetwork(server)
    server.init = await startServer(server)
    state.servers.push(server)
    writeState(state)
  }
  await Promise.all(state.servers.map((server) => ready(server, say)))
  return state
}

const isMountPoint = (path) =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4] === path)

async function makeBridge() {
  await run(['ip', 'link', 'add', BRIDGE.name, 'type', 'bridge'])
  await run(['ip', 'addr', 'add', `${BRIDGE.address}/${BRIDGE.prefix}`, 'dev', BRIDGE.name])
  await run(['ip', 'link', 'set', BRIDGE.name, 'up'])
  // Nothing may lead to the hidden server but its jump host, not even a helpful default gateway.
  await run(['ip', 'route', 'add', 'unreachable', HIDDEN_NETWORK])
}

/** A namespace with one link `eth0`: into the bridge, or into the server it hides behind. */
async function makeNetwork(server) {
  const { name, address, via } = server
  const outer = `vh-${name}`
  await run(['ip', 'netns', 'add', name])
  await run(['ip', 'link', 'add', outer, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name])
  const inside = (...command) => run(['ip', '-n', name, ...command])
  await inside('link', 'set', 'lo', 'up')
  await inside('addr', 'add', `${address}/24`, 'dev', 'eth0')
  await inside('link', 'set', 'eth0', 'up')
  // It leads nowhere, but a server has one; and it tells which link is the server's own.
  const gateway = via === null ? BRIDGE.address : HIDDEN_GATEWAY.address
  await inside('route', 'add', 'default', 'via', gateway)
  if (via === null) {
    await run(['ip', 'link', 'set', outer, 'master', BRIDGE.name, 'up'])
    return
  }
  await run(['ip', 'link', 'set', outer, 'netns', via])
  await run([
    'ip',
    '-n',
    via,
    'addr',
    'add',
    `${HIDDEN_GATEWAY.address}/${HIDDEN_GATEWAY.prefix}`,
    'dev',
    outer
  ])
  await run(['ip', '-n', via, 'link', 'set', outer, 'up'])
}

/** Starts process 1 of the server in namespaces of its own. Resolves its id and start time as this machine counts them. */
async function startServer(server) {
  const log = openSync(join(server.folder, 'start.log'), 'a')
  const outer = startDetached(
    [
      'ip',
      'netns',
      'exec',
      server.name,
      'unshare',
      '--mount',
      '--uts',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      'bash',
      join(here, 'server.sh')
    ],
    {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      LC_ALL: 'C.UTF-8',
      LAB_ROOT: LAB_FOLDER,
      LAB_FOLDER: server.folder,
      LAB_NAME: server.name,
      LAB_LIBVIRT: server.libvirt ? 'yes' : 'no'
    },
    log
  )
  closeSync(log)
  const pid = await waitFor(`${server.name} to start`, () => childOf(outer), 5_000, 10)
  const init = { pid, startTime: startTime(pid) }
  if (init.startTime === null) throw new LabError(startFailure(server))
  return init
}

const startFailure = (server) =>
  `${server.name} did not start:\n${readFileSync(join(server.folder, 'start.log'), 'utf8').trim()}`

async function ready(server, say) {
  await waitFor(
    `${server.name} to be ready`,
    () => {
      if (!isAlive(server.init)) throw new LabError(startFailure(server))
      return existsSync(join(server.folder, 'run/lab-ready'))
    },
    60_000
  )
  const started = server.guests.filter((guest) => guest.start)
  await waitFor(
    `the guests of ${server.name} to boot`,
    () => started.every((guest) => readFileSync(guest.serialLog, 'latin1').includes('lab guest ready')),
    120_000
  )
  say(`${server.name} ${server.address}: ready, ${started.length} guests running`)
}
