/** Sends magic packets by UDP broadcast from this computer. Needs no special rights. */
import { createSocket, type Socket } from 'node:dgram'
import { AppError } from '#contract/errors.ts'
import type { MagicTarget } from '../../application/ports/port-access.ts'
import { magicPacket } from '../../domain/wake/magic-packet.ts'

/** Resolves with how many packets left this computer. Throws wakeNotSent when not one did. */
export async function sendMagic({ mac, password, broadcasts, ports }: MagicTarget): Promise<number> {
  const packet = magicPacket(mac, password)
  const socket = createSocket('udp4')
  try {
    await bound(socket)
    let sent = 0
    let reason = ''
    for (const address of broadcasts)
      for (const port of ports) {
        const failure = await sendOne(socket, packet, address, port)
        if (failure === null) sent++
        else reason = failure
      }
    if (sent === 0) throw new AppError('wakeNotSent', { params: { reason }, retryable: true })
    return sent
  } finally {
    socket.close()
  }
}

/** A socket may only be told to broadcast once it has an address. */
function bound(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', (cause) =>
      reject(new AppError('wakeNotSent', { params: { reason: cause.message }, cause }))
    )
    socket.bind(0, () => {
      socket.setBroadcast(true)
      resolve()
    })
  })
}

/** null = it went out; else the system's words. */
const sendOne = (socket: Socket, packet: Uint8Array, address: string, port: number): Promise<string | null> =>
  new Promise((resolve) => {
    socket.send(packet, port, address, (error) => resolve(error === null ? null : error.message))
  })
