import { headersMsMax, idleConnectionMsMax, requestMsMax, slowConnectionCheckMs } from '../limits.ts'

/** What bounds a connection on every listener: a client that is slow on purpose costs a socket for this long. */
export const connectionOptions = {
  requestTimeout: requestMsMax,
  headersTimeout: headersMsMax,
  keepAliveTimeout: idleConnectionMsMax,
  connectionsCheckingInterval: slowConnectionCheckMs,
} as const
