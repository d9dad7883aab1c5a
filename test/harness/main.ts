/**
 * The window over the in-memory engine, for looking at it: /?fleet=nine|trouble|empty|100&theme=light&demo=1&view=table.
 * `window.engine` steers it. Not shipped.
 */
import '@fontsource-variable/inter'
import '@fontsource-variable/jetbrains-mono'
import '../../src-renderer/app/style.css'
import { createWindow } from '../../src-renderer/app/create-window.ts'
import { createRpc } from '../../src-renderer/app/rpc-provider.ts'
import { createFakeEngine, type FakeEngine, type FakeEngineOptions } from '../fakes/engine.ts'

declare global {
  interface Window {
    engine: FakeEngine
  }
}

const query = new URLSearchParams(location.search)
const fleet = query.get('fleet') ?? 'nine'
const count = Number(fleet)
const theme = query.get('theme')
const engine = createFakeEngine({
  fleet: count > 0 ? count : (fleet as NonNullable<FakeEngineOptions['fleet']>),
  demo: query.get('demo') === '1',
  validateOutputs: !(count > 0),
  journal: Number(query.get('journal') ?? 40),
  alerts:
    Number(query.get('alerts')) > 0
      ? Number(query.get('alerts'))
      : query.get('alerts') === 'some'
        ? 'some'
        : 'none',
  settings: {
    theme: theme === 'light' || theme === 'dark' ? theme : 'system',
    fleetView: query.get('view') === 'table' ? 'table' : 'cards'
  }
})
window.engine = engine
createWindow(
  createRpc(() => (query.get('lost') === '1' ? Promise.reject(new Error('lost')) : engine.connect()))
).mount('#app')

// Servers tick one after another, as real ones do.
let next = 0
setInterval(
  () => {
    if (engine.servers.length > 0) engine.tickOne(next++ % engine.servers.length)
  },
  5_000 / Math.max(1, engine.servers.length)
)
