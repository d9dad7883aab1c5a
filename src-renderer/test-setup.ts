/** For component tests: what the test DOM lacks. There is no canvas: option builders are tested apart. */
import { afterEach } from 'vitest'

// Reka's popovers measure and capture; nothing of it matters without a layout.
const absent = {
  scrollIntoView: () => undefined,
  hasPointerCapture: () => false,
  releasePointerCapture: () => undefined
}
for (const [name, method] of Object.entries(absent)) {
  if (!(name in Element.prototype))
    Object.defineProperty(Element.prototype, name, { value: method, configurable: true })
}
// Without a layout every box is empty, and a virtual list would show nothing.
Object.defineProperty(HTMLElement.prototype, 'clientHeight', { configurable: true, get: () => 600 })
Object.defineProperty(HTMLElement.prototype, 'clientWidth', { configurable: true, get: () => 1200 })
globalThis.requestIdleCallback ??= (callback) =>
  window.setTimeout(() => callback({ didTimeout: false, timeRemaining: () => 0 }), 0)
globalThis.cancelIdleCallback ??= (handle) => window.clearTimeout(handle)
globalThis.matchMedia ??= ((query: string) => ({
  matches: false,
  media: query,
  onchange: null,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
  dispatchEvent: () => false
})) as unknown as typeof matchMedia

afterEach(() => {
  document.body.innerHTML = ''
  localStorage.clear()
})
