/** Types of the lab's scripts, for the tests that use them. */
export function findKernel(): { image: string; release: string }
export function buildInitrd(
  target: string,
  workFolder: string,
  release: string,
  initScript: string
): Promise<void>
