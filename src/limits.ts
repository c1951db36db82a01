// Every bound of the program: named with its unit last, with its reason. What an operator may change is a setting in
// config.ts whose default is the value here.

const kib = 1024
const mib = 1024 * kib
const gib = 1024 * mib
const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

// Bounds of ingest.

/** One frame: what DuckDB reads as one JSON value, and what a resend is compared by. */
export const frameBytesMax = 4 * mib
/** One osquery result line; agents drop longer ones themselves (`logger_tls_max_linesize`). */
export const lineBytesMax = 1 * mib
/** One request body after inflating. An agent resends a refused body for ever, so it is generous. */
export const bodyBytesMax = 64 * mib
/** An agent's log post after inflating: 1,024 lines of 1 MiB, the most it sends, and what stands around them. */
export const logBodyBytesMax = 1 * gib + 64 * mib
/** It is taken in pieces of this weight (twice their bytes): what one post holds in memory. */
export const logPieceWeightMax = 32 * mib
/** Of an agent's body, where its lines begin at the latest. */
export const agentHeadBytesMax = 8 * kib
/** Rejected lines named in one answer; all are counted and kept. */
export const rejectedShownMax = 20
/** Of a rejected line, this much is kept for an operator to read … */
export const rejectedTextBytesMax = 16 * kib
/** … of one body, this many … */
export const rejectedKeptPerBodyMax = 1_000
/** … and of one tenant's day this much; past each, rejected lines are only counted. */
export const rejectedFileBytesMax = 64 * mib
/** osquery's host identifier: a UUID, a host name or what an operator chose; it is a key of the store. */
export const hostIdentifierCharsMax = 512
/** Hosts kept in memory, about 300 bytes each. */
export const hostsCachedMax = 100_000
/** How often it is written when hosts were last heard of. */
export const hostsSeenFlushMs = 1 * minute
/** A host not heard of for this long counts as silent: quiet machines report nothing for hours. */
export const hostSilentAfterMs = 1 * day
export const silentHostsShownMax = 50
/** Frames written by one write: what is built at once on the event loop. */
export const segmentBatchBytesMax = 8 * mib
/** A segment is sealed when it has grown this far … */
export const segmentBytesMax = 16 * mib
/** … or is this old. */
export const segmentAgeMsMax = 10 * minute
/** Bodies waiting for the disk, in bytes; past it the answer is an error before anything is written. */
export const intakeQueueBytesMax = 128 * mib
/** Import ids in one question about how far files have come: one statement of the store. */
export const importIdsAskedMax = 1_000
/** Free disk below which ingest answers `unavailable` before it writes. */
export const diskReserveBytes = 512 * mib
/** A sender refused for want of disk waits this long: how full it is is looked at once a minute. */
export const refusedRetrySeconds = 60
/** Bodies of one host that the net against resends compares with: two, and more while an agent is trying again. */
export const resendBodiesMax = 64
/** Consumed segments read at start to rebuild that net, newest first: about two seconds. */
export const replayBytesMax = 256 * mib
/** What a statement with an unknown name waits for the tail to be read for names … */
export const tailKeysMsMax = 200
/** … and the names (of each kind) it learns from one segment. */
export const tailKeyNamesMax = 2_000
/** How often what is due by the clock is done: hashes written, old segments sealed. */
export const ingestTickMs = 1 * second
/** A segment that could not be converted is tried again after at most this. */
export const sealRetryMs = 30 * second
/** How long the hash of an accepted frame is remembered. */
export const frameHashAgeMs = 7 * day
/** A consumed segment stays this long: the net against resends is rebuilt from it at start. */
export const consumedSegmentAgeMsMin = 2 * hour

// Bounds of fleet.

