import { describe, expect, it } from 'vitest'
import { csvFileName } from './file-name.ts'

const at = Date.UTC(2026, 10, 20, 10, 17)

describe('csvFileName', () => {
  it('keeps what can be read, in any language', () => {
    expect(csvFileName('gpu-01 cpu', at)).toBe('gpu-01-cpu-2026-11-20-1017.csv')
    expect(csvFileName('存储-节点-07 memory', at)).toBe('存储-节点-07-memory-2026-11-20-1017.csv')
  })

  it('makes hostile names harmless', () => {
    expect(csvFileName('../../etc/passwd', at)).toBe('etc-passwd-2026-11-20-1017.csv')
    expect(csvFileName('<b>x</b> $(id)\n', at)).toBe('b-x-b-id-2026-11-20-1017.csv')
    expect(csvFileName('///', at)).toBe('virthelm-2026-11-20-1017.csv')
    expect([...csvFileName('x'.repeat(500), at)].length).toBeLessThanOrEqual(120)
  })
})
