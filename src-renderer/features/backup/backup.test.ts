import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ByteDuplex } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import { openWindow, type TestWindow } from '../../../test/fakes/window.ts'
import { upload } from './upload.ts'

describe('the backup card', () => {
  let view: TestWindow
  beforeEach(async () => {
    view = await openWindow({}, '#/settings')
  })
  afterEach(() => view.close())

  const text = (): string => document.body.textContent.replace(/\s+/g, ' ')
  const pick = async (file: File): Promise<void> => {
    const input = await view.until(() => document.querySelector<HTMLInputElement>('input[type=file]'))
    Object.defineProperty(input, 'files', { value: [file], configurable: true })
    input.dispatchEvent(new Event('change'))
  }

  it('makes a backup and then says when the last one was made', async () => {
    await view.until(() => text().includes('No backup was made yet.'))
    ;(await view.role('button', 'Back up now')).click()
    await view.until(() => /Last backup: .*, 50(\.0)?\sMiB/.test(text()))
    expect(text()).toContain('/home/operator/virthelm-backup-')
  })

  it('restores only after the file was checked and the operator has read what happens, and can be called off', async () => {
    await pick(new File([new Uint8Array(1_000_000)], 'mine.tar'))
    const confirm = await view.role('button', 'Restore at the next start')
    await view.until(() => text().includes('The backup is whole and sound.'))
    expect(document.activeElement?.textContent.trim()).toBe('Cancel')
    await view.until(() => !confirm.hasAttribute('disabled'))
    expect(text()).toContain('Nothing is deleted.')
    confirm.click()
    await view.until(() => text().includes('is restored at the next start.'))
    expect((await view.role('button', 'Restore …')).hasAttribute('disabled')).toBe(true)
    ;(await view.role('button', 'Do not restore it')).click()
    await view.until(() => !text().includes('is restored at the next start.'))
  })

  it('keeps nothing of a backup that the operator turns down', async () => {
    await pick(new File([new Uint8Array(1_000)], 'mine.tar'))
    await view.until(() => text().includes('The backup is whole and sound.'))
    ;(await view.role('button', 'Cancel')).click()
    await view.until(() => !text().includes('Restore a backup'))
    expect(text()).not.toContain('is restored at the next start.')
  })
})

describe('upload', () => {
  it('fails with what the engine finds wrong, not with the broken channel', async () => {
    const why = new AppError('backupInvalid', { params: { reason: 'notABackup' } })
    const channel: ByteDuplex = {
      incoming: { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(why) }) },
      write: vi.fn(() => Promise.reject(new AppError('disconnected'))),
      end: vi.fn()
    }
    await expect(upload(new Blob(['x'.repeat(10)]), channel, () => undefined)).rejects.toBe(why)
    expect(channel.end).not.toHaveBeenCalled()
  })
})
