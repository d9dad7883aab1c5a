/**
 * Electron's binary: where it is, or how it is fetched. The npm package brings only its own installer (install.js),
 * which waits for ever on a mirror that accepts and never answers; so it is watched from here.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PATHS = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }
const RETRY_AFTER_MS = 24 * 3_600_000

/**
 * `{path}` of the binary, or `{reason}` why there is none. `root`: the project; `stallMs`: how long a download may
 * stand still; `totalMs`: how long it may take; `say` gets one line before a download.
 */
export async function findElectron({
  root,
  env = process.env,
  stallMs = 20_000,
  totalMs = 600_000,
  isRoot = process.platform === 'linux' && process.getuid() === 0,
  say = console.log
}) {
  const folder = join(root, 'node_modules', 'electron')
  const name = PATHS[process.platform] ?? 'electron'
  const chosen = env['ELECTRON_OVERRIDE_DIST_PATH']
  if (chosen) {
    const path = join(chosen, name)
    return existsSync(path) ? { path } : { reason: `ELECTRON_OVERRIDE_DIST_PATH has no ${name}` }
  }
  // Electron refuses to start as root, and cannot start without a display: no reason to download it.
  if (isRoot) return { reason: 'it does not run as root' }
  if (process.platform === 'linux' && !env['DISPLAY'] && !env['WAYLAND_DISPLAY']) {
    return { reason: 'there is no display' }
  }
  if (!existsSync(folder)) return { reason: 'the package is not installed' }
  const path = join(folder, 'dist', name)
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  if (isInstalled(folder, version) && existsSync(path)) return { path }
  if (env['ELECTRON_SKIP_BINARY_DOWNLOAD']) return { reason: 'ELECTRON_SKIP_BINARY_DOWNLOAD is set' }

  const failed = join(root, 'node_modules', '.virthelm-electron-failed')
  const last = lastFailure(failed, version)
  if (last) return { reason: `${last}; tried again a day later` }
  say(`Downloading Electron ${version} (once) …`)
  const reason = await download({ root, folder, env, stallMs, totalMs })
  if (reason === null && existsSync(path)) return { path }
  const why = reason ?? 'its installer left no binary'
  writeFileSync(failed, `${version}\n${why}\n`)
  return { reason: why }
}

function isInstalled(folder, version) {
  try {
    return (
      readFileSync(join(folder, 'dist', 'version'), 'utf8')
        .trim()
        .replace(/^v/, '') === version
    )
  } catch {
    return false
  }
}

/** Why the same version could not be had within the last day. */
function lastFailure(file, version) {
  if (!existsSync(file) || Date.now() - statSync(file).mtimeMs > RETRY_AFTER_MS) return null
  const [forVersion, why] = readFileSync(file, 'utf8').split('\n')
  return forVersion === version ? why : null
}

/** null = done. The installer downloads into a folder of ours, so that its progress can be seen. */
function download({ root, folder, env, stallMs, totalMs }) {
  const work = join(root, 'node_modules', '.virthelm-download')
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work, { recursive: true })
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(folder, 'install.js')], {
      env: { ...env, TMPDIR: work, TEMP: work, TMP: work },
      stdio: ['ignore', 'ignore', 'pipe']
    })
    let errors = ''
    child.stderr.on('data', (chunk) => (errors = (errors + chunk).slice(-4096)))
    const startedMs = Date.now()
    let bytes = 0
    let grownMs = startedMs
    let stopped = null
    const watch = setInterval(
      () => {
        const now = sizeOf(work)
        if (now !== bytes) grownMs = Date.now()
        bytes = now
        if (Date.now() - grownMs > stallMs) stopped = `no data for ${Math.round(stallMs / 1000)} s`
        else if (Date.now() - startedMs > totalMs) stopped = `not done after ${Math.round(totalMs / 1000)} s`
        if (stopped) child.kill('SIGKILL')
      },
      Math.min(1_000, stallMs / 4)
    )
    child.once('error', (error) => (errors = error.message))
    child.once('close', (code) => {
      clearInterval(watch)
      rmSync(work, { recursive: true, force: true })
      resolve(stopped ?? (code === 0 ? null : reasonOf(errors)))
    })
  })
}

function sizeOf(folder) {
  let bytes = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const stat = statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })
    if (stat?.isFile()) bytes += stat.size
  }
  return bytes
}

/** The first line of the installer's error, without the noise of its stack. */
function reasonOf(errors) {
  const line =
    errors.split('\n').find((text) => /error|E[A-Z]{4,}|status/i.test(text)) ?? errors.split('\n')[0]
  return `the download failed: ${(line || 'no reason given').trim().slice(0, 160)}`
}
