import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import { parseDisplayXml } from './display-xml.ts'

const domain = (graphics: string, id = " id='3'"): string =>
  `<domain type='kvm'${id}><name>x</name><uuid>u</uuid><devices>${graphics}</devices></domain>`

describe('where a display listens', () => {
  it.each([
    [`<graphics type='vnc' port='5901' listen='127.0.0.1'/>`, { kind: 'tcp', host: '127.0.0.1', port: 5901 }],
    [
      `<graphics type='spice' port='5900'/><graphics type='vnc' port='5902'><listen type='address' address='0.0.0.0'/></graphics>`,
      { kind: 'tcp', host: '127.0.0.1', port: 5902 }
    ],
    [
      `<graphics type='vnc' port='5900'><listen type='address' address='::'/></graphics>`,
      { kind: 'tcp', host: '::1', port: 5900 }
    ],
    [
      `<graphics type='vnc' port='5900'><listen type='network' address='192.168.122.1'/></graphics>`,
      { kind: 'tcp', host: '192.168.122.1', port: 5900 }
    ],
    [
      `<graphics type='vnc'><listen type='socket' socket='/run/libvirt/qemu/x.sock'/></graphics>`,
      { kind: 'socket', path: '/run/libvirt/qemu/x.sock' }
    ],
    [`<graphics type='vnc' port='-1'/>`, null],
    [`<graphics type='vnc' port='70000'/>`, null],
    [`<graphics type='vnc' port='5900' listen='evil.example'/>`, null],
    [`<graphics type='vnc' socket='relative'/>`, null],
    [`<graphics type='spice' port='5900'/>`, null],
    ['', null]
  ])('%s', (graphics, vnc) => {
    expect(parseDisplayXml(domain(graphics))).toMatchObject({ uuid: 'u', runId: '3', vnc })
  })

  const local = (port: number) => ({ kind: 'tcp', host: '127.0.0.1', port })
  it.each([
    [`<graphics type='spice' port='5901' autoport='yes' listen='127.0.0.1'/>`, ['spice'], local(5901), false],
    [
      `<graphics type='vnc' port='5900'/><graphics type='spice' port='5901' tlsPort='5902'/>`,
      ['vnc', 'spice'],
      local(5901),
      false
    ],
    [`<graphics type='spice' port='-1' tlsPort='5902' listen='0.0.0.0'/>`, ['spice'], null, true],
    [
      `<graphics type='spice'><listen type='socket' socket='/run/libvirt/qemu/spice.sock'/></graphics>`,
      ['spice'],
      { kind: 'socket', path: '/run/libvirt/qemu/spice.sock' },
      false
    ],
    [`<graphics type='spice'><listen type='none'/></graphics>`, ['spice'], null, false],
    [`<graphics type='sdl'/>`, [], null, false]
  ])('%s of SPICE', (graphics, kinds, spice, spiceNeedsTls) => {
    expect(parseDisplayXml(domain(graphics))).toMatchObject({ kinds, spice, spiceNeedsTls })
  })

  it('tells a VM that is off', () => {
    expect(parseDisplayXml(domain(`<graphics type='vnc' port='-1'/>`, '')).runId).toBeNull()
  })

  it('ends in a value or in an AppError, whatever comes', () => {
    const pieces = fc.constantFrom(
      "<graphics type='vnc'",
      " port='",
      " listen='",
      '/>',
      '<listen',
      '>',
      '<!DOCTYPE x>',
      '&lt;',
      "'",
      '5900',
      '<devices>',
      '</devices>'
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 20 }), (parts) => {
        try {
          const { vnc } = parseDisplayXml(domain(parts.join('')))
          if (vnc?.kind === 'tcp') expect(vnc.port).toBeGreaterThan(0)
        } catch (error) {
          expect(error).toBeInstanceOf(AppError)
        }
      }),
      { numRuns: 1_000 }
    )
  })
})
