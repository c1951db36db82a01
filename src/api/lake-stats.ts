import Type, { type Static } from 'typebox'

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
    overCap: Type.Optional(
      Type.Object(
        { lines: Type.Integer(), bytes: Type.Integer(), hosts: Type.Integer() },
        { description: 'of today and yesterday: acknowledged over an upload cap, not stored; absent: nothing' },
      ),
    ),
    lagMs: Type.Optional(Type.Integer({ description: 'age of the newest accepted line; absent: none yet' })),
  }),
  disk: Type.Optional(Type.Object({ freeBytes: Type.Integer(), totalBytes: Type.Integer() })),
  hosts: Type.Object({
    total: Type.Integer(),
    silent: Type.Integer({ description: 'no line for `silentAfterMs`' }),
    silentAfterMs: Type.Integer(),
    silentFirst: Type.Array(StatsHost, { description: 'the silent ones, longest first, at most 50' }),
  }),
  tables: Type.Array(StatsTable),
  queryNames: Type.Array(StatsQueryName),
})
export type LakeStats = Static<typeof LakeStats>
