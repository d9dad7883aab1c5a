import { beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import { VmUuid } from '#contract/ids.ts'
import { createPlayedConnection } from '../../../test/fakes/played-connection.ts'
import { openPlayedSession, type PlayedSession } from '../../../test/fakes/played-session.ts'
import { createVirshPlayer } from '../../demo/virsh-player.ts'

const signal = new AbortController().signal
let played: PlayedSession
beforeEach(async () => {
  played = await openPlayedSession()
})

describe('opening', () => {
  it('tells versions and rights', () => {
    expect(played.session.libvirtVersion).toBe(played.host.libvirt?.libvirtVersion)
    expect(played.session.hypervisorVersion).toContain('QEMU')
    expect(played.session.capabilities).toEqual([
      { id: 'libvirt', works: true, cause: null, fix: null },
      { id: 'libvirtWrite', works: true, cause: null, fix: null }
    ])
  })

  it('takes a server without libvirt for what it is', async () => {
    const bare = createPlayedConnection(createVirshPlayer(Object.assign(played.host, { libvirt: null })))
    const failure: unknown = await played.hypervisor.open(bare, { signal }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'libvirtMissing' })
    expect(played.hypervisor.capabilitiesOf(failure)).toMatchObject([
      { id: 'libvirt', works: false, cause: 'toolMissing' },
      { id: 'libvirtWrite', works: false, cause: 'toolMissing' }
    ])
  })

  it('knows a daemon that is down, and one that does not answer', async () => {
    played.host.faults.libvirtDown = true
    await expect(played.hypervisor.open(played.connection, { signal })).rejects.toMatchObject({
      code: 'libvirtDaemonDown'
    })
    played.connection.failRunsWith = new AppError('deadlineExceeded')
    await expect(played.hypervisor.open(played.connection, { signal })).rejects.toMatchObject({
      code: 'libvirtDaemonDown'
    })
  })

  it.each([
    [
      'error: failed to connect to the hypervisor\nerror: authentication unavailable: no polkit agent',
      'libvirtDenied'
    ],
    ["error: Failed to connect socket to '/run/libvirt/libvirt-sock': Permission denied", 'libvirtDenied'],
    ['error: no connection driver available for qemu:///system', 'libvirtMissing'],
    ['error: something new', 'libvirtFailed']
  ])('words %s', async (message, code) => {
    const answer = `virthelm-probe read\n${message}\nvirthelm-probe write 1\n${message}\nvirthelm-probe end 1\n`
    const refused = { ...played.connection, run: async () => ({ exitCode: 0, stdout: answer, stderr: '' }) }
    await expect(played.hypervisor.open(refused, { signal })).rejects.toMatchObject({ code })
  })

  it('offers the one line that helps to an account that may only read', async () => {
    const answer = `virthelm-probe read\nUsing library: libvirt 9.0.0\nvirthelm-probe write 0\nerror: denied\nvirthelm-probe end 1\n`
    const readOnly = { ...played.connection, run: async () => ({ exitCode: 0, stdout: answer, stderr: '' }) }
    const opened = await played.hypervisor.open(readOnly, { signal })
    expect(opened.capabilities[1]).toEqual({
      id: 'libvirtWrite',
      works: false,
      cause: 'permissionDenied',
      fix: 'sudo usermod -aG libvirt "$USER"'
    })
  })
})

describe('list', () => {
  it('shows every domain as the server has it', async () => {
    const listed = await played.session.list(signal)
    expect(listed).toEqual(
      played.host.domains.map(
        ({ uuid, name, state, stateReason, autostart, persistent, vcpus, memoryMaxBytes, profile }) => ({
          uuid,
          name,
          state,
          stateReason,
          autostart,
          persistent,
          hasSnapshot: false,
          hasSavedState: false,
          needsShutdown: false,
          isProtected: false,
          tags: profile.tags ?? [],
          vcpus,
          memoryMaxBytes,
          template: false
        })
      )
    )
  })

  it('reads the XML of a domain once, and again after an event about it', async () => {
    const dumps = () => played.connection.sent.filter(({ line }) => line.includes('dumpxml')).length
    await played.session.list(signal)
    expect(dumps()).toBe(1)
    await played.session.list(signal)
    expect(dumps()).toBe(1)
    played.host.act(played.domainAt(0), 'pause')
    await played.session.list(signal)
    expect(dumps()).toBe(2)
  })

  it.each(['$(id)', `it's "q" <b>`, '-H', '12', ' lead and trail ', 'a; quit', 'ünï'])(
    'takes the name %s for a name',
    async (name) => {
      played.domainAt(0).name = name
      const listed = await played.session.list(signal)
      expect(listed.map((machine) => machine.name)).toContain(name)
      expect(listed.find((machine) => machine.name === name)?.state).toBe('running')
    }
  )
})

describe('events', () => {
  it('tell of a change outside within 100 ms, and of a burst once', async () => {
    await played.clock.advance(1_000)
    let changes = 0
    played.session.onChange(() => changes++)
    played.host.act(played.domainAt(0), 'forceOff')
    played.host.act(played.domainAt(0), 'pause')
    await played.clock.advance(100)
    expect(changes).toBe(1)
  })

  it('are taken up again after they ended, and the list is read anew', async () => {
    await played.clock.advance(1_000)
    let changes = 0
    played.session.onChange(() => changes++)
    const lanes = () => played.connection.scripts.filter(({ lane }) => lane === 'virsh-event').length
    expect(lanes()).toBe(1)
    played.connection.endLane('virsh-event')
    await played.clock.advance(500)
    expect(lanes()).toBe(2)
    await played.clock.advance(1_000)
    expect(changes).toBe(1)
  })

  it('end with the session', async () => {
    await played.clock.advance(0)
    played.session.close()
    await played.clock.advance(60_000)
    expect(played.connection.openLanes).toEqual([])
  })
})

describe('the end', () => {
  it('comes with the daemon', async () => {
    await played.session.list(signal)
    played.host.faults.libvirtDown = true
    await expect(played.session.stats('fast', signal)).rejects.toMatchObject({ code: 'libvirtDaemonDown' })
    await played.session.closed
    await expect(played.session.list(signal)).rejects.toMatchObject({ code: 'disconnected' })
  })

  it('comes with the connection', async () => {
    played.connection.close()
    await played.session.closed
  })

  it('does not come with a write that is refused', async () => {
    const refused = 'error: access denied by policy\n'
    played.connection.run = async () => ({ exitCode: 1, stdout: refused, stderr: '' })
    await expect(played.act('pause', played.domainAt(0).uuid)).rejects.toMatchObject({
      code: 'libvirtDenied'
    })
    expect(await played.session.list(signal)).toHaveLength(played.host.domains.length)
  })
})

describe('detail', () => {
  it('has the devices, with the space of the last full round', async () => {
    const domain = played.domainAt(0)
    await played.session.stats('full', signal)
    const detail = await played.session.detail(VmUuid.parse(domain.uuid), signal)
    expect(detail.disks[0]).toMatchObject({
      target: domain.disks[0]?.target,
      capacityBytes: domain.disks[0]?.capacityBytes
    })
    expect(detail.disks[0]?.allocationBytes).toBeGreaterThan(0)
    expect(detail.interfaces[0]?.mac).toBe(domain.interfaces[0]?.mac)
  })
})
