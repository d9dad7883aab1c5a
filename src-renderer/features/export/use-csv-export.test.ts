import { AppError } from '#contract/errors.ts'
import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createApp, defineComponent } from 'vue'
import { stubRpc } from '../../../test/fakes/stub-rpc.ts'
import { i18n } from '../../app/i18n.ts'
import { installRpc } from '../../app/rpc-provider.ts'
import { provideToasts } from '../../ui/index.ts'
import { createToasts } from '../../ui/toasts.ts'
import { follow, useCsvExport, type CsvExport } from './use-csv-export.ts'

enableAutoUnmount(afterEach)

function setUp(answers: Parameters<typeof stubRpc>[0]) {
  const stub = stubRpc(answers)
  installRpc(stub.rpc)
  const toasts = createToasts()
  provideToasts(createApp({}), toasts)
  let csv: CsvExport | undefined
  mount(
    defineComponent({
      setup() {
        csv = useCsvExport()
        return () => null
      }
    }),
    { global: { plugins: [i18n] } }
  )
  if (csv === undefined) throw new Error('no export')
  return { stub, toasts, csv }
}

describe('useCsvExport', () => {
  it('follows the address of browser mode once, then tells how many rows there were', async () => {
    const clicked: string[] = []
    const click = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (
      this: HTMLAnchorElement
    ) {
      clicked.push(new URL(this.href).pathname)
    })
    const { stub, toasts, csv } = setUp({
      'exports.table': (_input, { onProgress }) => {
        onProgress?.({ kind: 'address', path: '/download/abc' } as never)
        onProgress?.({ kind: 'progress', progress: { rows: 1, bytes: 9, doneRatio: 0.5 } } as never)
        return { kind: 'download', rows: 2 }
      }
    })
    await csv.exportTable('machines of <b>', ['Name', 'CPU (ratio)'], [['=cmd()', 0.5]])
    expect(clicked).toEqual(['/download/abc'])
    expect(document.querySelectorAll('a')).toHaveLength(0)
    expect(toasts.shown.map((toast) => toast.title)).toEqual(['Saved 2 rows as CSV.'])
    expect(stub.inputsOf('exports.table')).toMatchObject([
      { fileName: expect.stringMatching(/^machines-of-b-.*\.csv$/) as string, rows: [['=cmd()', 0.5]] }
    ])
    click.mockRestore()
  })

  it('says what failed, and nothing when it was cancelled', async () => {
    const failures = [new AppError('nothingToExport'), new AppError('cancelled')]
    const { toasts, csv } = setUp({ 'exports.table': () => Promise.reject(failures.shift() ?? new Error()) })
    await csv.exportTable('x', ['a'], [])
    await csv.exportTable('x', ['a'], [])
    expect(toasts.shown.map((toast) => toast.title)).toEqual(['There is nothing to export in this range.'])
  })
})

describe('follow', () => {
  it('refuses an address that is not of this console', () => {
    for (const path of ['https://example.org/x', '//example.org/x', 'javascript:alert(1)'])
      expect(() => follow(path)).toThrow(AppError)
  })
})
