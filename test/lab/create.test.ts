/** Machines made on real libvirt: each source boots; whatever is cut off leaves nothing behind and nothing twice. */
import { closeSync, constants, openSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CreateProgress, CreateRequest, CreateStep, MachineSpec } from '#contract/create.ts'
import { AppError } from '#contract/errors.ts'
import type { VmUuid } from '#contract/ids.ts'
import type { PoolUuid } from '#contract/storage.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import {
  createHandlers,
  type CreateHandlers
} from '../../src-main/application/create-machine/create-handlers.ts'
import type { ServerRuntime } from '../../src-main/application/servers/server-runtime.ts'
import { createHypervisor } from '../../src-main/remote/libvirt/hypervisor.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { makeBootMedia, type BootMedia } from './boot-media.ts'
import { startLabConsole, type LabConsole } from './console.ts'
import * as lab from './lab.ts'

const missing = lab.whyNoLab()
const SERVER = 'lab1'
const POOL = 'create-test'
const FOLDER = '/var/lib/libvirt/images/create-test'
const PREFIX = 'create-'
const PXE_NETWORK = 'create-pxe'
const PXE_FOLDER = '/var/lib/libvirt/create-pxe'
const MIB = 1024 ** 2
/** Tries at each step. All of them with VIRTHELM_LONG=1. */
const TRIES = process.env.VIRTHELM_LONG === '1' ? 20 : 2

const virsh = async (...words: string[]): Promise<string> =>
  (await lab.inServer(SERVER, ['virsh', '-q', ...words], { timeoutMs: 60_000 })).stdout
const filesOfPool = async (): Promise<string[]> =>
  (await lab.inServer(SERVER, ['ls', '-A', FOLDER])).stdout.split('\n').filter(Boolean).sort()
/** Variables of UEFI and state of the TPM that libvirt keeps for a machine. */
const firmwareFiles = async ({ name, vmUuid }: MachineSpec): Promise<string[]> => {
  const { stdout } = await lab.inServer(
    SERVER,
    ['find', '/var/lib/libvirt/qemu/nvram', '/var/lib/libvirt/swtpm'],
    {
      check: false
    }
  )
  return stdout.split('\n').filter((path) => path.includes(name) || path.includes(vmUuid))
}
const machines = async (): Promise<string[]> =>
  (await virsh('list', '--all', '--name')).split('\n').filter((name) => name.startsWith(PREFIX))

let asked = 1000

