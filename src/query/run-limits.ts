import { AppError } from '../model/errors.ts'
import type { Role } from '../model/role.ts'
import { type RunLimits, runLimitNames, type TenantRunLimits } from '../model/run-limits.ts'

// Which limits a run gets: what it asks for where that is no more than what its tenant's runs get anyhow, or where a
// Super Admin asks, no more than the ceiling. What it does not ask for is its tenant's, or the lake's.

export interface LimitsInForce {
  /** Of every run. */
  readonly defaults: Required<RunLimits>
  /** What nobody gets more of. */
  readonly ceilings: Required<RunLimits>
}

/** As callers name them. */
const wireNames: Readonly<Record<keyof RunLimits, string>> = {
  rows: 'limits.rows',
  bytes: 'limits.bytes',
  timeoutMs: 'limits.seconds',
  memoryBytes: 'limits.memoryBytes',
  tempBytes: 'limits.tempBytes',
}

/**
 * The run's limits where they differ from the lake's, undefined where they do not. Throws `invalid_argument` for more
 * than the ceiling and `permission_denied` for more than the tenant's without the role.
 */
export function runLimitsOf(
  wanted: RunLimits,
  own: TenantRunLimits,
  role: Role,
  { defaults, ceilings }: LimitsInForce,
): RunLimits | undefined {
  const granted: { -readonly [Name in keyof RunLimits]: number } = { ...own }
  for (const name of runLimitNames) {
    const value = wanted[name]
    if (value === undefined) continue
    const usual = own[name as keyof TenantRunLimits] ?? defaults[name]
    checkLimit(name, value, Math.max(usual, ceilings[name]))
    if (value > usual && role !== 'superAdmin') throw needsSuperAdmin(name, value, usual)
    granted[name] = value
  }
  return Object.keys(granted).length === 0 ? undefined : granted
}

/** Throws `invalid_argument` for what a tenant may not have. */
export function checkTenantRunLimits(wanted: TenantRunLimits, { ceilings }: Pick<LimitsInForce, 'ceilings'>): void {
  for (const name of ['rows', 'bytes', 'timeoutMs'] as const) {
    const value = wanted[name]
    if (value !== undefined) checkLimit(name, value, ceilings[name])
  }
}

function checkLimit(name: keyof RunLimits, value: number, most: number): void {
  if (value <= most) return
  throw new AppError('invalid_argument', `${wireNames[name]} is ${shown(name, value)}: at most ${shown(name, most)}`)
}

function needsSuperAdmin(name: keyof RunLimits, value: number, usual: number): AppError {
  const excess = `more than ${shown(name, usual)}`
  const message = `${wireNames[name]} is ${shown(name, value)}: ${excess} needs the role Super Admin`
  return new AppError('permission_denied', message, { details: { refused: 'role' } })
}

/** Time is in seconds on the wire. */
function shown(name: keyof RunLimits, value: number): number {
  return name === 'timeoutMs' ? Math.ceil(value / 1000) : value
}
