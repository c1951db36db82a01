import { headersMsMax, idleConnectionMsMax, requestMsMax, slowConnectionCheckMs } from '../limits.ts'

/** What bounds a connection on every listener: a client that is slow on purpose costs a socket for this long. */
export const connectionOptions = {
  requestTimeout: requestMsMax,
  headersTimeout: headersMsMax,
  keepAliveTimeout: idleConnectionMsMax,
  connectionsCheckingInterval: slowConnectionCheckMs,
  // Node's own answer to a request without Host has no body; the app's is JSON, as every error is.
  requireHostHeader: false,
} as const
