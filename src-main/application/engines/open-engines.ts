/** Puts outside engines and their secrets together, for the engine. */
import type { EngineDeps } from '../engine-deps.ts'
import { SealedTexts } from '../sealed-texts.ts'
import { engineHandlers } from './engine-handlers.ts'
import { EngineVault } from './engine-vault.ts'
import { OutsideEngines } from './outside-engines.ts'

export interface OpenedEngines {
  readonly outside: OutsideEngines
  readonly vault: EngineVault
  readonly handlers: ReturnType<typeof engineHandlers>
}

export function openEngines(deps: EngineDeps): OpenedEngines {
  const { clock, random, engineHttp: http, engineQueues: queues, secretOf } = deps
  const { log, cipher } = deps.platform
  const { blobs } = deps.storage
  const vault = new EngineVault({ sealed: new SealedTexts({ cipher, blobs }), secretOf })
  const outside = new OutsideEngines({ blobs, vault, queues, http, clock, log, random })
  return { outside, vault, handlers: engineHandlers({ engines: outside, vault, http, clock, log }) }
}
