/** The History tab over the engine in memory: what an operator sees when all is well, and when it is not. */
import { AppError } from '#contract/errors.ts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeServer, manyServers, NINE_SERVERS } from '../../../test/fakes/engine-model.ts'
import { openWindow, type TestWindow } from '../../../test/fakes/window.ts'

vi.setConfig({ testTimeout: 30_000 })
vi.mock('../../charts/engine.ts', () => ({
  openChart: () => ({ draw: () => undefined, resize: () => undefined, dispose: () => undefined })
}))

let view: TestWindow | undefined
beforeEach(() => {
  localStorage.clear()
  // No DOM double lays anything out: every box is 800 pixels wide.
  class Observer {
    readonly callback: (entries: unknown[]) => void
    constructor(callback: (entries: unknown[]) => void) {
      this.callback = callback
    }
    observe(): void {
      this.callback([{ contentRect: { width: 800 }, isIntersecting: true }])
    }
    unobserve = (): void => undefined
    disconnect = (): void => undefined
  }
  vi.stubGlobal('ResizeObserver', Observer)
  vi.stubGlobal('IntersectionObserver', class extends Observer {})
})
afterEach(() => {
  view?.close()
  view = undefined
  vi.unstubAllGlobals()
})

const text = (): string => document.body.textContent.replace(/\s+/g, ' ')
const alerts = (): string[] =>
  [...document.querySelectorAll('[role="alert"]')].map((element) => element.textContent)

/** The first server of a made-up fleet, which is made alike each time. */
const firstOf = (plans: typeof NINE_SERVERS) => {
  const [plan] = plans
  if (plan === undefined) throw new Error('no server')
  return makeServer(plan, 0, Date.now())
}
const serverId = firstOf(manyServers(3)).view.record.id

/** `before` may change what the engine answers. */
async function openHistory(
  query = '',
  before: (opened: TestWindow) => void = () => undefined
): Promise<TestWindow> {
  const opened = await openWindow({ fleet: 3 }, `#/servers/${serverId}/history${query}`)
  view = opened
  before(opened)
  await opened.until(() => document.querySelector('[aria-label="Series shown"]'))
  return opened
}

describe('the History tab', () => {
  it('shows the usual series, and writes them into the address, to be copied', async () => {
    const opened = await openHistory()
    await opened.role('button', /^CPU used/)
    await opened.until(() => window.location.hash.includes('s=0~cpuUsedRatio~server~~'))
    expect(window.location.hash).toContain('range=hour')
  })

  it('takes nothing from an address that is not sound', async () => {
    const opened = await openHistory('?s=0~cpuUsedRatio~server~~&s=0~evil~server~~&s=x&range=for-ever')
    await opened.role('button', /^CPU used/)
    expect(document.querySelectorAll('[aria-label="Series shown"] > li')).toHaveLength(1)
  })

  it('says what could not be read, part by part, and reads it again when asked', async () => {
    let fails = true
    const opened = await openHistory('', ({ engine }) => {
      const original = engine.handlers['history.statistics']
      vi.spyOn(engine.handlers, 'history.statistics').mockImplementation(async (query, context) => {
        if (fails) throw new AppError('deadlineExceeded', { retryable: true })
        return original(query, context)
      })
    })
    await opened.until(() => alerts().length === 1)
    // The chart is not concerned.
    await opened.role('button', /^CPU used/)
    fails = false
    ;(await opened.role('button', 'Try again')).click()
    await opened.role('grid', 'Statistics')
    expect(alerts()).toEqual([])
  })

  it('says what median and p95 are of, where it is not the samples', async () => {
    const opened = await openHistory('', ({ engine }) => {
      const original = engine.handlers['history.statistics']
      vi.spyOn(engine.handlers, 'history.statistics').mockImplementation(async (query, context) => {
        const { statistics } = await original(query, context)
        return { statistics: statistics.map((each) => ({ ...each, basis: 'hourMeans' as const })) }
      })
    })
    await opened.until(() => text().includes('Median and p95 are of the means of each hour'))
  })

  it('says when retention has taken the finer rows', async () => {
    const opened = await openHistory('?panel=rows&level=raw', ({ engine }) => {
      const original = engine.handlers['history.rowsPage']
      vi.spyOn(engine.handlers, 'history.rowsPage').mockImplementation(async (query, context) => ({
        ...(await original(query, context)),
        level: 'hour'
      }))
    })
    await opened.until(() =>
      text().includes('There are no raw values of this time any more; these are means of hours.')
    )
  })

  it('with nothing chosen says how to choose', async () => {
    const opened = await openHistory('?s=')
    await opened.role('heading', 'Nothing is chosen')
  })
})

describe('collecting of a machine', () => {
  it('stops after it was said what that means, is marked, and starts again', async () => {
    const [machine] = firstOf(NINE_SERVERS).machines
    if (machine === undefined) throw new Error('no machine')
    const opened = await openWindow({}, `#/servers/${machine.ref.serverId}/vm/${machine.ref.vmUuid}/history`)
    view = opened
    await opened.role('heading', machine.name)
    const menu = async (): Promise<void> => {
      const button = await opened.role('button', `Actions for ${machine.name}`)
      button.focus()
      opened.press('Enter', button)
    }
    await menu()
    ;(await opened.role('menuitem', 'Stop collecting')).click()
    await opened.until(() => text().includes('They are shown as before, but not kept'))
    ;(await opened.role('button', 'Stop collecting')).click()
    await opened.until(() => text().includes('not collected'))
    await menu()
    ;(await opened.role('menuitem', 'Start collecting')).click()
    await opened.until(() => !text().includes('not collected'))
  })
})
