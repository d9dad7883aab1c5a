import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Connection } from '../../application/servers/connection.ts'
import { parseCall } from '../../demo/virsh/one-shot.ts'
import { STDIN, Virsh } from './virsh.ts'

/** A connection that keeps the scripts and gives one answer. */
function answering(answer: Awaited<ReturnType<Connection['run']>> | Error) {
  const scripts: string[] = []
  const run: Connection['run'] = async (script) => {
    scripts.push(script)
    if (answer instanceof Error) throw answer
    return answer
  }
  const clock = { monotonicMs: () => 0 } as never
  const virsh = new Virsh({ connection: { run } as Connection, uri: 'qemu:///system', clock })
  return { virsh, scripts }
}
const journalOf = (rows: unknown[]) => ({
  beforeSend: async (command: string) => void rows.push(command),
  afterSend: async (result: object) => void rows.push(result)
})
const options = { signal: new AbortController().signal, deadlineMs: 1_000 }

describe('virsh', () => {
  it('is given the words and the document as they are, whatever stands in them', async () => {
    const aText = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0'))
    await fc.assert(
      fc.asyncProperty(fc.array(aText), fc.option(aText), async (words, document) => {
        const { virsh, scripts } = answering({ exitCode: 0, stdout: '', stderr: '' })
        const write = { args: ['define', ...words, STDIN], ...(document === null ? {} : { document }) }
        await virsh.write(write, journalOf([]), options)
        expect(parseCall(scripts[0] ?? '')).toEqual({
          words: ['define', ...words, STDIN],
          document,
          readOnly: false
        })
      })
    )
  })

  it('has a row before it is sent and its result after it, also when no answer came', async () => {
    const refused: unknown[] = []
    const { virsh } = answering({ exitCode: 1, stdout: '', stderr: 'error: no space\n' })
    await expect(
      virsh.write({ args: ['vol-delete', 'a b', 'pool'] }, journalOf(refused), options)
    ).rejects.toMatchObject({ code: 'libvirtFailed', params: { stderr: 'error: no space' } })
    expect(refused).toEqual([
      `virsh -c qemu:///system vol-delete 'a b' pool`,
      { exitCode: 1, stderr: 'error: no space', durationMs: 0 }
    ])
    const lost: unknown[] = []
    const gone = answering(new Error('gone'))
    await expect(gone.virsh.write({ args: ['net-start', 'x'] }, journalOf(lost), options)).rejects.toThrow(
      'gone'
    )
    expect(lost[1]).toMatchObject({ exitCode: null })
  })

  it('tells words about the daemon from words about the command', async () => {
    const { virsh } = answering({
      exitCode: 1,
      stdout: '',
      stderr: 'error: failed to connect to the hypervisor\nerror: Connection refused\n'
    })
    await expect(virsh.read(['pool-list'], options)).rejects.toMatchObject({ code: 'libvirtDaemonDown' })
  })
})
