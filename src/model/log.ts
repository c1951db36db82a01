/** Where a subsystem says what happened: facts as fields, then a constant message. A pino logger fits as it is. */
export interface Log {
  info(facts: Readonly<Record<string, unknown>>, message: string): void
  warn(facts: Readonly<Record<string, unknown>>, message: string): void
  error(facts: Readonly<Record<string, unknown>>, message: string): void
}

export const silentLog: Log = { info: () => {}, warn: () => {}, error: () => {} }
