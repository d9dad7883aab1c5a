import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_SCAN_PORTS, parsePortList } from './port-list.ts'

const RUNS = process.env['VIRTHELM_LONG'] === '1' ? 10_000 : 1_000

describe('a list of ports', () => {
  it.each([
    ['22,80,443', [22, 80, 443]],
    ['443; 22 80', [22, 80, 443]],
    ['8000-8003, 8002', [8000, 8001, 8002, 8003]],
    ['65535', [65_535]],
    ['7–9', [7, 8, 9]]
  ])('%s', (text, ports) => {
    expect(parsePortList(text)).toEqual({ ports, problem: null })
  })
  it.each([
    ['', { kind: 'empty' }],
    [' , ', { kind: 'empty' }],
    ['0', { kind: 'notAPort', part: '0' }],
    ['65536', { kind: 'notAPort', part: '65536' }],
    ['22,http', { kind: 'notAPort', part: 'http' }],
    ['1-2-3', { kind: 'notAPort', part: '1-2-3' }],
    ['90-80', { kind: 'backwards', part: '90-80' }],
    ['1-2049', { kind: 'tooMany', count: 2049 }]
  ])('%s is none', (text, problem) => {
    expect(parsePortList(text)).toEqual({ ports: null, problem })
  })
  it('takes as many as one scan may have, and is never more, whatever is typed', () => {
    expect(parsePortList(`1-${MAX_SCAN_PORTS}`).ports).toHaveLength(MAX_SCAN_PORTS)
    const text = fc.stringMatching(/^[0-9,\- ;x]{0,60}$/)
    fc.assert(
      fc.property(text, (typed) => {
        const { ports } = parsePortList(typed)
        expect((ports ?? []).length).toBeLessThanOrEqual(MAX_SCAN_PORTS)
        expect((ports ?? []).every((port) => port >= 1 && port <= 65_535)).toBe(true)
      }),
      { numRuns: RUNS }
    )
  })
})
