/**
 * Set up before each file of the suite "lab" (vitest.config.ts): the tests change what all share (links, sshd's options,
 * guests), so only one file of one run at a time may use the lab.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { eventually } from './faults.ts'
import { labFolder, whyNoLab } from './state.ts'

const file = join(labFolder, 'tests.lock')
const TURN_MS = 600_000

/** Names this process for good: its number may come again, its start does not. */
const identity = (pid: number): string =>
  `${pid} ${(readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').pop() ?? '').split(' ')[19] ?? ''}`

function take(): boolean {
  try {
    writeFileSync(file, identity(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  if (holderIsGone()) rmSync(file, { force: true })
  return false
}

function holderIsGone(): boolean {
  try {
    const holder = readFileSync(file, 'utf8')
    const pid = parseInt(holder, 10)
    return holder !== '' && !(existsSync(`/proc/${pid}`) && identity(pid) === holder)
  } catch (error) {
    // Given back, or ended, while we looked.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

if (whyNoLab() === null) {
  beforeAll(async () => {
    await eventually('the lab is free', take, TURN_MS, 100)
  }, TURN_MS + 1_000)
  afterAll(() => rmSync(file, { force: true }))
}
