import Type, { type Static } from 'typebox'
import { budgetLevels } from '../model/budget-level.ts'

// `GET /lake/v1/stats`: how much of one tenant is where, how fresh it is, and how the lake is doing. Absent members are
// facts the server does not have (an empty lake has no oldest row), never zero in disguise.

export const StatsTable = Type.Object({
  name: Type.String(),
  rows: Type.Integer(),
  bytes: Type.Integer(),
  files: Type.Integer(),
  oldest: Type.Optional(Type.String()),
  newest: Type.Optional(Type.String()),
})

export const StatsQueryName = Type.Object({
  name: Type.String(),
  rows: Type.Integer(),
  firstSeen: Type.String(),
  lastSeen: Type.String(),
})

export const StatsHost = Type.Object({
  id: Type.String(),
  hostIdentifier: Type.String(),
  lastSeenAt: Type.Optional(Type.String({ description: 'time of receipt of its last accepted line' })),
})
export type StatsHost = Static<typeof StatsHost>

/** The tenant's disk: what it takes, and how long its budget lasts. */
export const StatsBudget = Type.Object({
  usedBytes: Type.Integer({ description: 'as of a minute ago at most' }),
  dataFileBytes: Type.Integer(),
  segmentBytes: Type.Integer({ description: 'of lines as they came; kept two hours beside the data files' }),
  rejectedBytes: Type.Integer(),
  budgetBytes: Type.Optional(Type.Integer({ description: 'absent: only the whole lake has one' })),
  percent: Type.Optional(Type.Integer()),
  level: Type.Enum([...budgetLevels], { description: 'warn from 80 %, urgent from 90 %, full from 100 %' }),
  bytesPerDay: Type.Optional(Type.Integer({ description: 'growth of the last seven days; absent: not known yet' })),
  daysLeft: Type.Optional(Type.Number({ description: 'at that rate; absent: no budget, or it does not grow' })),
  whenFull: Type.Enum(['refuse', 'drop-oldest']),
  dropped: Type.Optional(
    Type.Object(
      { files: Type.Integer(), rows: Type.Integer(), bytes: Type.Integer() },
      { description: 'data files that went before their age; runs over their time say `diskBudget`' },
    ),
  ),
})
export type StatsBudget = Static<typeof StatsBudget>

export const LakeStats = Type.Object({
  asOf: Type.String(),
  rows: Type.Integer({ description: 'in data files; the tail is counted in lines' }),
  bytes: Type.Integer({ description: 'of the data files' }),
  files: Type.Integer(),
  oldest: Type.Optional(Type.String({ description: 'event time' })),
  newest: Type.Optional(Type.String({ description: 'event time' })),
  tail: Type.Object({
    segments: Type.Integer(),
    lines: Type.Integer(),
    bytes: Type.Integer(),
    oldestAt: Type.Optional(Type.String({ description: 'receipt of the oldest line that is not in a data file' })),
    quarantined: Type.Integer({ description: 'segments that could not be converted: kept, and still read by queries' }),
  }),
  ingest: Type.Object({
    acceptedLines: Type.Integer({ description: 'since the server started; a rate is the difference of two readings' }),
    ingestOff: Type.Optional(
      Type.Object(
        { lines: Type.Integer(), bytes: Type.Integer(), hosts: Type.Integer() },
        { description: 'of today and yesterday: of hosts whose ingest is switched off, not stored; absent: nothing' },
      ),
    ),
    overCap: Type.Optional(
      Type.Object(
        { lines: Type.Integer(), bytes: Type.Integer(), hosts: Type.Integer() },
        { description: 'of today and yesterday: acknowledged over an upload cap, not stored; absent: nothing' },
      ),
    ),
    lagMs: Type.Optional(Type.Integer({ description: 'age of the newest accepted line; absent: none yet' })),
  }),
  disk: Type.Optional(
    Type.Object({
      freeBytes: Type.Integer(),
      totalBytes: Type.Integer(),
      percent: Type.Optional(Type.Integer({ description: "of the whole lake's budget in use" })),
      daysLeft: Type.Optional(Type.Number({ description: 'until it is used up; absent: it does not grow' })),
    }),
  ),
  budget: StatsBudget,
  hosts: Type.Object({
    total: Type.Integer(),
    enrolled: Type.Integer({ description: 'the others are known from their logs only' }),
    online: Type.Integer({ description: 'heard of within 10 minutes' }),
    offline: Type.Integer(),
    missing: Type.Integer({ description: 'not heard of for 30 days' }),
    silent: Type.Integer({ description: 'no line for `silentAfterMs`' }),
    silentAfterMs: Type.Integer(),
    silentFirst: Type.Array(StatsHost, { description: 'the silent ones, longest first, at most 50' }),
  }),
  tables: Type.Array(StatsTable),
  queryNames: Type.Array(StatsQueryName),
})
export type LakeStats = Static<typeof LakeStats>
