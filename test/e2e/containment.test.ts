/**
 * A compromised window (P18): a script in the page tries to get out, in a real Chromium under the console's own policy.
 * Each attack leaves a mark when it works: a hit on a server of another origin, a file, or a text that it must not see.
 * (Navigation and new windows are the desktop's to refuse: src-main/entry/electron.test.ts.)
 */
import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, openPage, removeFolder, startConsole, type ConsoleProcess } from './harness.ts'

const SECRET = 'canary-7f3a-content-of-a-file'

let browser: Browser
let running: ConsoleProcess
let page: Page
let canary: Server
let canaryUrl: string
const hits: string[] = []

beforeAll(async () => {
  browser = await launchBrowser()
  running = await startConsole(['--demo'])
  canary = createServer((request, response) => {
    hits.push(request.url ?? '')
    response.writeHead(200, { 'Access-Control-Allow-Origin': '*', 'Content-Type': 'text/javascript' })
    response.end('export default 1')
  })
  canary.on('upgrade', (request, socket) => {
    hits.push(request.url ?? '')
    socket.destroy()
  })
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve))
  canaryUrl = `http://127.0.0.1:${(canary.address() as AddressInfo).port}`
  page = (await openPage(browser, running.address)).page
  await page.getByRole('navigation', { name: 'Pages' }).waitFor()
})
afterAll(async () => {
  await browser.close()
  canary.closeAllConnections()
  canary.close()
  expect(await running.stop()).toBe(0)
  await removeFolder(running.dataFolder)
})

/** Ways to reach another origin. Each is the body of an async function in the page, with `url` in scope. */
const WAYS_OUT: Record<string, string> = {
  fetch: `await fetch(url)`,
  'fetch without cors': `await fetch(url, { mode: 'no-cors' })`,
  XMLHttpRequest: `const x = new XMLHttpRequest(); x.open('GET', url); x.send(); await new Promise((r) => (x.onloadend = r))`,
  beacon: `navigator.sendBeacon(url, 'x')`,
  WebSocket: `const s = new WebSocket(url.replace('http', 'ws')); await new Promise((r) => (s.onclose = s.onerror = r))`,
  EventSource: `const s = new EventSource(url); await new Promise((r) => (s.onerror = r)); s.close()`,
  WebTransport: `await new WebTransport(url.replace('http:', 'https:')).ready`,
  image: `const e = new Image(); e.src = url; await loaded(e)`,
  'image set': `const e = new Image(); e.srcset = url + ' 1x'; await loaded(e)`,
  script: `const e = document.createElement('script'); e.src = url; await loaded(e)`,
  'module script': `const e = document.createElement('script'); e.type = 'module'; e.src = url; await loaded(e)`,
  'dynamic import': `await import(url)`,
  'style sheet': `const e = document.createElement('link'); e.rel = 'stylesheet'; e.href = url; await loaded(e)`,
  'style import': `const e = document.createElement('style'); e.textContent = '@import "' + url + '"'; await loaded(e)`,
  'style background': `document.body.style.backgroundImage = 'url(' + url + ')'; await frames()`,
  'style cursor': `document.body.style.cursor = 'url(' + url + '), auto'; await frames()`,
  font: `await new FontFace('x', 'url(' + url + ')').load()`,
  prefetch: `const e = document.createElement('link'); e.rel = 'prefetch'; e.href = url; await loaded(e)`,
  preload: `const e = document.createElement('link'); e.rel = 'preload'; e.as = 'image'; e.href = url; await loaded(e)`,
  manifest: `const e = document.createElement('link'); e.rel = 'manifest'; e.href = url; await loaded(e)`,
  icon: `const e = document.createElement('link'); e.rel = 'icon'; e.href = url; await loaded(e)`,
  iframe: `const e = document.createElement('iframe'); e.src = url; await loaded(e)`,
  'iframe of a document': `const e = document.createElement('iframe'); e.srcdoc = '<img src="' + url + '">'; await loaded(e)`,
  object: `const e = document.createElement('object'); e.data = url; await loaded(e)`,
  embed: `const e = document.createElement('embed'); e.src = url; await loaded(e)`,
  video: `const e = document.createElement('video'); e.src = url; await loaded(e)`,
  audio: `const e = new Audio(url); await e.play()`,
  track: `const e = document.createElement('video'); e.innerHTML = '<track default src="' + url + '">'; await loaded(e)`,
  'svg image': `const e = document.createElement('div'); e.innerHTML = '<svg><image href="' + url + '"/></svg>'; await loaded(e)`,
  worker: `const w = new Worker(url); await new Promise((r) => (w.onmessage = w.onerror = r))`,
  'worker of a blob': `const w = new Worker(URL.createObjectURL(new Blob(['fetch("' + url + '")']))); await new Promise((r) => (w.onmessage = w.onerror = r))`,
  'shared worker': `const w = new SharedWorker(url); await new Promise((r) => (w.onerror = r))`,
  'service worker': `await navigator.serviceWorker.register(url)`,
  form: `const e = document.createElement('form'); e.action = url; document.body.append(e); e.submit(); await frames()`,
  'form in a frame': `const f = document.createElement('iframe'); f.name = 'f'; document.body.append(f); const e = document.createElement('form'); e.action = url; e.target = 'f'; document.body.append(e); e.submit(); await frames()`
}

