/** Starts the built console in browser mode and a real Chromium on it; collects everything the page complains about. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { chromium, type Browser, type ConsoleMessage, type Page } from 'playwright-core'

const root = resolve(import.meta.dirname, '../..')
/** git ignores it. */
export const SCREENSHOTS = join(root, 'test-results', 'screenshots')
const READY = /Virthelm is ready at (\S+)/
const READY_DEADLINE_MS = 30_000
const END_DEADLINE_MS = 10_000

export interface ConsoleProcess {
  readonly address: string
  readonly dataFolder: string
  readonly process: ChildProcess
  /** Ends it as an operator would (SIGTERM) and gives its exit code. */
  stop(): Promise<number | null>
}

/** @param args options of the web entry, beside --no-open, --port and --data-dir */
export async function startConsole(args: readonly string[], dataFolder?: string): Promise<ConsoleProcess> {
  const folder = dataFolder ?? (await mkdtemp(join(tmpdir(), 'virthelm-e2e-')))
  const child = spawn(
    process.execPath,
    [join(root, 'out/main/web.js'), '--no-open', '--port', '0', '--data-dir', folder, ...args],
    { stdio: ['pipe', 'pipe', 'pipe'] }
  )
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const exited = new Promise<number | null>((done) => child.once('exit', done))
  const address = await new Promise<string>((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`not ready in time: ${errors}`)), READY_DEADLINE_MS)
    void exited.then((code) => fail(new Error(`ended with ${String(code)}: ${errors}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const match = READY.exec(line)
      if (!match?.[1]) return
      clearTimeout(timer)
      done(match[1])
    })
  })
  return {
    address,
    dataFolder: folder,
    process: child,
    async stop() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), END_DEADLINE_MS)
      const code = await exited
      clearTimeout(timer)
      return code
    }
  }
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync'
    ]
  })
}

export interface Look {
  readonly width: number
  readonly height: number
  readonly theme: 'dark' | 'light'
}

export const LOOKS: readonly Look[] = [
  { width: 1440, height: 900, theme: 'dark' },
  { width: 1440, height: 900, theme: 'light' },
  { width: 1024, height: 700, theme: 'dark' },
  { width: 1024, height: 700, theme: 'light' }
]

export interface Watched {
  readonly page: Page
  /** Errors of the page's console and uncaught exceptions, in order. */
  readonly complaints: string[]
}

export async function openPage(
  browser: Browser,
  address: string,
  look: Look = LOOKS[0] as Look
): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width: look.width, height: look.height },
    colorScheme: look.theme,
    acceptDownloads: true,
    reducedMotion: 'reduce'
  })
  context.setDefaultTimeout(15_000)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return
    if (!isNoVncsReading(message)) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(address)
  return { page, complaints }
}

/** noVNC saves its picture by reading it whenever the display's size changes, and Chromium remarks on the second time. */
function isNoVncsReading(message: ConsoleMessage): boolean {
  return message.text().includes('willReadFrequently') && message.location().url.includes('/guarded-rfb-')
}

/** One picture per theme and size: `<name>-<theme>-<width>.png`. */
export async function photograph(page: Page, name: string): Promise<void> {
  await mkdir(SCREENSHOTS, { recursive: true })
  for (const { width, height, theme } of LOOKS) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width, height })
    // Two frames, so that charts have taken the new size.
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
    await page.screenshot({ path: join(SCREENSHOTS, `${name}-${theme}-${width}.png`) })
  }
  const first = LOOKS[0] as Look
  await page.emulateMedia({ colorScheme: first.theme, reducedMotion: 'reduce' })
  await page.setViewportSize({ width: first.width, height: first.height })
}
