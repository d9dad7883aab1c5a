import { readdirSync, readFileSync } from 'node:fs'
import { AppError } from '#contract/errors.ts'
import { afterEach, describe, expect, it } from 'vitest'
import { createLocalConnection, LOCAL_SHELLS } from '../../../test/fakes/local-connection.ts'
import type { Tools } from '../../application/telemetry/tools.ts'
import { createTools } from './tool-shell.ts'

const never = new AbortController().signal
let tools: Tools | null = null
afterEach(() => tools?.close())

const open = (shell: readonly string[]): Tools => (tools = createTools(createLocalConnection({ shell })))
const options = { signal: never, deadlineMs: 10_000 }

describe.each(Object.entries(LOCAL_SHELLS))('the tools in %s', (_name, shell) => {
  it('bring what a script prints, line by line, and its exit code', async () => {
    const { run } = bound(open(shell))
    expect(await run(`printf 'a\\\\b\\n\\n  two\\t\\n'; exit 3`, options)).toEqual({
      stdout: 'a\\b\n\n  two\t',
      exitCode: 3
    })
    expect(await run('printf unfinished', options)).toEqual({ stdout: 'unfinished', exitCode: 0 })
    expect(await run('# nothing\ncat', options)).toEqual({ stdout: '', exitCode: 0 })
    expect(await run('exit', options)).toEqual({ stdout: '', exitCode: 0 })
  })

  it('let nobody wait for a script that hangs, and keep the lines of many apart', async () => {
    const { run } = bound(open(shell))
    const hanging = run('sleep 600', { ...options, deadlineMs: 1_000 })
    const jobs = Array.from({ length: 8 }, (_unused, job) =>
      run(`i=0; while [ $i -lt 200 ]; do echo "${job} $i ${'x'.repeat(200)}"; i=$((i+1)); done`, options)
    )
    const texts = await Promise.all(jobs)
    texts.forEach(({ stdout }, job) => {
      const lines = stdout.split('\n')
      expect(lines).toHaveLength(200)
      expect(lines.every((line, at) => line === `${job} ${at} ${'x'.repeat(200)}`)).toBe(true)
    })
    await expect(hanging).rejects.toMatchObject({ code: 'deadlineExceeded' })
    expect(await run('echo again', options)).toEqual({ stdout: 'again', exitCode: 0 })
  })

  it('end a script that hangs on the server, with all that it started', async () => {
    const own = open(shell)
    // `sleep` is a child of a child, which does not end by TERM.
    const script = `sh -c 'trap "" TERM; echo $$; sleep 600; sleep 600'`
    const seen = Promise.withResolvers<number>()
    const stop = new AbortController()
    const following = own.follow(script, (line) => seen.resolve(Number(line)), stop.signal)
    const pid = await seen.promise
    stop.abort()
    await expect(following).rejects.toMatchObject({ code: 'cancelled' })
    await expect.poll(() => isAlive(pid), { timeout: 8_000 }).toBe(false)
    const hanging = own.run(`echo $(sh -c 'echo $$; exec sleep 601')`, { ...options, deadlineMs: 300 })
    await expect(hanging).rejects.toMatchObject({ code: 'deadlineExceeded' })
    await expect.poll(() => isRunning('sleep 601'), { timeout: 5_000 }).toBe(false)
  })

  it('cut off what is too much', async () => {
    const { run } = bound(open(shell))
    await expect(run('yes', { ...options, maxBytes: 10_000, deadlineMs: 2_000 })).rejects.toMatchObject({
      code: 'outputTooLarge'
    })
  })

  it.each([
    ['the listener is gone', (_own: Tools, stop: AbortController) => stop.abort()],
    ['the connection ends', (own: Tools) => own.close()]
  ])('follow a script that goes on, and take its processes down when %s', async (_when, leave) => {
    const own = open(shell)
    const lines: string[] = []
    const stop = new AbortController()
    const { promise: some, resolve } = Promise.withResolvers<void>()
    const onLine = (line: string): void => {
      lines.push(line)
      if (lines.length === 3) resolve()
    }
    const following = own.follow('while :; do echo "$$ tick"; sleep 0.05; done', onLine, stop.signal)
    await some
    leave(own, stop)
    await expect(following).rejects.toBeInstanceOf(AppError)
    const pid = Number(lines[0]?.split(' ')[0])
    await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false)
  })
})

const commandLine = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    // It has ended.
    return ''
  }
}
const allPids = (): string[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name))
const isRunning = (text: string): boolean => allPids().some((pid) => commandLine(pid) === text)

const bound = (own: Tools): Pick<Tools, 'run'> => ({ run: (script, asked) => own.run(script, asked) })

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
