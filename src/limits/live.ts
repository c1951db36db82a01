// Bounds of live queries, as in limits.ts: named with the unit last, with the reason.

const kib = 1024
const mib = 1024 * kib
const gib = 1024 * mib
const second = 1000
const minute = 60 * second
const day = 24 * 60 * minute

/** Rows of one host's answer that are kept … */
export const liveAnswerRowsMax = 100_000
/** … and their bytes as JSON; what is beyond is counted and said. */
export const liveAnswerBytesMax = 8 * mib
/** One row of an answer: with the line around it, it must fit into a line of the lake. */
export const liveRowBytesMax = 960 * kib
/** Queries told apart in one distributed/write; an agent is never given more. */
export const liveQueriesPerWriteMax = 1_000
/** Of what an agent says about a query. */
export const liveMessageCharsMax = 4_096
/** One part of an answer, a line of the lake: a page reads few of them. Rows … */
export const livePartRowsMax = 1_000
/** … and bytes of them as JSON; a longer row is a part of its own. */
export const livePartBytesMax = 256 * kib
/** Of a host's decorations, what its answer's lines carry: each line repeats them. */
export const liveDecorationBytesMax = 4 * kib
/** Rows of one run's result … */
export const liveRunRowsMax = 1_000_000
/** … and their bytes as JSON; later answers are counted, not kept. */
export const liveRunBytesMax = 512 * mib
/** Different columns told of one run. */
export const liveColumnsMax = 500
/** What a tenant's results take in the store; past it the oldest ended runs go before their time. */
export const liveTenantBytesMax = 4 * gib
/** Runs of one tenant under way … */
export const liveRunsOpenMax = 20
/** … and hosts of all runs under way: about 200 bytes of memory each. */
export const liveHostsOpenMax = 500_000
/** How long a host that has not answered is waited for; most agents ask once a minute. */
export const liveRunMs = 15 * minute
export const liveRunMsMin = 10 * second
export const liveRunMsMax = 1 * day
/** How long a run and its result are kept; its rows stay in the lake. */
export const liveLifetimeMs = 1 * day
/**
 * A query is not handed to a host again before this: an agent gives up on an answer after 16 s and asks anew, and two
 * machines may share one key.
 */
export const liveHandOutMs = 20 * second
/** Hand-outs after which a host that never answers has failed: the query may be what ends its agent. */
export const liveHandOutsMax = 5
/** Queries in one answer to an agent. */
export const liveQueriesPerReadMax = 10
/** Seconds for which an agent with a query asks every five: the next question often follows the answer. */
export const liveAccelerateSeconds = 60
/** Answers written by one transaction: a few milliseconds of the event loop. */
export const liveBatchAnswersMax = 50
/** How often what is due by the clock is done: deadlines, hand-outs noted, answers not yet in the lake. */
export const liveTickMs = 1 * second
/** Live runs a tenant starts in a minute and on a day, as the original has it. */
export const liveRunsPerMinuteMax = 10
export const liveRunsPerDayMax = 500
/** Filters in `matchEndpoints`. */
export const liveFiltersMax = 5
/** A page of a live run's result, of its hosts and of a list of runs. */
export const livePageRowsMax = 1_000
export const liveHostsPageMax = 500