/** Ways to run text as code. Each sets \`globalThis.ran\` when it works. */
const WAYS_TO_RUN: Record<string, string> = {
  eval: `(0, eval)('globalThis.ran = true')`,
  Function: `new Function('globalThis.ran = true')()`,
  'timer of text': `setTimeout('globalThis.ran = true'); await frames()`,
  'inline script': `const e = document.createElement('script'); e.textContent = 'globalThis.ran = true'; document.body.append(e)`,
  'inline handler': `const e = document.createElement('div'); e.innerHTML = '<img src="x:" onerror="globalThis.ran = true">'; await loaded(e)`,
  'javascript address': `const e = document.createElement('a'); e.href = 'javascript:globalThis.ran = true'; document.body.append(e); e.click(); await frames()`,
  'data module': `await import('data:text/javascript,globalThis.ran = true')`,
  'blob module': `await import(URL.createObjectURL(new Blob(['globalThis.ran = true'], { type: 'text/javascript' })))`,
  'base address': `const e = document.createElement('base'); e.href = url + '/'; document.head.append(e); await import('./x.js').then(() => (globalThis.ran = true))`
}

/** Ways to a file of this machine by address. */
const WAYS_TO_FILES = [
  'file:///etc/hostname',
  '/../../../../../../etc/hostname',
  '/..%2f..%2f..%2f..%2f..%2fetc%2fhostname',
  '/%2e%2e/%2e%2e/main/web.js',
  '/assets/../../main/web.js',
  '/download/..%2f..%2fetc%2fhostname',
  'DATA/canary.js'
]

const HELPERS = `
  const frames = () => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(r, 50))))
  const loaded = (e) => { document.body.append(e); return new Promise((r) => { e.onload = e.onerror = r; setTimeout(r, 150) }) }`

/** Runs the attack in the page; what it throws is how it was refused. */
function attack(body: string, url: string): Promise<void> {
  return page.evaluate(`(async (url) => {
    ${HELPERS}
    delete globalThis.ran
    // The debugger's own evaluation is exempt from the policy; a later turn of the page is not.
    await new Promise((r) => setTimeout(r))
    try {
      await Promise.race([(async () => { ${body} })(), new Promise((r) => setTimeout(r, 1500))])
    } catch (error) { void error }
  })(${JSON.stringify(url)})`)
}

