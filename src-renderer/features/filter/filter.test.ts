import { describe, expect, it } from 'vitest'
import { matchesFilter, parseFilter, type FilterSubject } from './filter.ts'

const vocabulary = { fields: ['tag', 'state', 'location'], numbers: ['cpu', 'mem'] }
const web: FilterSubject = {
  texts: ['web-front', '10.4.0.12'],
  fields: { tag: ['web', 'prod'], state: ['on'], location: ['Office Zürich'] },
  numbers: { cpu: 91, mem: null }
}
const fits = (text: string, subject = web): boolean => matchesFilter(parseFilter(text, vocabulary), subject)

describe('the filter language', () => {
  it('lets everything through when it is empty or only half typed', () => {
    expect(fits('')).toBe(true)
    expect(fits('   ')).toBe(true)
    expect(fits('tag:')).toBe(true)
    expect(fits('cpu>')).toBe(true)
  })

  it('looks for words anywhere, without regard to case and accents', () => {
    expect(fits('FRONT')).toBe(true)
    expect(fits('10.4')).toBe(true)
    expect(fits('back')).toBe(false)
    expect(fits('location:zurich')).toBe(false)
    expect(fits('location:"office zurich"')).toBe(true)
  })

  it('needs every term, and one of several values of a field', () => {
    expect(fits('tag:web state:on cpu>80 front')).toBe(true)
    expect(fits('tag:web state:off')).toBe(false)
    expect(fits('state:off,on')).toBe(true)
    expect(fits('tag:web tag:prod')).toBe(true)
  })

  it('compares numbers, and takes a missing value for neither more nor less', () => {
    expect(fits('cpu>=91')).toBe(true)
    expect(fits('cpu>91')).toBe(false)
    expect(fits('cpu<91.5%')).toBe(true)
    expect(fits('mem>1')).toBe(false)
    expect(fits('mem<1')).toBe(false)
    expect(fits('-mem>1')).toBe(false)
  })

  it('turns a term around with a minus', () => {
    expect(fits('-tag:web')).toBe(false)
    expect(fits('-state:off')).toBe(true)
    expect(fits('-front')).toBe(false)
  })

  it('says what it did not understand and hides nothing for it', () => {
    const filter = parseFilter('colour:red cpu>much front', vocabulary)
    expect(filter.problems).toEqual(['colour:red', 'cpu>much'])
    expect(matchesFilter(filter, web)).toBe(true)
  })

  it('takes an IPv6 or MAC address for text', () => {
    expect(parseFilter('fe80::1 52:54:00', vocabulary).problems).toEqual([])
  })

  it('takes hostile text for text', () => {
    expect(fits('$(id) <b> .*', web)).toBe(false)
    expect(fits('$(id)', { ...web, texts: ['a$(id)b'] })).toBe(true)
  })
})
