/** What the services' lanes and handlers need of a server. Implemented by `remote/services`. */
import type { ServiceAction, ServiceTarget } from '#contract/services.ts'
import type { ContainerEngine, InitSystem } from '#contract/vocabulary.ts'
import type { EngineAnswer, StatsRow } from '../../domain/services/containers.ts'
import type { Sessions } from '../../domain/services/sessions.ts'
import type { ListedUnit, UnitDetail } from '../../domain/services/units.ts'
import type { UpdatesAnswer } from '../../domain/services/updates.ts'
import type { ActionJournal } from '../machines/hypervisor.ts'
import type { Connection } from '../servers/connection.ts'
import type { Tools } from '../telemetry/tools.ts'

export type Sudo = '' | 'sudo -n '

export interface ReadFrom {
  readonly tools: Tools
  readonly sudo: Sudo
  readonly signal: AbortSignal
}

/** `missing`: systemd runs, but there is no systemctl. */
export type UnitsAnswer =
  | { readonly kind: 'listed'; readonly units: readonly ListedUnit[] }
  | { readonly kind: 'otherInit'; readonly init: InitSystem }
  | { readonly kind: 'missing' | 'daemonDown' | 'denied' | 'failed' }

export interface ContainersAnswer {
  readonly engines: readonly { readonly engine: ContainerEngine; readonly answer: EngineAnswer }[]
}

export interface ActResult {
  /** null: it ended with no exit code of its own. */
  readonly exitCode: number
  /** The server's own words. */
  readonly message: string
  readonly denied: boolean
}

export interface LogResult {
  readonly lines: readonly string[]
  /** The login user may not see all of it. */
  readonly denied: boolean
  readonly message: string | null
}

/** Reading throws AppError as `Tools.run` does; acting as `Connection.run` does. */
export interface ServiceHost {
  users(from: ReadFrom): Promise<Sessions>
  units(from: ReadFrom): Promise<UnitsAnswer>
  unitDetails(from: ReadFrom, names: readonly string[]): Promise<ReadonlyMap<string, UnitDetail>>
  updates(from: ReadFrom): Promise<UpdatesAnswer>
  containers(from: ReadFrom): Promise<ContainersAnswer>
  /** Takes seconds; only where the control groups cannot be read. */
  containerStats(from: ReadFrom, viaSudo: boolean): Promise<ReadonlyMap<string, StatsRow>>
  /** Exactly what `act` runs. Throws invalidInput for what cannot be done to the target. */
  commandOf(target: ServiceTarget, action: ServiceAction, sudo: Sudo): string
  /** Throws conflict when the container's name leads to another one now. */
  act(
    connection: Connection,
    asked: { readonly target: ServiceTarget; readonly action: ServiceAction; readonly sudo: Sudo },
    journal: ActionJournal,
    signal: AbortSignal
  ): Promise<ActResult>
  /** The state in the tool's word, or null. */
  stateOf(
    connection: Connection,
    target: ServiceTarget,
    sudo: Sudo,
    signal: AbortSignal
  ): Promise<string | null>
  log(connection: Connection, target: ServiceTarget, sudo: Sudo, signal: AbortSignal): Promise<LogResult>
}
