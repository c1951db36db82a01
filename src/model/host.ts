// An enrolled machine, or one known only from its logs. Its id is the `endpoint_id` of every row it reported and
// never changes, whichever way the machine was first seen.

export interface Host {
  readonly id: string
  readonly tenantId: string
  /** osquery's `hostIdentifier`, as the agent spells it. Unique within the tenant. */
  readonly hostIdentifier: string
  /** From enrolment only; an enrolment with a known one adopts that host. */
  readonly hardwareUuid: string | undefined
  readonly createdAt: number
  /** Receipt of its last body, up to a minute late; undefined: none since this was noted. */
  readonly lastSeenAt: number | undefined
}
