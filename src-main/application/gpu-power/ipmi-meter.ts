/** The BMC's power figure, asked in the background: some take ten seconds, some never answer. */
import { AppError } from '#contract/errors.ts'
import type { DcmiAnswer } from '../../domain/gpu-power/dcmi.ts'
import type { PowerGap } from '../../domain/gpu-power/power-sources.ts'
import type { LaneContext } from '../telemetry/lane.ts'
import type { PowerProbe } from './probes.ts'

const EVERY_MS = 30_000
/** What is not there, or not allowed, is looked for again from time to time: someone may have mended it. */
const ABSENT_EVERY_MS = 600_000
/** An answer older than this says nothing about now. */
const VALID_MS = 75_000

const TOOL_FIX = 'sudo apt-get install -y ipmitool || sudo dnf install -y ipmitool'
const SUDO_FIX = `echo "$USER ALL=(root) NOPASSWD: $(command -v ipmitool) dcmi power reading" | sudo tee /etc/sudoers.d/ipmi-power`

const GAPS: Readonly<Record<Exclude<DcmiAnswer['kind'], 'watts'>, PowerGap>> = {
  noDevice: { kind: 'ipmi', cause: 'notPresent', fix: null },
  notMeasured: { kind: 'ipmi', cause: 'notPresent', fix: null },
  toolMissing: { kind: 'ipmi', cause: 'toolMissing', fix: TOOL_FIX },
  denied: { kind: 'ipmi', cause: 'permissionDenied', fix: SUDO_FIX },
  unreadable: { kind: 'ipmi', cause: 'unreadable', fix: null }
}

export class IpmiMeter {
  readonly #probe: PowerProbe
  readonly #context: LaneContext
  readonly #life = new AbortController()
  #asking = false
  #nextAtMs = 0
  #answer: { readonly watts: number; readonly atMs: number } | null = null
  #gap: PowerGap | null = { kind: 'ipmi', cause: 'checking', fix: null }

  constructor(probe: PowerProbe, context: LaneContext) {
    this.#probe = probe
    this.#context = context
  }

  /** null = no answer that is new enough. */
  get watts(): number | null {
    const { clock } = this.#context
    return this.#answer !== null && clock.monotonicMs() - this.#answer.atMs < VALID_MS
      ? this.#answer.watts
      : null
  }

  get gap(): PowerGap | null {
    return this.#gap
  }

  /** Puts the question when it is due and the last one has ended. The answer is there at a later reading. */
  ask(signal: AbortSignal): void {
    const { clock } = this.#context
    if (this.#asking || clock.monotonicMs() < this.#nextAtMs) return
    this.#asking = true
    void this.#ask(AbortSignal.any([signal, this.#life.signal])).finally(() => {
      this.#asking = false
    })
  }

  close(): void {
    this.#life.abort(new AppError('cancelled'))
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const { clock } = this.#context
    try {
      const answer = await this.#probe.readIpmi(signal)
      const nowMs = clock.monotonicMs()
      const isThere = answer.kind === 'watts'
      this.#answer = isThere ? { watts: answer.watts, atMs: nowMs } : null
      this.#gap = isThere ? null : GAPS[answer.kind]
      // A round of the lane comes a moment after its time.
      this.#nextAtMs = nowMs + (isThere ? EVERY_MS / 2 : ABSENT_EVERY_MS)
    } catch (error) {
      if (signal.aborted) return
      const stalled = error instanceof AppError && error.code === 'deadlineExceeded'
      this.#gap = { kind: 'ipmi', cause: stalled ? 'stalled' : 'unreadable', fix: null }
      this.#nextAtMs = clock.monotonicMs() + EVERY_MS * 4
    }
  }
}
