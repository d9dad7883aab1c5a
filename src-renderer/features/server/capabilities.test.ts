/** What a server cannot tell: the panel that says why, and that no value anywhere is missing without its reason. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Capability, ServerView } from '#contract/servers.ts'
import { CapabilityId } from '#contract/vocabulary.ts'
import { makeServer, manyServers } from '../../../test/fakes/engine-model.ts'
import { noFacts } from '../../../test/fakes/engine-parts.ts'
import { openWindow, type TestWindow } from '../../../test/fakes/window.ts'

vi.setConfig({ testTimeout: 30_000 })

let view: TestWindow | undefined
afterEach(() => {
  view?.close()
  view = undefined
  localStorage.clear()
})

const FIX = 'sudo usermod -aG adm "$USER"'
const refused = (id: Capability['id']): Capability => ({
  id,
  works: false,
  cause: 'permissionDenied',
  fix: FIX,
  checkedAtMs: Date.now()
})
/** Connected, and not one value can be had. */
const tellsNothing = (server: ServerView): ServerView => ({
  ...server,
  record: { ...server.record, location: '', tags: [] },
  facts: noFacts,
  capabilities: CapabilityId.options.map(refused),
  machinesRunning: null,
  machinesTotal: null,
  now: server.now && {
    ...(Object.fromEntries(Object.keys(server.now).map((key) => [key, null])) as unknown as NonNullable<
      ServerView['now']
    >),
    atMs: server.now.atMs,
    gpus: []
  }
})

/** Dashes that do not say why, and cells with nothing in them. */
function blanks(): string[] {
  const found: string[] = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (node.nodeValue?.trim() !== '—') continue
    const reason = node.parentElement?.closest('[data-tip]')?.getAttribute('data-tip') ?? ''
    if (reason === '') found.push(`— in ${node.parentElement?.parentElement?.outerHTML.slice(0, 200) ?? ''}`)
  }
  for (const cell of document.querySelectorAll('[role="gridcell"], td, dd')) {
    if (
      cell.textContent.trim() === '' &&
      cell.querySelector('button, svg, input, [role="meter"], [role="img"][aria-label]') === null
    )
      found.push(`empty ${cell.outerHTML.slice(0, 200)}`)
  }
  return found
}
const missingShown = (): number => document.querySelectorAll('.sr-only').length
const text = (): string => document.body.textContent.replace(/\s+/g, ' ')
/** The in-memory engine makes the same fleet each time. */
const ID = manyServers(1).map((plan) => makeServer(plan, 0, Date.now()).view.record.id)[0] ?? ''

async function openOn(hash: string): Promise<TestWindow> {
  view = await openWindow({ fleet: 1 }, hash)
  view.engine.change(0, tellsNothing)
  return view
}

describe('a server that tells nothing', () => {
  it('has no blank on its card', async () => {
    const window = await openOn('#/')
    await window.until(() => text().includes('no value: The login user may not read it.'))
    expect(blanks()).toEqual([])
    expect(missingShown()).toBeGreaterThan(5)
  })

  it('has no blank in the table, with all its columns', async () => {
    localStorage.setItem('virthelm.fleet.hiddenColumns', '-')
    const window = await openOn('#/')
    ;(await window.role('button', 'Table')).click()
    await window.role('grid', 'Servers')
    await window.until(() => text().includes('no value: The login user may not read it.'))
    for (const column of ['Users', 'Failed units', 'Updates', 'Checked', 'Address', 'Location', 'Uptime'])
      expect(text()).toContain(column)
    expect(blanks()).toEqual([])
  })

  it.each(['overview', 'machines', 'facts'])('has no blank on its page: %s', async (tab) => {
    const window = await openOn(`#/servers/${ID}/${tab}`)
    await window.until(() => text().includes(`${CapabilityId.options.length} things cannot be read`))
    await window.until(() => tab !== 'facts' || document.querySelectorAll('dd').length > 15)
    expect(blanks()).toEqual([])
  })
})

describe('the panel', () => {
  it('shows cause and fix, offers sudo, and asks again', async () => {
    const window = await openOn(`#/servers/${ID}/facts`)
    await window.until(() => text().includes('Cannot be read'))
    const codes = [...document.querySelectorAll('code')].filter((code) => code.textContent === FIX)
    expect(codes).toHaveLength(CapabilityId.options.length)
    expect(text()).toContain('With sudo switched on for this server')
    const longAgo = Date.now() - 3_600_000
    window.engine.change(0, (server) => ({
      ...server,
      capabilities: server.capabilities.map((each) => ({ ...each, checkedAtMs: longAgo }))
    }))
    await window.until(() => text().includes('checked 1 h ago'))
    ;(await window.role('button', 'Check again')).click()
    await window.until(() => !text().includes('checked 1 h ago'))
  })

  it('says in a sentence that all is well, and what the server has not', async () => {
    view = await openWindow({ fleet: 1 }, `#/servers/${ID}/facts`)
    view.engine.change(0, (server) => ({
      ...server,
      capabilities: [
        { id: 'host', works: true, cause: null, fix: null },
        { id: 'gpu', works: false, cause: 'notPresent', fix: null }
      ]
    }))
    await view.until(() => text().includes('Everything this server has can be read.'))
    expect(text()).toContain('Not on this server, or off by choice · 1')
    expect(text()).not.toContain('cannot be read')
  })
})

describe('the columns of the fleet’s table', () => {
  it('are chosen, and stay chosen', async () => {
    view = await openWindow({ fleet: 2 })
    ;(await view.role('button', 'Table')).click()
    await view.role('grid', 'Servers')
    const heads = (): string[] =>
      [...document.querySelectorAll('[role="columnheader"]')].map((head) => head.textContent.trim())
    expect(heads()).toContain('Users')
    expect(heads()).not.toContain('Address')
    localStorage.setItem('virthelm.fleet.hiddenColumns', 'users')
    view.close()
    view = await openWindow({ fleet: 2 })
    ;(await view.role('button', 'Table')).click()
    await view.role('grid', 'Servers')
    expect(heads()).toContain('Address')
    expect(heads()).not.toContain('Users')
  })
})