/** Runs a command in the guest, on its serial line, as soon as it listens; what it printed by then. */
async function askGuest(uuid: string, command: string): Promise<string> {
  const tty = (await virsh('ttyconsole', uuid)).trim()
  const terminal = openSync(tty, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK)
  // Only the guest's own arithmetic makes this mark: an echo of the line does not.
  const question = `run ${command}; echo mark-$((${asked++}+1))`
  const mark = `mark-${asked}`
  let text = ''
  const buffer = Buffer.alloc(65_536)
  const take = (): void => {
    try {
      for (let got = 1; got > 0;) {
        got = readSync(terminal, buffer)
        text += buffer.toString('latin1', 0, got)
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
  try {
    let turn = 0
    await lab.eventually(
      `the guest has run "${command}"`,
      () => {
        if (turn++ % 20 === 0) writeSync(terminal, `${question}\n`)
        take()
        return text.includes(mark)
      },
      90_000,
      100
    )
    return text
  } finally {
    closeSync(terminal)
  }
}

describe.skipIf(missing !== null)(`making machines${missing === null ? '' : ` (${missing})`}`, () => {
  let media: BootMedia
  let console_: LabConsole
  let server: ServerRuntime
  let handlers: CreateHandlers
  let poolUuid: PoolUuid
  let filesBefore: string[]

  const makeHandlers = (): CreateHandlers =>
    createHandlers({
      directory: console_.directory,
      journal: console_.storage.asStorage().journal,
      blobs: console_.storage.asStorage().blobs,
      clock: systemClock,
      log: silentLog,
      onJournal: () => undefined
    })

  beforeAll(async () => {
    media = await makeBootMedia()
    await lab.inServer(SERVER, ['mkdir', '-p', FOLDER])
    for (const [from, to] of [
      [media.iso, 'lab.iso'],
      [media.cloudImage, 'lab-cloud.qcow2']
    ] as const)
      await lab.run(['cp', from, `/proc/${lab.labServer(SERVER).init.pid}/root${FOLDER}/${to}`])
    await virsh('pool-create-as', POOL, 'dir', '--target', FOLDER)
    poolUuid = (await virsh('pool-uuid', POOL)).trim() as PoolUuid
  })

  afterAll(async () => {
    await removeMachines()
    await lab.inServer(SERVER, ['virsh', 'pool-destroy', POOL], { check: false })
    await lab.inServer(SERVER, ['rm', '-rf', FOLDER])
    media.remove()
  })

  beforeEach(async () => {
    const hypervisor = createHypervisor({ log: silentLog, clock: systemClock })
    console_ = startLabConsole(hypervisor, 5_000)
    server = await console_.add({ server: SERVER, user: 'op' })
    await lab.eventually('libvirt answers', () => server.session !== null, 20_000)
    handlers = makeHandlers()
    filesBefore = await filesOfPool()
  })

  afterEach(async () => {
    await console_.close()
    await lab.restoreLab()
    await removeMachines()
  })

  /** A network of libvirt whose dnsmasq offers iPXE (the firmware of QEMU's network cards) a script, kernel and system. */
  async function servePxe(): Promise<void> {
    await lab.inServer(SERVER, ['mkdir', '-p', PXE_FOLDER])
    const into = (name: string): string => `/proc/${lab.labServer(SERVER).init.pid}/root${PXE_FOLDER}/${name}`
    await lab.run(['cp', media.kernel, into('kernel')])
    await lab.run(['cp', media.initrd, into('initrd')])
    writeFileSync(
      into('boot.ipxe'),
      '#!ipxe\nkernel kernel console=ttyS0 quiet panic=1 from=the-network\ninitrd initrd\nboot\n'
    )
    await lab.inServer(SERVER, ['chmod', '-R', 'a+rX', PXE_FOLDER])
    writeFileSync(
      into('network.xml'),
      `<network><name>${PXE_NETWORK}</name><bridge name='virbr-pxe'/><ip address='192.168.177.1' netmask='255.255.255.0'>` +
        `<tftp root='${PXE_FOLDER}'/><dhcp><range start='192.168.177.10' end='192.168.177.90'/><bootp file='boot.ipxe'/></dhcp></ip></network>`
    )
    await virsh('net-create', `${PXE_FOLDER}/network.xml`)
  }

  async function removeMachines(): Promise<void> {
    for (const name of await machines()) {
      await lab.inServer(SERVER, ['virsh', 'destroy', name], { check: false })
      await lab.inServer(SERVER, ['virsh', 'undefine', name, '--nvram'], { check: false })
    }
    await lab.inServer(SERVER, ['bash', '-c', `rm -f ${FOLDER}/${PREFIX}*`])
    await lab.inServer(SERVER, ['virsh', 'pool-refresh', POOL], { check: false })
  }

  const specOf = (change: Partial<MachineSpec> = {}): MachineSpec => ({
    vmUuid: randomUUID() as VmUuid,
    name: `${PREFIX}${randomUUID().slice(0, 6)}`,
    source: { kind: 'none' },
    os: 'linux',
    firmware: null,
    emulated: !lab.labState().kvm,
    vcpus: 1,
    memoryBytes: 256 * MIB,
    disk: { poolUuid, sizeBytes: 64 * MIB, format: 'qcow2', allocation: 'thin' },
    network: { kind: 'network', name: 'default' },
    mac: null,
    start: true,
    autostart: false,
    ...change
  })
  const requestOf = (spec: MachineSpec, xml: string | null = null): CreateRequest => ({
    serverId: server.record.id,
    spec,
    xml
  })
  const create = (
    spec: MachineSpec,
    options: { signal?: AbortSignal; onProgress?: (progress: CreateProgress) => void; xml?: string } = {}
  ) =>
    handlers['machines.create'](requestOf(spec, options.xml ?? null), {
      signal: options.signal ?? AbortSignal.timeout(120_000),
      progress: options.onProgress ?? (() => undefined)
    })

  const isRunning = async (spec: MachineSpec): Promise<boolean> =>
    (await virsh('domstate', spec.vmUuid)).trim() === 'running'
  async function expectShownRunning(spec: MachineSpec): Promise<void> {
    expect(await isRunning(spec)).toBe(true)
    await lab.eventually(
      'it is shown running',
      () => server.machines.view(spec.vmUuid)?.state === 'running',
      10_000
    )
  }
  const volume = (name: string) => ({ poolUuid, name })

  it('boots an installer from an ISO', async () => {
    const spec = specOf({ source: { kind: 'iso', volume: volume('lab.iso') } })
    expect(await create(spec)).toMatchObject({ vmUuid: spec.vmUuid, started: true })
    await expectShownRunning(spec)
    await askGuest(spec.vmUuid, 'true')
    const made = (await filesOfPool()).filter((file) => !filesBefore.includes(file))
    expect(made).toEqual([`${spec.name}-${spec.vmUuid.slice(0, 8)}.qcow2`])
    const xml = await virsh('dumpxml', spec.vmUuid)
    expect(xml).toContain("<stats period='10'/>")
    expect(xml).toContain("listen='127.0.0.1'")
    expect(xml).toContain('org.qemu.guest_agent.0')
  })

  it('boots a copy of a cloud image with a seed that the guest reads', async () => {
    const spec = specOf({
      source: {
        kind: 'cloudImage',
        volume: volume('lab-cloud.qcow2'),
        copy: 'backing',
        seed: {
          hostName: 'web-04',
          user: { kind: 'fields', name: 'ops', password: 'canary-Pa55', sshKeys: ['ssh-ed25519 AAAAC3 a@b'] },
          network: { kind: 'static', address: '192.168.122.77/24', gateway: '192.168.122.1', nameServers: [] }
        }
      },
      disk: { poolUuid, sizeBytes: 512 * MIB, format: 'qcow2', allocation: 'thin' }
    })
    await create(spec)
    await expectShownRunning(spec)
    const userData = await askGuest(spec.vmUuid, 'cat /seed/user-data')
    expect(userData).toContain('name: "ops"')
    expect(userData).toMatch(/passwd: "\$6\$/)
    expect(await askGuest(spec.vmUuid, 'cat /seed/meta-data')).toContain(spec.vmUuid)
    expect(await askGuest(spec.vmUuid, 'cat /seed/network-config')).toContain('192.168.122.77/24')
    const disk = `${FOLDER}/${spec.name}-${spec.vmUuid.slice(0, 8)}.qcow2`
    const { stdout } = await lab.inServer(SERVER, ['qemu-img', 'info', '-U', '--output=json', disk])
    const about = JSON.parse(stdout) as Record<string, unknown>
    expect(about['virtual-size']).toBe(512 * MIB)
    expect(about['full-backing-filename'] ?? about['backing-filename']).toBe(`${FOLDER}/lab-cloud.qcow2`)
    // The password went nowhere: not to the server, not into the journal, not into the console's file.
    expect(userData).not.toContain('canary-Pa55')
    expect(JSON.stringify(console_.storage.journal)).not.toContain('canary-Pa55')
    expect(JSON.stringify(console_.storage.journal)).not.toContain('$6$')
    for (const blob of console_.storage.blobs.values())
      expect(Buffer.from(blob).toString()).not.toMatch(/canary|\$6\$/)
  })

  it('boots a full copy that has its own size and needs no image', async () => {
    const spec = specOf({
      source: { kind: 'cloudImage', volume: volume('lab-cloud.qcow2'), copy: 'full', seed: null },
      disk: { poolUuid, sizeBytes: 512 * MIB, format: 'raw', allocation: 'thin' }
    })
    await create(spec)
    await expectShownRunning(spec)
    await askGuest(spec.vmUuid, 'true')
    const disk = `${FOLDER}/${spec.name}-${spec.vmUuid.slice(0, 8)}.img`
    const { stdout } = await lab.inServer(SERVER, ['qemu-img', 'info', '-U', '--output=json', disk])
    expect(JSON.parse(stdout)).toMatchObject({ 'virtual-size': 512 * MIB, format: 'raw' })
    expect(stdout).not.toContain('backing')
  })

  it('boots from the network what a server there offers', async () => {
    await servePxe()
    try {
      const spec = specOf({
        source: { kind: 'network' },
        network: { kind: 'network', name: PXE_NETWORK }
      })
      await create(spec)
      await expectShownRunning(spec)
      expect(await virsh('dumpxml', spec.vmUuid)).toMatch(
        /<interface[\s\S]*<boot order='2'\/>[\s\S]*<\/interface>/
      )
      // Kernel and system came over the network: the disk is empty.
      expect(await askGuest(spec.vmUuid, 'cat /proc/cmdline')).toContain('from=the-network')
    } finally {
      await removeMachines()
      await virsh('net-destroy', PXE_NETWORK)
      await lab.inServer(SERVER, ['rm', '-rf', PXE_FOLDER])
    }
  })

  it('takes an existing disk, but none that a machine has', async () => {
    await lab.inServer(SERVER, ['cp', `${FOLDER}/lab-cloud.qcow2`, `${FOLDER}/${PREFIX}disk.qcow2`])
    await virsh('pool-refresh', POOL)
    const source = { kind: 'existingDisk', volume: volume(`${PREFIX}disk.qcow2`) } as const
    const spec = specOf({ source, disk: null })
    await create(spec)
    await expectShownRunning(spec)
    await askGuest(spec.vmUuid, 'true')
    const second = specOf({ source, disk: null })
    const plan = await handlers['machines.createPlan'](requestOf(second), {
      signal: AbortSignal.timeout(30_000)
    })
    expect(plan.checks.filter(({ state }) => state === 'fail')).toMatchObject([
      { id: 'source', reason: 'inUse', params: { machines: spec.name } }
    ])
    await expect(create(second)).rejects.toMatchObject({ code: 'createRefused', params: { reason: 'inUse' } })
    // Taken back, the disk stays: it was there before.
    expect(await filesOfPool()).toContain(`${PREFIX}disk.qcow2`)
  })

  it('makes a machine with UEFI, and secure boot where the server has the firmware', async () => {
    const options = await handlers['machines.createOptions'](
      { serverId: server.record.id },
      { signal: AbortSignal.timeout(30_000) }
    )
    const firmware = options.firmwares.includes('uefiSecure') ? 'uefiSecure' : null
    if (firmware === null) {
      await expect(create(specOf({ os: 'windows11' }))).rejects.toMatchObject({
        code: 'createRefused',
        params: { check: 'firmware', reason: 'missing' }
      })
      return
    }
    const spec = specOf({
      os: 'windows11',
      disk: { poolUuid, sizeBytes: 64 * MIB, format: 'raw', allocation: 'full' }
    })
    const plan = await handlers['machines.createPlan'](requestOf(spec), {
      signal: AbortSignal.timeout(30_000)
    })
    expect(options.tpm).toBe(true)
    expect(plan.xml).toContain("<tpm model='tpm-crb'>")
    await create(spec)
    await expectShownRunning(spec)
    expect(await firmwareFiles(spec)).not.toEqual([])
    const xml = await virsh('dumpxml', spec.vmUuid)
    expect(xml).toMatch(/secure='yes'/)
    expect(xml).toContain("<clock offset='localtime'>")
    const size = await lab.inServer(SERVER, ['bash', '-c', `du -B1 ${FOLDER}/${spec.name}-*.img | cut -f1`])
    expect(Number(size.stdout)).toBeGreaterThanOrEqual(64 * MIB)
  })

  it('says in libvirt’s words what is wrong with edited XML, and takes all back', async () => {
    const spec = specOf()
    const { xml } = await handlers['machines.createPlan'](requestOf(spec), {
      signal: AbortSignal.timeout(30_000)
    })
    const broken = xml.replace('<devices>', '<devices>\n    <disk type="nonsense"/>')
    await expect(create(spec, { xml: broken })).rejects.toMatchObject({
      code: 'createFailed',
      params: { step: 'define', undone: 'yes', stderr: expect.stringMatching(/disk|schema|valid/i) }
    })
    expect(await machines()).toEqual([])
    expect(await filesOfPool()).toEqual(filesBefore)
    const renamed = xml.replace(spec.vmUuid, randomUUID())
    await expect(create(spec, { xml: renamed })).rejects.toMatchObject({ code: 'createRefused' })
  })

  it('refuses a name that is taken and a memory that is not there, and changes nothing', async () => {
    const taken = lab.labServer(SERVER).guests[0]?.name ?? ''
    await expect(create(specOf({ name: taken }))).rejects.toMatchObject({
      params: { check: 'name', reason: 'taken' }
    })
    await expect(create(specOf({ memoryBytes: 2 ** 50 }))).rejects.toMatchObject({
      params: { check: 'memory', reason: 'moreThanHost' }
    })
    await expect(
      create(specOf({ disk: { poolUuid, sizeBytes: 2 ** 50, format: 'raw', allocation: 'full' } }))
    ).rejects.toMatchObject({ params: { check: 'space', reason: 'tooLittle' } })
    expect(await machines()).toEqual([])
    expect(await filesOfPool()).toEqual(filesBefore)
  })

  /** A create that goes through every step. */
  const wholeSpec = (): MachineSpec =>
    specOf({
      source: {
        kind: 'cloudImage',
        volume: volume('lab-cloud.qcow2'),
        copy: 'backing',
        seed: {
          hostName: 'x',
          user: { kind: 'fields', name: 'ops', password: 'pw', sshKeys: [] },
          network: { kind: 'automatic' }
        }
      },
      disk: { poolUuid, sizeBytes: 128 * MIB, format: 'qcow2', allocation: 'thin' }
    })
  const STEPS = ['check', 'disk', 'seed', 'define', 'start'] as const satisfies CreateStep[]

  describe('P16', () => {
    it.each(STEPS)('a create cancelled at “%s” leaves nothing', async (step) => {
      for (let attempt = 0; attempt < TRIES; attempt++) {
        const cancel = new AbortController()
        const spec = wholeSpec()
        const made = create(spec, {
          signal: cancel.signal,
          onProgress: (progress) => {
            // At once, or while the command is on its way.
            if (progress.step === step) setTimeout(() => cancel.abort(new AppError('cancelled')), attempt * 7)
          }
        })
        await made.catch((error: unknown) => expect(error).toBeInstanceOf(AppError))
        if (await made.then(() => true).catch(() => false)) continue // it was done before
        expect(await machines(), `${step} ${attempt}`).toEqual([])
        expect(await filesOfPool(), `${step} ${attempt}`).toEqual(filesBefore)
      }
      const done = await machines()
      expect(await filesOfPool()).toHaveLength(filesBefore.length + 2 * done.length)
    })

    it.each(STEPS)('a link cut at “%s” gives one whole machine, or nothing', async (step) => {
      for (let attempt = 0; attempt < TRIES; attempt++) {
        const spec = wholeSpec()
        let isCut = false
        const outcome = await create(spec, {
          onProgress: (progress) => {
            if (progress.step !== step || isCut) return
            isCut = true
            setTimeout(() => {
              for (const pid of lab.sshSessionPids(SERVER, 'op')) process.kill(pid, 'SIGKILL')
            }, attempt * 7)
          }
        }).then(
          () => 'made' as const,
          (error: unknown) => error
        )
        const found = (await machines()).filter((name) => name === spec.name)
        const files = (await filesOfPool()).filter((file) => file.includes(spec.vmUuid.slice(0, 8)))
        if (outcome === 'made') {
          expect(found).toEqual([spec.name])
          expect(files).toHaveLength(2)
          expect(await isRunning(spec)).toBe(true)
        } else {
          expect(outcome).toBeInstanceOf(AppError)
          expect(found, `${step} ${attempt}`).toEqual([])
          expect(files, `${step} ${attempt}`).toEqual([])
        }
        await removeMachines()
      }
    })

    it('a console that ended in between finds it at its next start: taken back, or finished', async () => {
      for (const [end, wanted] of [
        ['undo', 'define'],
        ['finish', 'start']
      ] as const) {
        const spec = specOf({ source: { kind: 'iso', volume: volume('lab.iso') } })
        // The console dies: nothing of it runs on, also not the taking back.
        let dies: (() => void) | undefined
        const dead = new Promise<void>((resolve) => (dies = resolve))
        void create(spec, {
          onProgress: ({ step }) => {
            if (step !== wanted && step !== 'undo') return
            dies?.()
            throw new DeadConsole()
          }
        }).catch(() => undefined)
        await dead
        await console_.close()
        const blobs = console_.storage.blobs
        console_ = startLabConsole(createHypervisor({ log: silentLog, clock: systemClock }), 5_000)
        for (const [name, value] of blobs) console_.storage.blobs.set(name, value)
        server = await console_.add({ server: SERVER, user: 'op' })
        await lab.eventually('libvirt answers', () => server.session !== null, 20_000)
        handlers = makeHandlers()
        const watching = handlers['machines.createUnfinished']({}, { signal: AbortSignal.timeout(30_000) })
        const ref = { serverId: server.record.id, vmUuid: spec.vmUuid }
        // The server was registered anew in this test: its id with it.
        const stored = JSON.parse(
          Buffer.from(console_.storage.blobs.get('create:unfinished') ?? []).toString()
        ) as { ref: { serverId: string } }[]
        for (const record of stored) record.ref.serverId = server.record.id
        console_.storage.blobs.set('create:unfinished', Buffer.from(JSON.stringify(stored)))
        const { value: list } = await watching[Symbol.asyncIterator]().next()
        expect(list).toMatchObject([{ ref, vmName: spec.name, canFinish: true, busy: false }])
        const context = { signal: AbortSignal.timeout(60_000), progress: () => undefined }
        if (end === 'undo') {
          await handlers['machines.createUndo'](ref, context)
          expect(await machines()).toEqual([])
          expect(await filesOfPool()).toEqual(filesBefore)
        } else {
          await handlers['machines.createFinish'](ref, context)
          await expectShownRunning(spec)
        }
        expect(console_.storage.blobs.has('create:unfinished')).toBe(false)
      }
    })
  })
})

/** Stands for a console that is gone: the record stays as it was. */
class DeadConsole extends Error {}
