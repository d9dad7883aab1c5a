/** Reader of `virsh domcontrol`: whether a QEMU's monitor answers. The question itself never blocks. */

export type ControlState =
  /** The monitor is free. */
  | { readonly kind: 'ok' }
  /** A job (migration, backup, …) holds the domain. */
  | { readonly kind: 'job' }
  /** A monitor command waits for its answer since then: hung, when that is long. */
  | { readonly kind: 'occupied'; readonly forMs: number }
  | { readonly kind: 'error' }
  /** Not running, gone, or not understood. */
  | { readonly kind: 'unknown' }

/** `ok`, `job`, `occupied (0.105s)`, `error: monitor failure`, … */
export function parseDomcontrol(text: string): ControlState {
  const line = text.trim()
  const [, word, seconds] = /^(ok|job|occupied|error)\b[^(]*(?:\((\d+(?:\.\d+)?)s\))?/.exec(line) ?? []
  switch (word) {
    case 'ok':
    case 'job':
    case 'error':
      return { kind: word }
    case 'occupied':
      return { kind: 'occupied', forMs: Math.round(Number(seconds ?? 0) * 1000) }
    default:
      return { kind: 'unknown' }
  }
}
