import { describe, expect, it } from 'vitest'
import { visibleText } from './remote-text.ts'

describe('remote text', () => {
  it('leaves ordinary text of any script alone', () => {
    for (const text of ['kvm-alpha', '存储-节点-07', 'Ελληνικά', 'مرحبا', '<b>x</b>', '$(id)', 'é', '🚢']) {
      expect(visibleText(text)).toBe(text)
    }
  })

  it('shows control characters', () => {
    expect(visibleText('a\nb\tc\u0000\u007f')).toBe('a‹U+000A›b‹U+0009›c‹U+0000›‹U+007F›')
    expect(visibleText('\u001b[31mred')).toBe('‹U+001B›[31mred')
    expect(visibleText('\u0085')).toBe('‹U+0085›')
  })

  it('keeps lines of an output, but nothing else, when asked to', () => {
    expect(visibleText('a\n\tb\r', { multiline: true })).toBe('a\n\tb‹U+000D›')
  })

  it('shows what turns text around or hides in it', () => {
    expect(visibleText('rtl-\u202egnp.exe')).toBe('rtl-‹U+202E›gnp.exe')
    expect(visibleText('a\u200bb\u2066c\ufeff')).toBe('a‹U+200B›b‹U+2066›c‹U+FEFF›')
    expect(visibleText('x\u3164y\u00ad')).toBe('x‹U+3164›y‹U+00AD›')
    expect(visibleText('\u{e0041}')).toBe('‹U+E0041›')
  })

  it('shows lone surrogates', () => {
    expect(visibleText('a\ud800b')).toBe('a‹U+D800›b')
  })
})
