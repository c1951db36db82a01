import type { Store } from '../db/db.ts'
import { findMeta, putMeta } from '../db/meta.ts'
import type { AgentDoor } from '../osquery/agent-files/agent-door.ts'

// Where the last start told agents to go, in the store: `agent-files` on a data directory has no other way to know with
// which flags its server runs.

const key = 'agent_door'

export async function noteAgentDoor(store: Store, door: AgentDoor | undefined): Promise<void> {
  await putMeta(store, key, JSON.stringify(door ?? null))
}

/** undefined: no start has noted any, or the last one served no TLS. */
export async function findAgentDoorNote(store: Store): Promise<AgentDoor | undefined> {
  const text = await findMeta(store, key)
  return text === undefined ? undefined : ((JSON.parse(text) as AgentDoor | null) ?? undefined)
}
