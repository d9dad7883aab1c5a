import { describe, expect, it } from 'vitest'
import { OwnNetwork, type LinkNow } from './own-network.ts'

const online: LinkNow = { kind: 'answers' }
const other: LinkNow = { kind: 'other' }
const lost = (sinceAtMs: number): LinkNow => ({ kind: 'lost', sinceAtMs })

function lookedAt(network: OwnNetwork, atMs: number, links: LinkNow[], newestValueMs: number | null = null) {
  const look = network.look({ nowMs: atMs, monotonicMs: atMs, links, newestValueMs })
  return { ...look, lost: network.lost }
}

describe("the workstation's own network", () => {
  it('is lost when all that was online goes at once, and back with the first that answers', () => {
    const network = new OwnNetwork()
    expect(lookedAt(network, 0, [online, online, online]).lost).toBeNull()
    expect(lookedAt(network, 5_000, [lost(4_000), online, online]).lost).toBeNull()
    expect(lookedAt(network, 10_000, [lost(4_000), lost(7_000), lost(9_000)]).lost).toEqual({
      sinceAtMs: 4_000
    })
    expect(lookedAt(network, 15_000, [lost(4_000), online, lost(9_000)]).lost).toBeNull()
  })

  it('is not blamed for a single server, nor for servers that go one after another', () => {
    const network = new OwnNetwork()
    expect(lookedAt(network, 5_000, [lost(4_000)]).lost).toBeNull()
    expect(lookedAt(network, 5_000, [lost(4_000), other]).lost).toBeNull()
    expect(lookedAt(new OwnNetwork(), 300_000, [lost(4_000), lost(290_000)]).lost).toBeNull()
  })

  it('is blamed for the rest when one server was off long before', () => {
    const links = [lost(4_000), lost(295_000), lost(298_000)]
    expect(lookedAt(new OwnNetwork(), 300_000, links).lost).toEqual({ sinceAtMs: 295_000 })
  })

  it('is not trusted after a sleep until a server answers', () => {
    const network = new OwnNetwork()
    network.look({ nowMs: 0, monotonicMs: 0, links: [online], newestValueMs: 0 })
    const slept = { nowMs: 3_600_000, monotonicMs: 5_000, links: [online], newestValueMs: 1_000 }
    expect(network.look(slept)).toEqual({ resumed: true })
    expect(network.lost).toEqual({ sinceAtMs: 0 })
    network.look({ ...slept, nowMs: 3_605_000, monotonicMs: 10_000 })
    expect(network.lost).not.toBeNull()
    network.look({ ...slept, nowMs: 3_610_000, monotonicMs: 15_000, newestValueMs: 12_000 })
    expect(network.lost).toBeNull()
  })

  it('is trusted again some minutes after a sleep when the only server stays away', () => {
    const network = new OwnNetwork()
    network.look({ nowMs: 0, monotonicMs: 0, links: [online], newestValueMs: 0 })
    for (let monotonicMs = 5_000; monotonicMs <= 130_000; monotonicMs += 5_000)
      network.look({
        nowMs: 3_600_000 + monotonicMs,
        monotonicMs,
        links: [lost(3_600_000)],
        newestValueMs: 0
      })
    expect(network.lost).toBeNull()
  })

  it('takes a machine whose monotonic clock ran on in its sleep for asleep too; a clock set back is nothing', () => {
    const network = new OwnNetwork()
    lookedAt(network, 0, [online], 0)
    expect(lookedAt(network, 600_000, [online], 0).resumed).toBe(true)
    const stepped = new OwnNetwork()
    lookedAt(stepped, 7_200_000, [online], 0)
    expect(
      stepped.look({ nowMs: 3_600_000, monotonicMs: 7_205_000, links: [online], newestValueMs: 1 })
    ).toEqual({ resumed: false })
    expect(stepped.lost).toBeNull()
  })
})
