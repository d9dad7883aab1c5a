/** The cloud-init seed as an image, made in the console: the server needs no tool for it. */
import type { CloudSeed } from '#contract/create.ts'
import type { VmUuid } from '#contract/ids.ts'
import { SEED_LABEL, seedFiles } from '../../domain/cloud-init/seed.ts'
import { isoImage } from '../../domain/iso/iso9660.ts'
import { sha512Crypt } from './sha512-crypt.ts'

export interface SeedRequest {
  readonly vmUuid: VmUuid
  readonly mac: string
  readonly seed: CloudSeed
  readonly nowMs: number
}

export function seedImage({ vmUuid, mac, seed, nowMs }: SeedRequest): Uint8Array {
  const { user, hostName, network } = seed
  const files = seedFiles({
    instanceId: vmUuid,
    hostName,
    mac,
    user:
      user.kind === 'own'
        ? { userData: user.userData }
        : {
            name: user.name,
            sshKeys: user.sshKeys,
            passwordHash: user.password === null ? null : sha512Crypt(user.password)
          },
    network
  })
  const encoder = new TextEncoder()
  return isoImage(
    SEED_LABEL,
    files.map(({ name, text }) => ({ name, content: encoder.encode(text) })),
    nowMs
  )
}