/** A host heard of within this time is online: several times what our agents leave between two requests of theirs … */
export const hostOnlineMs = 10 * minute
/** … and one not heard of for this long is missing: a machine on the longest of holidays is back by then. */
export const hostMissingMs = 30 * day
/** Node keys kept in memory, about 500 bytes each with their hosts. */
export const hostKeysCachedMax = 100_000
/** How long it is believed what is known of a node key: a look-up a minute of each host is nothing. */
export const nodeKeyReadAgainMs = 1 * minute
/** A key works for this long after its host enrolled again: the answer may have been lost, or the host was copied. */
export const replacedNodeKeyMs = 1 * day
/** Replaced keys are kept this long: whether two agents share a host is told by them. */
export const replacedNodeKeysKeptMs = 2 * day
/** How exactly it is known when a key was last used. */
export const nodeKeyUseNotedMs = 5 * minute
/** A replaced key used this long after it was replaced, beside a newer one, is another agent's. */
export const sharedHostAfterMs = 15 * minute
/** Such a key ends this long after it was replaced; its agent then enrols as a host of its own. */
export const sharedNodeKeyMs = 1 * hour
/** Keys of one host that were never used: an agent that enrols in a loop must not fill the store … */
export const unusedNodeKeysMax = 20
/** … and keys of one host in all. */
export const nodeKeysPerHostMax = 5_000
/** Node keys written by one statement. */
export const nodeKeysWrittenMax = 200
/** Enrolments that share a transaction: some 30 ms of the event loop. */
export const enrolmentsAtOnceMax = 50
/** Hosts that have a claim's identifier or hardware UUID and are compared with it. */
export const identityCandidatesMax = 200
/** Of what an agent tells of its machine: characters of one fact … */
export const hostFactCharsMax = 1_024
/** … and decorations kept of one host. */
export const hostDecorationsMax = 64
/** How often a host's facts are learnt from the decorations of its lines. */
export const hostFactsReadMs = 5 * minute
/** Wrong enroll secrets, each counted once, that one address may show in a minute before it is taken for guessing … */
export const wrongSecretsPerAddressMax = 20
/** … and how long a secret that enrolled from there passes all the same. */
export const rightSecretRememberedMs = 1 * day
/** Pairs of address and secret remembered for that. */
export const secretsRememberedMax = 10_000
/** Labels of one tenant. */
export const labelsMax = 1_000
/** Hosts that one request may give a label, or take it from. */
export const labelHostsMax = 1_000
/** Agents give up after 16 s: they are answered before that, with an error where it must be. */
export const agentAnswerMsMax = 10 * second
/** What an agent tells when it enrols. */
export const enrolBodyBytesMax = 1 * mib
/** Other small bodies of agents: a key. */
export const agentBodyBytesMax = 64 * kib
/** What hosts answer to live queries, after inflating: read as it comes, and more of it counted than kept. */
export const distributedBodyBytesMax = 256 * mib
/** A log post whose key comes behind its lines is held until then … */
export const heldLogBodyBytesMax = bodyBytesMax
/** … all such together. */
export const heldLogBytesMax = 128 * mib
/** Silent hosts that one pass of the janitor removes. */
export const hostsExpiredMax = 1_000
/** Hosts of one page. */
export const hostsPageMax = 500

// Bounds of lake.

/** Columns that agents may add to one table of one tenant; further ones are kept in `raw_values`. */
export const grownColumnsMax = 500
/** Age by ingestion at which rows are dropped, unless the tenant says otherwise. */
export const retentionDaysDefault = 90
export const grownFieldIdMin = 10_000
/** Tables that a tenant declares for rows of its own sources. */
export const declaredTablesMax = 100
/** What somebody who undeclares a table waits for bodies that are on their way into it. */
export const undeclareWaitMsMax = 10 * second
/** Tries to convert a segment before it is quarantined. */
export const convertAttemptsMax = 3
export const writerMemoryBytes = 1.5 * gib
/** One statement of the writer process; longer is a hang. */
export const writerStatementMsMax = 10 * minute
/** How often the janitor passes, and how long a pass begins merges. */
export const janitorIntervalMs = 1 * minute
export const janitorBudgetMs = 20 * second
/** Files that one collection, or one tenant's retention, deals with. */
export const collectFilesMax = 1_000
/** How often files that no row names are looked for. */
export const orphanSweepMs = 6 * hour
/** Bytes of data files that one compaction reads: bounds how long it keeps the writer process. */
export const compactionBytesMax = 256 * mib
/** A file this big is not merged again before its week is. */
export const compactedBytesMin = 64 * mib
/** Flush files of today that are merged before the day is over. */
export const todayFlushFilesMax = 12
/** Rows of one query name in a merge from which it gets a file of its own. */
export const compactedFileRowsMin = 10_000
/** Rows from which a merged file gets dictionaries large enough for bloom filters on hashes and addresses. */
export const bloomFilterRowsMin = 100_000
/** A file that no row names is garbage once it is this old: younger, its commit may be under way. */
export const orphanAgeMsMin = 6 * hour
/** Query names noted of one table of one tenant; the rows of further ones are kept, but they are no views. */
export const queryNamesMax = 2_000
/** Query names that a file's row in the catalog lists; with more it is looked into for any name. */
export const queryNamesPerFileMax = 500
/** Rows of one query name in one flush from which it gets a file of its own, with only its columns. */
export const narrowFileRowsMin = 50_000
/** Rows of a Parquet row group: what a reader skips or decodes as one. */
export const rowGroupRows = 40_960
/** Conversion must leave a core to the API and to queries. */
export const writerThreads = 1
export const leaseMs = 60 * second

// Bounds of disk.

/** Copies of the store that are made before its format changes are kept so long. */
export const storeCopyAgeMs = 30 * day

