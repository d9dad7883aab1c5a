/** Everything that is checked before a machine is made, in the order in which it is shown. */
import type { CreateCheck, CreateRequest } from '#contract/create.ts'
import { userDataProblem } from '../../domain/cloud-init/seed.ts'
import { createChecks } from '../../domain/libvirt/create-checks.ts'
import type { HypervisorSession } from '../machines/hypervisor.ts'
import { wantedOf, type GatheredFacts } from './create-facts.ts'

export function checksOf(
  request: CreateRequest,
  { facts }: GatheredFacts,
  session: HypervisorSession
): CreateCheck[] {
  const checks: CreateCheck[] = createChecks(wantedOf(request.spec), facts).map((check) => ({
    ...check,
    params: { ...check.params }
  }))
  const seed = seedCheck(request)
  if (seed !== null) checks.push(seed)
  if (request.xml !== null) checks.push(xmlCheck(request.xml, request, session))
  return checks
}

function seedCheck({ spec: { source } }: CreateRequest): CreateCheck | null {
  const user = source.kind === 'cloudImage' ? source.seed?.user : undefined
  if (user === undefined) return null
  if (user.kind === 'own') {
    const problem = userDataProblem(user.userData)
    return problem === null
      ? null
      : { id: 'source', state: 'fail', reason: `userData-${problem}`, params: {} }
  }
  if (user.password !== null || user.sshKeys.length > 0) return null
  return { id: 'source', state: 'warn', reason: 'noLogin', params: { name: user.name } }
}

/** libvirt itself judges the rest when it is defined (`--validate`). */
function xmlCheck(xml: string, { spec }: CreateRequest, session: HypervisorSession): CreateCheck {
  const identity = session.creation.identityOf(xml)
  const result = (state: CreateCheck['state'], reason: string): CreateCheck => ({
    id: 'xml',
    state,
    reason,
    params: {}
  })
  if (identity === null) return result('fail', 'notXml')
  if (identity.uuid !== spec.vmUuid) return result('fail', 'otherUuid')
  if (identity.name !== spec.name) return result('fail', 'otherName')
  return result('ok', 'edited')
}
