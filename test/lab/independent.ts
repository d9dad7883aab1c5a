/** The same values read another way: straight from this machine's kernel, parsed by nothing of the console's. */
import { readFileSync, statfsSync } from 'node:fs'
import { labServer } from './state.ts'

export interface Reading {
  readonly cpuTotal: number
  readonly cpuIdle: number
  readonly memory: ReadonlyMap<string, number>
  readonly load: readonly number[]
  readonly uptimeSec: number
  /** name → [received, sent] bytes */
  readonly interfaces: ReadonlyMap<string, readonly [number, number]>
  /** name → [read, written] bytes */
  readonly disks: ReadonlyMap<string, readonly [number, number]>
}

/** /proc as the processes of that server see it. */
export function readIndependently(server: string): Reading {
  const { pid } = labServer(server).init
  return parseReading((file) =>
    readFileSync(file === 'net/dev' ? `/proc/${pid}/net/dev` : `/proc/${pid}/root/proc/${file}`, 'utf8')
  )
}

export function parseReading(proc: (file: string) => string): Reading {
  const net = proc('net/dev')
  const cpu = (proc('stat').split('\n')[0] ?? '').trim().split(/\s+/).slice(1, 9).map(Number)
  const at = (fields: readonly number[], index: number): number => fields[index] ?? Number.NaN
  const memory = proc('meminfo')
    .split('\n')
    .filter((line) => line.includes(':'))
    .map((line): [string, number] => {
      const [name = '', value = ''] = line.split(':')
      return [name, parseInt(value, 10) * 1024]
    })
  const interfaces = net
    .split('\n')
    .slice(2)
    .filter((line) => line.includes(':'))
    .map((line): [string, readonly [number, number]] => {
      const colon = line.indexOf(':')
      const fields = line
        .slice(colon + 1)
        .trim()
        .split(/\s+/)
        .map(Number)
      return [line.slice(0, colon).trim(), [at(fields, 0), at(fields, 8)]]
    })
  const disks = proc('diskstats')
    .split('\n')
    .filter(Boolean)
    .map((line): [string, readonly [number, number]] => {
      const fields = line.trim().split(/\s+/)
      return [fields[2] ?? '', [Number(fields[5]) * 512, Number(fields[9]) * 512]]
    })
  return {
    cpuTotal: cpu.reduce((sum, ticks) => sum + ticks, 0),
    cpuIdle: at(cpu, 3) + at(cpu, 4),
    memory: new Map(memory),
    load: proc('loadavg').split(' ').slice(0, 3).map(Number),
    uptimeSec: parseFloat(proc('uptime')),
    interfaces: new Map(interfaces),
    disks: new Map(disks)
  }
}

/** Busy share between two readings, 0..1. */
export const busyRatio = (before: Reading, after: Reading): number =>
  1 - (after.cpuIdle - before.cpuIdle) / (after.cpuTotal - before.cpuTotal)

/** [size, used, available] in bytes of the file system at a server's mount point. */
export function fileSystemOf(server: string, mountPoint: string): readonly [number, number, number] {
  const { blocks, bfree, bavail, bsize } = statfsSync(`/proc/${labServer(server).init.pid}/root${mountPoint}`)
  return [blocks * bsize, (blocks - bfree) * bsize, bavail * bsize]
}