/** Of a budget in use, percent: from the first on it is said, from the second on it is urgent. */
export const budgetWarnPercent = 80
export const budgetUrgentPercent = 90
/** A budget's level goes down again this much below where it went up: at the border it would be logged every minute. */
export const budgetCalmPercent = 2
/** How often sizes are noted, to tell how fast they grow … */
export const sizeSampleMs = 6 * hour
/** … over how long; weekends are part of a rate. */
export const growthSpanMs = 7 * day
/** A rate over less time would be an accident. */
export const growthSpanMsMin = 1 * hour
/** Results and what queries write temporarily: two runs with the most that one may take, and results of two hours. */
export const queryDiskBytes = 24 * gib
/** On a disk without room for the largest result, a run starts where one of this size has room … */
export const runResultBytesMin = 64 * mib
/** … and so much temporary disk. */
export const runTempBytesMin = 64 * mib
/** Tenants whose figures have a label of their own; those of all others are one. */
export const tenantsMeasuredMax = 500
/** How often files of rejected lines are measured, and those past their tenant's retention deleted. */
export const rejectedSweepMs = 1 * hour

// Bounds of query.

export const templateCharsMax = 50_000
export const templateCharsMin = 1
export const runNameCharsMax = 300
export const variableCharsMax = 5_000
export const matchEndpointIdsMax = 1_000
/** Arrays, maps and rows within one another in a result column: each level doubles what a page costs to render. */
export const resultNestingMax = 12
export const resultRowsMax = 1_000_000
export const resultBytesMax = 1 * gib
export const runTimeoutMs = 900 * second
/** What a Super Admin may raise a run or a tenant to; each has a setting. */
export const resultRowsCeiling = 10_000_000
export const resultBytesCeiling = 8 * gib
export const runTimeoutCeilingMs = 4 * hour
/** How long a result is kept where that is asked for, and how much of one tenant's together. */
export const resultKeepMsMax = 30 * day
export const keptBytesPerTenantMax = 10 * gib
/** Kept results of all tenants leave this part of the disk of queries to runs. */
export const keptShareMax = 0.5
/** What counting the rows of a cut result may take. */
export const totalCountMsMax = 1 * second
export const runLifetimeMs = 2 * hour
export const runsQueuedMax = 200
export const runsQueuedPerTenantMax = 20
/** Rows whose wide columns are better read one by one, once they are known to be the ones that a LIMIT keeps. */
export const fewRowsMax = 2_000
export const sqlCheckMsMax = 500
/** Validations of one tenant at once: an editor asks one at a time, and all share the one SQL thread. */
export const validationsPerTenantMax = 4
/** What a validation waits for a worker to say the result's types; runs come first where all are busy. */
export const describeMsMax = 2 * second
/** Tenants that one request may run over … */
export const manyRunTenantsMax = 1_000
/** … of which so many are in the queue at once: it keeps its places for others … */
export const manyRunPartsAtOnce = 8
/** … and such requests of one partner or organization under way. */
export const manyRunsPerAccountMax = 4
/** How often parts under way are looked at. */
export const manyRunStepMs = 100
export const pageRowsDefault = 50
export const pageRowsMax = 2_000
export const runsPageDefault = 50
export const runsPageMax = 100

// Bounds of agent configurations.

/** Labels of a tenant with a configuration of their own: all that apply to a host are laid over one another. */
export const configuredLabelsMax = 100
/** Versions of one label's configuration; none is ever deleted. */
export const configVersionsMax = 10_000
export const configCommentCharsMax = 500
/** Versions in one page of a configuration's history. */
export const configVersionsPageMax = 100
/** Errors, and warnings, of a configuration in one answer. */
export const findingsShownMax = 200
/** Of what is served, kept in memory as text: hosts of one platform with the same labels share one. */
export const servedConfigBytesMax = 64 * mib
/** Tenants whose configurations are in memory. */
export const configuredTenantsMax = 1_000
/** A file of Fleet's to import: a quarter of a second of the event loop. */
export const fleetYamlBytesMax = 256 * kib

// Bounds of engine.

export const workerCount = 2
export const workerMemoryBytes = 2 * gib
export const workerTempBytes = 8 * gib
export const workerRunsMax = 100
export const cancelGraceMs = 1 * second
export const readerMemoryBytes = 512 * mib
/** Resident growth of a worker over its first run after which it is replaced: freed memory is not always given back. */
export const workerGrowthBytesMax = 512 * mib
/** One slice of a result as JSON text; rows beyond it come with the next page. */
export const sliceBytesMax = 16 * mib
/** What a run renders ahead, so that its first page is a file read: 1,000 rows of all 490 columns are 11 MiB. */
export const firstPageRowsMax = 2_000
export const firstPageBytesMax = 12 * mib
/** A page that takes longer has met a damaged file or a sick reader. */
export const readerTimeoutMs = 30 * second
/** Exports at once, each a process of its own with `readerMemoryBytes`; of one tenant fewer, so that two can export. */
export const exportsAtOnceMax = 4
export const exportsPerTenantMax = 2
/** A client that takes no byte of an export for this long has gone without saying so. */
export const exportStallMsMax = 2 * minute
/** Engine processes that die before they are ready, one after another, before callers are told `unavailable`. */
export const workerStartsFailedMax = 3

