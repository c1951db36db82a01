import { Counter } from 'prom-client'
import type { EnrolmentRefusal } from '../../fleet/enrolment.ts'
import { AppError } from '../../model/errors.ts'
import { parseEnrolRequest } from '../../osquery/host-details.ts'
import { nodeInvalid } from '../agent-error.ts'
import type { AppDependencies } from '../dependencies.ts'
import type { AgentCall } from './agent-handler.ts'
import { openEnrolThrottle } from './enrol-throttle.ts'

// An agent enrols: guessing is slowed down, what was done is kept in the tenant's audit log, and refusals are summed up
// there and in a figure. The answer to a wrong secret is that of an unknown key: both mean "enrol", and an agent that
// asked to enrol has no key to lose.

export function enrolments(deps: AppDependencies): (call: AgentCall) => Promise<string> {
  const { agents, audit, clock, metrics } = deps
  const throttle = openEnrolThrottle(clock)
  const outcomes = new Counter({
    name: 'edr_lake_agent_enrolments_total',
    help: 'enrolments of agents by what came of them',
    labelNames: ['outcome'] as const,
    registers: [metrics],
  })

  async function refused({ request, peerIp, tenantId }: AgentCall, secret: string, error: AppError): Promise<AppError> {
    outcomes.inc({ outcome: 'refused' })
    const { enrolment } = (error.details ?? {}) as { enrolment?: EnrolmentRefusal }
    const about = enrolment?.tenantId ?? tenantId
    const details = { reason: error.message, enrollSecretId: enrolment?.enrollSecretId }
    const facts = { at: clock(), action: 'hosts.enrol', address: peerIp, requestId: request.id }
    if (about !== undefined) audit.refused({ ...facts, tenantId: about, actor: undefined, details })
    if (error.code !== 'unauthenticated') return new AppError(error.code, error.message, { cause: error })
    await throttle.failed(peerIp, secret)
    return new AppError('unauthenticated', error.message, { cause: error, details: nodeInvalid })
  }

  return async call => {
    const { request, peerIp, tenantId } = call
    const enrol = parseEnrolRequest(await call.body.whole())
    const secret = enrol.secret ?? ''
    await throttle.check(peerIp, secret)
    const enrolled = await agents.enrolment.enrol(enrol, { publicIp: peerIp, tenantId }).catch(async error => {
      const isRefusal = error instanceof AppError && error.details?.['enrolment'] !== undefined
      throw isRefusal ? await refused(call, secret, error) : error
    })
    throttle.passed(peerIp, secret)
    const { host, nodeKey, isNew, isAgain, duplicateOf, enrollSecretId } = enrolled
    outcomes.inc({ outcome: isNew ? 'new' : isAgain ? 'again' : 'known' })
    try {
      await audit.record({
        ...{ tenantId: host.tenantId, at: clock(), action: 'hosts.enrol', outcome: 'done', actor: undefined },
        ...{ address: peerIp, requestId: request.id, target: host.id },
        details: { hostIdentifier: host.hostIdentifier, isNew, isAgain, duplicateOf, enrollSecretId },
      })
    } catch (error) {
      // It is done, and its agent must hear of it.
      request.log.error({ err: error, target: host.id }, 'audit entry of an enrolment not kept')
    }
    return JSON.stringify({ node_key: nodeKey })
  }
}
