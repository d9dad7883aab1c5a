import { beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import { openPlayedSession, type PlayedSession } from '../../../test/fakes/played-session.ts'

let played: PlayedSession
beforeEach(async () => {
  played = await openPlayedSession()
})

describe('acting', () => {
  let rows: unknown[]
  beforeEach(() => {
    rows = []
  })

  it('journals the exact command before it is sent, and its result', async () => {
    const { uuid } = played.domainAt(0)
    expect(await played.act('pause', uuid, rows)).toBe('done')
    expect(rows).toEqual([`virsh -c qemu:///system suspend ${uuid}`, [0, '']])
    expect(played.host.domains.find((domain) => domain.uuid === uuid)?.state).toBe('paused')
  })

  it.each([
    ['start', 'running'],
    ['resume', 'running'],
    ['forceOff', 'shutOff'],
    ['shutDown', 'shutOff'],
    ['pause', 'paused']
  ] as const)('has nothing to do to %s what is %s', async (action, state) => {
    const domain = played.domainAt(0)
    if (state === 'shutOff') played.host.act(domain, 'forceOff')
    if (state === 'paused') played.host.act(domain, 'pause')
    expect(await played.act(action, domain.uuid, rows)).toBe('already')
    expect(rows).toEqual([])
  })

  it('refuses what the state does not allow', async () => {
    const off = played.host.domains.find(({ state }) => state === 'shutOff')
    await expect(played.act('reboot', off?.uuid ?? '', rows)).rejects.toMatchObject({
      code: 'vmActionNotPossible',
      params: { state: 'shutOff' }
    })
    expect(rows).toEqual([])
  })

  it('does nothing to a VM that bears another name than the operator saw', async () => {
    const domain = played.domainAt(0)
    await expect(played.act('forceOff', domain.uuid, rows, 'old name')).rejects.toMatchObject({
      code: 'vmChanged'
    })
    expect(domain.state).toBe('running')
    expect(rows).toEqual([])
  })

  it('never takes a VM that is named like the UUID for the one with the UUID', async () => {
    const [target, impostor] = [played.domainAt(0), played.domainAt(1)]
    impostor.name = target.uuid
    expect(await played.act('forceOff', target.uuid, rows)).toBe('done')
    expect(impostor.state).toBe('running')
    const script = played.connection.scripts.findLast(({ lane }) => lane === 'run')?.script
    expect(script).toContain('domname')
  })

  it('knows a VM that is gone', async () => {
    await expect(
      played.act('start', '00000000-0000-4000-8000-000000000000', rows, 'x')
    ).rejects.toMatchObject({
      code: 'vmNotFound'
    })
  })

  it('takes a refusal for "already" when another was faster', async () => {
    const domain = played.domainAt(0)
    const run = played.connection.run.bind(played.connection)
    played.connection.run = (script, options) => {
      played.host.act(domain, 'forceOff')
      return run(script, options)
    }
    expect(await played.act('forceOff', domain.uuid, rows)).toBe('already')
    expect(rows[1]).toEqual([1, 'error: Requested operation is not valid: domain is not running'])
  })

  it('reads the state back when the answer is lost, and sends nothing twice', async () => {
    const domain = played.domainAt(0)
    played.connection.failRunsWith = new AppError('deadlineExceeded')
    expect(await played.act('forceOff', domain.uuid, rows)).toBe('done')
    expect(rows[1]).toEqual([null, ''])
    expect(played.connection.scripts.filter(({ script }) => script.includes('destroy'))).toHaveLength(1)
  })

  it('says so when the answer is lost and the state does not show it', async () => {
    played.connection.failRunsWith = new AppError('deadlineExceeded')
    await expect(played.act('reboot', played.domainAt(0).uuid, rows)).rejects.toMatchObject({
      code: 'deadlineExceeded'
    })
  })
})