// Bounds of access.

export const accessTokenSeconds = 3_600
export const refreshTokenMs = 30 * day
/** Age at which the key that signs access tokens is replaced; tokens of the old one stay valid. */
export const signingKeyMs = 90 * day
/** Unused refresh tokens kept of one principal: most clients never use theirs. */
export const refreshTokensPerPrincipalMax = 100
/** One body of the token service or of the XDR API; a template of 50,000 characters fits many times. */
export const requestBytesMax = 1 * mib
/** Calls of one principal about one tenant in a minute, sustained … */
export const callsPerMinuteMax = 100
/** … and so many more in five minutes before it is refused: a burst of 300 in one minute passes. */
export const callBurstMax = 200
export const callsPerDayMax = 200_000
/** Failed logins of one client id from one address in a minute … */
export const failedLoginsPerMinuteMax = 10
/** … and of one address, whichever client ids it tries. */
export const failedLoginsPerAddressMax = 100
/** How exactly the last use of an ingest token is known: a write of the store each time would slow ingest down. */
export const ingestTokenUseNotedMs = 1 * minute
/** An acknowledgement id asked about after this is unknown: shippers ask within minutes. */
export const ackIdAgeMsMax = 30 * day
/** Acknowledgement ids in one question. */
export const ackIdsAskedMax = 10_000
/** Ingest tokens of one tenant, revoked ones included. */
export const ingestTokensMax = 1_000
/** Audit entries kept of one partner or organization; a tenant's are rows of its lake. */
export const accountAuditEntriesMax = 10_000
/** Refused calls alike within this time are one audit entry … */
export const refusalsSummedMs = 1 * minute
/** … and of one account so many are told apart; further ones are one. */
export const refusalKindsMax = 100
/** Days that a tenant's rows may be kept. */
export const retentionDaysMax = 3_650
/** `?wait=` of a run, in seconds. */
export const waitSecondsMax = 60
export const idempotencyKeyCharsMax = 255
export const listPageDefault = 50
export const tenantsPageMax = 100
export const endpointsPageMax = 500
export const savedQueriesPageMax = 250
export const rejectedRequestBytesMax = 1 * mib
/** A stop promises ten seconds; this is when what is left is cut off. */
export const shutdownMsMax = 9 * second

// Bounds of connections and certificates.

/** For a whole request: an ingest body of the largest size over a slow line takes minutes. */
export const requestMsMax = 300 * second
/** For a request's line and headers, and for the first byte on a new connection: they fit in a packet or two. */
export const headersMsMax = 30 * second
/** How often connections are looked at for being too slow. */
export const slowConnectionCheckMs = 5 * second
/** An idle connection is kept longer than proxies keep theirs, and than agents' minute, so that they close first. */
export const idleConnectionMsMax = 72 * second
/** For a TLS handshake; an agent gives up a whole request after 16 s. */
export const handshakeMsMax = 20 * second
/** Of the files that the process may open, those that connections of agents leave to the lake itself. */
export const filesForLakeMin = 1_024
/** The certificate authority that agents are told to trust: it must outlive the machines that have it. */
export const tlsAuthorityMs = 20 * 365 * day
/** Its end is near when agents can still be given another in peace. */
export const tlsAuthorityWarnMs = 730 * day
/** Long enough for a lake that is switched off over the holidays … */
export const tlsServerCertificateMs = 90 * day
/** … and renewed this long before it ends. */
export const tlsRenewBeforeMs = 30 * day
/** A certificate that nobody renewed: of the operator's own ones only. */
export const tlsServerWarnMs = 14 * day
/** Certificates begin this long ago: clocks of agents are behind. */
export const tlsBackdatedMs = 7 * day
/** How often it is looked at whether the lake's own certificate still fits … */
export const tlsLocalCheckMs = 1 * hour
/** … and whether the operator's files have changed. */
export const tlsFilesCheckMs = 30 * second
/** Addresses of this machine in its certificate; a machine with more has them from containers. */
export const tlsAddressesMax = 32
/** Files of an operator's certificates: a bundle of every public authority has 250 KiB. */
export const tlsFileBytesMax = 1 * mib