/** Opens the engine's own socket, as a script of the page can, and gives the last frame for each operation tried. */
function tryOperations(operations: { name: string; input: unknown }[]): Promise<unknown[]> {
  return page.evaluate(async (list) => {
    const socket = new WebSocket(`ws://${location.host}/rpc`)
    await new Promise((resolve) => (socket.onopen = resolve))
    const answers = new Map<number, unknown>()
    const all = new Promise<void>((resolve) => {
      socket.onmessage = ({ data }: MessageEvent<string>) => {
        const frame = JSON.parse(data) as { id: number; kind: string }
        if (frame.kind === 'next') socket.send(JSON.stringify({ kind: 'ack', id: frame.id }))
        else answers.set(frame.id, frame)
        if (answers.size === list.length) resolve()
      }
    })
    list.forEach(({ name, input }, index) =>
      socket.send(JSON.stringify({ kind: 'open', id: index + 1, name, input }))
    )
    await all
    socket.close()
    return [...answers.values()]
  }, operations)
}

describe('a script in the window', () => {
  it.each(Object.entries(WAYS_OUT))('reaches no other origin by %s', async (name, body) => {
    const path = `/${encodeURIComponent(name)}`
    await attack(body, canaryUrl + path)
    expect(hits).toEqual([])
  })

  it.each(Object.entries(WAYS_TO_RUN))('runs no text as code by %s', async (_name, body) => {
    await attack(body, canaryUrl)
    expect(await page.evaluate(() => 'ran' in globalThis)).toBe(false)
    expect(hits).toEqual([])
  })

  it.each(WAYS_TO_FILES)('reads no file by %s', async (address) => {
    await writeFile(join(running.dataFolder, 'canary.js'), SECRET)
    const path = address.replace('DATA', running.dataFolder)
    const text = await page.evaluate(async (url) => {
      try {
        return await (await fetch(url)).text()
      } catch {
        return ''
      }
    }, path)
    const hostName = (await readFile('/etc/hostname', 'utf8')).trim()
    expect(text.trim()).not.toBe(hostName)
    expect(text).not.toContain(SECRET)
    expect(text).not.toContain('parseOptions')
    await rm(join(running.dataFolder, 'canary.js'))
  })

  it('finds no operation beyond the contract', async () => {
    const names = [
      'fs.readFile',
      'shell.run',
      'exec',
      'eval',
      '__proto__',
      'constructor',
      'toString',
      'tasks',
      'console'
    ]
    const answers = await tryOperations(
      names.map((name) => ({ name, input: { path: '/etc/passwd', command: 'id' } }))
    )
    expect(answers).toHaveLength(names.length)
    for (const answer of answers) expect(answer).toMatchObject({ kind: 'fail', error: { code: 'notFound' } })
  })

  it('has no file read out or command run through what a server may be called', async () => {
    const marker = join(running.dataFolder, 'marker')
    const keyFile = join(running.dataFolder, 'not-a-key')
    await writeFile(keyFile, SECRET)
    const hosts = [
      `$(touch ${marker})`,
      `;touch ${marker};`,
      `-oProxyCommand=touch ${marker}`,
      `\`touch ${marker}\``
    ]
    const answers = await tryOperations(
      hosts.map((host) => ({
        name: 'servers.test',
        input: {
          draft: {
            name: host,
            connection: {
              host,
              port: 1,
              user: `$(touch ${marker})`,
              useAgent: false,
              keyFiles: [keyFile, '/etc/hostname']
            }
          }
        }
      }))
    )
    expect(answers).toHaveLength(hosts.length)
    expect(existsSync(marker)).toBe(false)
    expect(JSON.stringify(answers)).not.toContain(SECRET)
  })

  it('left no mark anywhere', () => {
    expect(hits).toEqual([])
    const tried = Object.keys(WAYS_OUT).length + Object.keys(WAYS_TO_RUN).length + WAYS_TO_FILES.length
    expect(tried).toBeGreaterThanOrEqual(50)
  })
})
