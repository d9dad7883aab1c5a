/** Media that the lab's guest boots from, made of its own kernel and initrd: an ISO, and a disk image like those for clouds. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildInitrd, findKernel } from './guests.mjs'
import { run } from './state.ts'

const here = dirname(fileURLToPath(import.meta.url))

export interface BootMedia {
  /** Files on this machine. */
  readonly iso: string
  readonly cloudImage: string
  /** For a boot by network. */
  readonly kernel: string
  readonly initrd: string
  remove(): void
}

const CONFIG = `SERIAL 0
DEFAULT lab
LABEL lab
  KERNEL /kernel
  INITRD /initrd
  APPEND console=ttyS0 quiet panic=1
`

/** Built anew with the present guest-init.sh, whatever the lab's own guests run. */
export async function makeBootMedia(): Promise<BootMedia> {
  const folder = mkdtempSync(join(tmpdir(), 'lab-media-'))
  const tree = join(folder, 'tree')
  mkdirSync(join(tree, 'isolinux'), { recursive: true })
  const { image, release } = findKernel()
  copyFileSync(image, join(tree, 'kernel'))
  await buildInitrd(join(tree, 'initrd'), join(folder, 'initrd'), release, join(here, 'guest-init.sh'))
  copyFileSync('/usr/lib/ISOLINUX/isolinux.bin', join(tree, 'isolinux/isolinux.bin'))
  copyFileSync('/usr/lib/syslinux/modules/bios/ldlinux.c32', join(tree, 'isolinux/ldlinux.c32'))
  writeFileSync(join(tree, 'isolinux/isolinux.cfg'), CONFIG)
  const iso = join(folder, 'lab.iso')
  await run(
    [
      ...['xorriso', '-as', 'mkisofs', '-quiet', '-o', iso, '-b', 'isolinux/isolinux.bin'],
      ...['-c', 'isolinux/boot.cat', '-no-emul-boot', '-boot-load-size', '4', '-boot-info-table'],
      // The same image starts as a disk.
      ...['-isohybrid-mbr', '/usr/lib/ISOLINUX/isohdpfx.bin', tree]
    ],
    { timeoutMs: 120_000 }
  )
  const cloudImage = join(folder, 'lab-cloud.qcow2')
  await run(['qemu-img', 'convert', '-O', 'qcow2', iso, cloudImage])
  return {
    iso,
    cloudImage,
    kernel: join(tree, 'kernel'),
    initrd: join(tree, 'initrd'),
    remove: () => rmSync(folder, { recursive: true })
  }
}
