/** The whole window over the engine in memory, for tests: what a user would see and press. */
import { vi } from 'vitest'
import { createFakeEngine, type FakeEngine, type FakeEngineOptions } from './engine.ts'
import { createWindow } from '../../src-renderer/app/create-window.ts'
import { createRpc, type Rpc } from '../../src-renderer/app/rpc-provider.ts'

export interface TestWindow {
  readonly engine: FakeEngine
  readonly rpc: Rpc
  readonly root: HTMLElement
  /** Waits until it gives something other than null, false or undefined. */
  until<T>(look: () => T | null | false | undefined): Promise<T>
  /** The element with this role and accessible name (label, aria-label or text); waits for it. */
  role(role: string, name: string | RegExp): Promise<HTMLElement>
  press(key: string, target?: EventTarget): void
  type(input: HTMLElement, text: string): void
  close(): void
}

const SELECTORS: Readonly<Record<string, string>> = {
  button: 'button, [role="button"]',
  link: 'a',
  textbox: 'input[type="text"], input[type="password"], textarea',
  checkbox: '[role="checkbox"]',
  heading: 'h1, h2, h3'
}

/** The accessible name, well enough for tests. */
export function nameOf(element: Element): string {
  const label = element.getAttribute('aria-label')
  if (label !== null) return label
  const own = element.id === '' ? null : document.querySelector(`label[for="${CSS.escape(element.id)}"]`)
  return (own ?? element).textContent.replace(/\s+/g, ' ').trim()
}

export async function openWindow(options: FakeEngineOptions = {}, hash = '#/'): Promise<TestWindow> {
  window.location.hash = hash
  const engine = createFakeEngine(options)
  const rpc = createRpc(() => engine.connect())
  const root = document.createElement('div')
  root.id = 'app'
  document.body.append(root)
  const app = createWindow(rpc)
  app.mount(root)

  const until: TestWindow['until'] = (look) =>
    vi.waitFor(
      () => {
        const found = look()
        if (found === null || found === false || found === undefined)
          throw new Error(`not there: ${look.toString()}`)
        return found
      },
      { timeout: 10_000, interval: 20 }
    )
  return {
    engine,
    rpc,
    root,
    until,
    role: (role, name) =>
      until(() => {
        const all = [...document.querySelectorAll<HTMLElement>(SELECTORS[role] ?? `[role="${role}"]`)]
        const found = all.find((element) =>
          typeof name === 'string' ? nameOf(element) === name : name.test(nameOf(element))
        )
        if (found === undefined)
          throw new Error(`no ${role} ${String(name)} among: ${all.map(nameOf).join(' | ')}`)
        return found
      }),
    press(key, target = document.activeElement ?? document.body) {
      target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
    },
    type(input, text) {
      ;(input as HTMLInputElement).value = text
      input.dispatchEvent(new Event('input', { bubbles: true }))
    },
    close() {
      app.unmount()
      rpc.stop()
      engine.close()
      root.remove()
    }
  }
}
