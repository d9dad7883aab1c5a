import { constants, generateKeyPairSync, privateDecrypt } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ByteSource } from './byte-source.ts'
import { link, linkMessage } from './link.ts'
import { joined, pack } from './wire.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
const KEY = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))

interface Reply {
  magic?: number
  error?: number
  common?: number
  sizeBytes?: number
  key?: Uint8Array
  outcome?: number
}

/** A server that answers so, and what it was told. */
function server(reply: Reply = {}) {
  const { error = 0, common = 0b1011, key = KEY, outcome = 0 } = reply
  const body = joined(
    pack(['u32', error]),
    key,
    pack(['u32', 1], ['u32', 1], ['u32', 178], ['u32', common], ['u32', 0x49])
  )
  const head = pack(['u32', reply.magic ?? 0x51444552], ['u32', 2], ['u32', 2])
  const all = joined(head, pack(['u32', reply.sizeBytes ?? body.length]), body, pack(['u32', outcome]))
  const heard: Uint8Array[] = []
  const duplex = {
    incoming: (async function* () {
      yield all
    })(),
    write: async (bytes: Uint8Array) => void heard.push(bytes),
    end: () => undefined
  }
  const run = (password = '') =>
    link(duplex, new ByteSource(duplex.incoming), {
      channel: 'display',
      connectionId: 77,
      capabilities: 0b11,
      password
    })
  return { run, heard }
}

describe('a link', () => {
  it('says which channel, and gives the password to the server that has the key', async () => {
    const { run, heard } = server()
    expect(await run('geheim')).toBe(0x49)
    const hello = Buffer.from(heard[0] ?? [])
    expect(hello.subarray(0, 4).toString()).toBe('REDQ')
    expect([hello.readUInt32LE(4), hello.readUInt32LE(8), hello.readUInt32LE(12)]).toEqual([2, 2, 26])
    expect([hello.readUInt32LE(16), hello[20], hello[21]]).toEqual([77, 2, 0])
    const ticket = Buffer.from(heard[1] ?? [])
    expect(ticket.readUInt32LE(0)).toBe(1)
    const told = privateDecrypt(
      { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
      ticket.subarray(4)
    )
    expect(told.toString()).toBe('geheim\0')
    expect(hello.includes('geheim')).toBe(false)
  })

  it.each([
    ['a wrong password', { outcome: 7 }, 'passwordNeeded'],
    ['TLS only', { error: 5 }, 'displayNeedsTls'],
    ['no such channel', { error: 9 }, 'displayMissing'],
    ['an unknown error', { error: 99 }, 'displayNotUnderstood'],
    ['something else than SPICE', { magic: 0x20424652 }, 'displayNotUnderstood'],
    ['a reply without end', { sizeBytes: 0x7fffffff }, 'displayNotUnderstood'],
    ['a key that is none', { key: new Uint8Array(162) }, 'displayNotUnderstood'],
    ['long heads of messages', { common: 0b0011 }, 'displayNotUnderstood']
  ] as const)('ends at %s', async (_, reply, code) => {
    await expect(server(reply).run()).rejects.toMatchObject({ code })
  })

  it('does not send a password that no ticket can hold', async () => {
    const { run, heard } = server()
    await expect(run('x'.repeat(61))).rejects.toMatchObject({ code: 'passwordNeeded' })
    expect(heard).toHaveLength(1)
  })

  it('is as long as it says', () => {
    const message = linkMessage({ channel: 'main', connectionId: 0, capabilities: 0, password: '' })
    expect(new DataView(message.buffer).getUint32(12, true)).toBe(message.length - 16)
  })
})
