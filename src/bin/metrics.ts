import { collectDefaultMetrics, Registry } from 'prom-client'

/** How often the event loop's delay is sampled, ms: what is added to each delay it reports. */
const eventLoopPrecisionMs = 10

/** Metrics of the process itself: memory, event loop delay since the last scrape, garbage collection, open files. */
export function openMetrics(): Registry {
  const register = new Registry()
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: eventLoopPrecisionMs })
  return register
}
