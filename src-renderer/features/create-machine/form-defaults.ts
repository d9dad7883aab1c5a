/** Fills in what can be guessed, once it is known, and only where nothing was chosen. */
import type { Pool } from '#contract/storage.ts'
import { watch } from 'vue'
import { makesDisk, type CreateForm } from './form.ts'
import type { ServerOffer } from './use-server-offer.ts'

/** Pool types whose volumes can be disks of machines. */
const SUITED = new Set(['dir', 'fs', 'netfs', 'logical'])

/** Pools that can take a disk: those of the server itself first, then by room. */
export const suitedPools = (pools: readonly Pool[]): readonly Pool[] =>
  pools
    .filter(
      ({ type, state, notRespondingSinceAtMs }) =>
        SUITED.has(type) && state === 'running' && notRespondingSinceAtMs === null
    )
    .toSorted(
      (a, b) =>
        Number(a.type === 'netfs') - Number(b.type === 'netfs') ||
        (b.availableBytes ?? 0) - (a.availableBytes ?? 0)
    )

export function useFormDefaults(form: CreateForm, offer: ServerOffer): void {
  let suggested = ''
  watch(
    () => form.serverId,
    () => {
      // Names of another server's pools, images and networks mean nothing here.
      form.poolUuid = form.network = form.iso = form.image = form.existing = ''
    }
  )
  watch(offer.storage, (storage) => {
    // A pool that was taken by itself is left again when it turns out not to answer; a chosen one stays.
    if (form.poolUuid !== '' && form.poolUuid !== suggested) return
    const [best] = suitedPools(storage?.pools ?? [])
    form.poolUuid = suggested = best?.uuid ?? ''
  })
  watch(
    () => form.poolUuid,
    (uuid) => {
      // Logical volumes hold raw disks only.
      const type = offer.storage.value?.pools.find((pool) => pool.uuid === uuid)?.type
      if (type === 'logical') form.format = 'raw'
    }
  )
  watch(offer.networks, (networks) => {
    if (networks === null || networks.readAtMs === null || form.network !== '') return
    const active = networks.networks.filter((network) => network.active)
    const first = active.find(({ name }) => name === 'default') ?? active[0]
    const [bridge] = networks.hostBridges
    form.network =
      first !== undefined ? `network ${first.name}` : bridge !== undefined ? `bridge ${bridge}` : 'none'
  })
  watch(offer.options, (options) => {
    if (options !== null && !options.kvm) form.emulated = true
  })
  watch(
    () => form.os,
    (os) => {
      form.firmware = 'auto'
      if (os !== 'windows10' && os !== 'windows11') return
      // Less does not install.
      form.vcpus = Math.max(form.vcpus ?? 0, 2)
      form.memoryGib = Math.max(form.memoryGib ?? 0, 4)
      form.diskGib = Math.max(form.diskGib ?? 0, 64)
    }
  )
  watch(
    () => form.image,
    (key) => {
      const capacityBytes = offer.storage.value?.contents
        .flatMap(({ volumes }) => volumes)
        .find((volume) => `${volume.poolUuid}/${volume.name}` === key)?.capacityBytes
      if (capacityBytes === undefined || capacityBytes === null || !makesDisk(form)) return
      form.diskGib = Math.max(form.diskGib ?? 0, Math.ceil(capacityBytes / 1024 ** 3))
    }
  )
}
