// What bounds one run. A caller may ask for less than its lake gives every run; a Super Admin for more, up to a ceiling
// that the operator sets.

export interface RunLimits {
  /** Rows of the result. */
  readonly rows?: number
  /** Bytes of the result on disk. */
  readonly bytes?: number
  /** From the run's creation to its end, ms. */
  readonly timeoutMs?: number
  /** What the statement may hold, bytes; never more than the lake's own bound. */
  readonly memoryBytes?: number
  /** Temporary disk, bytes; never more than the lake's own bound. */
  readonly tempBytes?: number
}

export const runLimitNames = ['rows', 'bytes', 'timeoutMs', 'memoryBytes', 'tempBytes'] as const

/** Those that a tenant may have more of than others. */
export type TenantRunLimits = Pick<RunLimits, 'rows' | 'bytes' | 'timeoutMs'>
