import type { HostKeys } from '../../auth/host-keys.ts'
import { AppError } from '../../model/errors.ts'
import type { Host } from '../../model/host.ts'
import { parseObject } from '../../osquery/host-details.ts'
import { nodeInvalid } from '../agent-error.ts'
import type { AgentCall } from './agent-handler.ts'

/**
 * The host behind the key of a request; that in its body wins over that in its header, which agents send from 5.23 on.
 * An unknown key is the one reason to tell an agent to enrol again. Rejects otherwise as `HostKeys.find` does, with
 * `unauthenticated` without a key, and with `permission_denied` where the path names another tenant.
 */
export async function hostOf(
  hostKeys: Pick<HostKeys, 'find'>,
  { request, tenantId }: Pick<AgentCall, 'request' | 'tenantId'>,
  inBody: string | undefined,
): Promise<Host> {
  const nodeKey = inBody ?? /^ *nodekey +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1]
  if (nodeKey === undefined) throw new AppError('unauthenticated', 'node_key is missing')
  const host = await hostKeys.find(nodeKey)
  if (host === undefined) {
    throw new AppError('unauthenticated', 'unknown node key: enroll again', { details: nodeInvalid })
  }
  if (tenantId !== undefined && tenantId !== host.tenantId) {
    throw new AppError('permission_denied', "the node key is not this environment's")
  }
  return host
}

/** The key in a body that holds nothing else that is looked at. Throws `invalid_argument` for no JSON object. */
export function nodeKeyIn(bytes: Buffer): string | undefined {
  const key = parseObject(bytes)['node_key']
  return typeof key === 'string' ? key : undefined
}
