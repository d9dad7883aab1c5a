import { describe, expect, it } from 'vitest'
import { FROM_HERE, isMacText, USUAL_PORTS, wakeSettingsOf } from './wake-form.ts'

const form = { mac: '52:54:00:AA:00:01', broadcast: '', port: USUAL_PORTS, via: FROM_HERE, password: '' }

describe('what is typed to wake a server', () => {
  it.each(['52:54:00:aa:00:01', '52-54-00-AA-00-01', ' 52:54:00:aa:00:01 '])('takes %s', (mac) => {
    expect(isMacText(mac)).toBe(true)
  })
  it.each([
    '',
    '52:54:00:aa:00',
    '52:54:00:aa:00:0g',
    '01:00:5e:00:00:01',
    '00:00:00:00:00:00',
    'ff:ff:ff:ff:ff:ff'
  ])('refuses %s', (mac) => {
    expect(isMacText(mac)).toBe(false)
  })

  it('keeps only what differs from what was learned', () => {
    expect(wakeSettingsOf(form, '52:54:00:aa:00:01')).toEqual({
      mac: null,
      broadcast: null,
      port: null,
      via: null
    })
    expect(wakeSettingsOf({ ...form, port: '7' }, null)).toMatchObject({ mac: '52:54:00:aa:00:01', port: 7 })
  })

  it('is nothing while a part of it is wrong', () => {
    expect(wakeSettingsOf({ ...form, mac: '52:54' }, null)).toBeNull()
    expect(wakeSettingsOf({ ...form, broadcast: '10.0.0' }, null)).toBeNull()
    expect(wakeSettingsOf({ ...form, password: 'secret' }, null)).toBeNull()
  })
})
