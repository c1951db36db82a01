import { type AgentLog, flagsOfHost, openAgentLog } from '../buffered-log/agent-log.ts'
import { type Ledger, openLedger } from '../buffered-log/ledger.ts'
import { type LogForwarder, openLogForwarder } from '../buffered-log/log-forwarder.ts'
import { type LogStore, openLogStore } from '../buffered-log/log-store.ts'
import type { SimulatedHost } from '../hosts.ts'
import { hostDetails, platformTypes } from '../queries/host-details.ts'
import { type HostTables, openHostTables } from '../queries/host-tables.ts'
import { type LiveQueries, openLiveQueries } from '../queries/live-queries.ts'
import { openScheduler, type Scheduler } from '../queries/scheduler.ts'
import { servedSchedule, shardOf } from '../queries/served-schedule.ts'
import { openRandom } from '../random.ts'
import { parseAnswer } from '../remote/judgement.ts'
import { openRollingLife, type RollingLife } from '../rolling-life.ts'
import type { HostLife } from '../scheduled-queries.ts'
import type { AgentOptions } from './agent-options.ts'
import { jsonBody, keyBody, logBody } from './bodies.ts'
import { type Configuration, openConfiguration } from './configuration.ts'
import { enrol } from './enrolment.ts'
import { requestWriter } from './misbehaviour.ts'
import { openRequests, type Requests } from './requests.ts'

// The parts of an agent, tied together.

/** The worker that the parts run in, as they see it. */
export interface Worker {
  /** By the agent's own clock. */
  readonly now: () => number
  /** Seconds; ends early with the worker. */
  readonly wait: (seconds: number) => Promise<void>
  readonly isStopped: () => boolean
  readonly crash: () => void
}

export interface AgentParts {
  readonly ledger: Ledger
  readonly store: LogStore
  readonly requests: Requests
  readonly configuration: Configuration
  readonly forwarder: LogForwarder
  readonly scheduler: Scheduler
  readonly live: LiveQueries
}

export function openAgentParts(options: AgentOptions, worker: Worker): AgentParts {
  const { host, osqueryVersion, misbehaviour = {}, markedAs } = options
  const { now } = worker
  const ledger = openLedger()
  const store = openLogStore()
  const { lifeAt, openTables } = openHost(options, now)
  const given = flagsOfHost(host, options.flags)
  const flags = () => configuration?.flags ?? given
  const log = openAgentLog({ host, osqueryVersion, flags, store, ledger, markedAs, misbehaviour, now })
  const requests = openAgentRequests(options, worker, log)
  const configuration: Configuration | undefined = openConfiguration({
    ...{ ...worker, flags: given },
    fetch: () => requests.repeated('config', keyBody, given.config_tls_max_attempts),
    onChange: (served, inForce) => {
      if (options.executesOwnOnly) return
      const of = { platform: host.platform, osqueryVersion, flags: inForce, shard: shardOf(host.identifier) }
      scheduler.schedule(servedSchedule(served, { ...of, discover: sql => countRows(openTables, sql) }))
    },
  })
  const scheduler = openScheduler({
    ...{ ...worker, host, flags, own: options.own ?? [], lifeAt, openTables },
    wait: (seconds, signal) => options.effects.wait(seconds * 1000, signal),
    log: log.report,
    onExecute: (name, sql) => log.status('info', 'scheduler.cpp:135', `Executing scheduled query ${name}: ${sql}`),
    onError: (name, message) =>
      log.status('error', 'scheduler.cpp:142', `Error executing scheduled query ${name}: ${message}`),
  })
  const forwarder = openLogForwarder({
    ...{ ...worker, flags, store, ledger },
    send: (kind, lines) => {
      const { logger_tls_compress: isPacked } = flags()
      return requests.once('log', nodeKey => logBody(nodeKey, kind, lines, isPacked), isPacked)
    },
    onPurge: (max, size) =>
      log.status('warning', 'buffered.cpp:120', `Purging buffered logs limit (${max}) exceeded: ${size}`),
  })
  const attempts = () => flags().distributed_tls_max_attempts
  const live = openLiveQueries({
    ...{ ...worker, flags, openTables },
    read: () => requests.repeated('read', keyBody, attempts()),
    write: answers => requests.repeated('write', key => jsonBody({ ...answers, node_key: key }), attempts()),
    isDeadly: sql => misbehaviour.crashesOn?.test(sql) ?? false,
    onDeath: worker.crash,
    onQuery: (id, sql) => log.status('info', 'distributed.cpp:196', `Executing distributed query: ${id}: ${sql}`),
  })
  return { ledger, store, requests, configuration, forwarder, scheduler, live }
}

/** The host as its agent sees it. */
function openHost({ host, seed, osqueryVersion }: AgentOptions, now: () => number) {
  let life: RollingLife | undefined
  const lifeAt = (time: number): HostLife => {
    life ??= openRollingLife(host, seed, time)
    return { host, random: openRandom(host.identifier), processes: life.processesAt(time), story: undefined }
  }
  const openTables = (): HostTables => openHostTables(lifeAt(now()), osqueryVersion, now())
  return { lifeAt, openTables }
}

function countRows(openTables: () => HostTables, sql: string): number {
  using tables = openTables()
  return tables.ask(sql).rows.length
}

function openAgentRequests(options: AgentOptions, worker: Worker, log: AgentLog): Requests {
  const { host, origin, paths, osqueryVersion, trust, misbehaviour = {}, flags } = options
  return openRequests({
    ...{ ...worker, origin, paths, osqueryVersion, trust },
    ...(options.requestTimeoutMs === undefined ? {} : { timeoutMs: options.requestTimeoutMs }),
    writeRequest: requestWriter(misbehaviour),
    connections: options.connections ?? 'shared',
    acceptsGzip: flags.tls_accept_gzip,
    parse: options.parse ?? parseAnswer,
    enrolmentBody: () => enrolmentBody(host, options, worker.now()),
    enrol: post =>
      enrol({
        ...{ ...worker, post, flags: () => flags },
        onFailure: reason => {
          const message = `Failed enrollment request to ${origin}${paths.enroll} (${reason}) retrying...`
          log.status('warning', 'tls_enroll.cpp:98', message)
        },
      }),
    onExchange: options.onExchange ?? (() => {}),
  })
}

function enrolmentBody(host: SimulatedHost, { enrollSecret, osqueryVersion }: AgentOptions, now: number): object {
  return {
    enroll_secret: enrollSecret,
    host_identifier: host.identifier,
    platform_type: platformTypes[host.platform],
    host_details: hostDetails(host, osqueryVersion, now),
  }
}
