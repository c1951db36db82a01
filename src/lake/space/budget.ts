import { budgetCalmPercent, budgetUrgentPercent, budgetWarnPercent, growthSpanMsMin } from '../../limits.ts'
import { type BudgetLevel, budgetLevels, isAbove } from '../../model/budget-level.ts'
import { dayMs } from '../../model/time-range.ts'

// How full a disk budget is, and how long it lasts at the rate at which it has been filling. Pure.

export interface BudgetStatus {
  readonly usedBytes: number
  /** undefined: none. */
  readonly budgetBytes: number | undefined
  /** Whole percent of the budget in use, rounded down. */
  readonly percent: number | undefined
  readonly level: BudgetLevel
  /** What it grew by a day, lately; negative where it shrank, undefined where nothing is known yet. */
  readonly bytesPerDay: number | undefined
  /** Until the budget is used up at that rate; undefined without a budget, or where it does not grow. */
  readonly daysLeft: number | undefined
}

/** What was in use at an earlier time, ms. */
export interface EarlierSize {
  readonly at: number
  readonly bytes: number
}

/** `before`: the level it had when it was last looked at, so that it does not go up and down at a border. */
export function budgetStatus(
  usedBytes: number,
  budgetBytes: number | undefined,
  earlier: EarlierSize | undefined,
  now: number,
  before: BudgetLevel = 'calm',
): BudgetStatus {
  const bytesPerDay = rateOf(usedBytes, earlier, now)
  if (budgetBytes === undefined) {
    return { usedBytes, budgetBytes, percent: undefined, level: 'calm', bytesPerDay, daysLeft: undefined }
  }
  const left = Math.max(0, budgetBytes - usedBytes)
  const daysLeft = bytesPerDay !== undefined && bytesPerDay > 0 ? left / bytesPerDay : undefined
  const percent = budgetBytes > 0 ? Math.floor((usedBytes / budgetBytes) * 100) : 100
  return { usedBytes, budgetBytes, percent, level: levelOf(percent, before), bytesPerDay, daysLeft }
}

function rateOf(usedBytes: number, earlier: EarlierSize | undefined, now: number): number | undefined {
  if (earlier === undefined || now - earlier.at < growthSpanMsMin) return undefined
  return ((usedBytes - earlier.bytes) / (now - earlier.at)) * dayMs
}

const startsAt: Readonly<Record<BudgetLevel, number>> = {
  calm: Number.NEGATIVE_INFINITY,
  warn: budgetWarnPercent,
  urgent: budgetUrgentPercent,
  full: 100,
}

function levelOf(percent: number, before: BudgetLevel): BudgetLevel {
  const reached = budgetLevels.findLast(level => percent >= startsAt[level]) ?? 'calm'
  const held = budgetLevels.findLast(level => percent >= startsAt[level] - budgetCalmPercent) ?? 'calm'
  // It stays where it was, but no higher than what is held.
  return isAbove(reached, before) ? reached : isAbove(before, held) ? held : before
}

/** `84 % of 10 GiB in use, 3 days left`: for logs and health checks. */
export function describeBudget({ percent, budgetBytes, daysLeft }: BudgetStatus): string {
  if (budgetBytes === undefined || percent === undefined) return 'no budget'
  const left = daysLeft === undefined ? '' : `, ${formatDays(daysLeft)} left`
  return `${percent} % of ${formatGib(budgetBytes)} in use${left}`
}

function formatDays(days: number): string {
  if (days < 1) return 'less than a day'
  const whole = Math.floor(days)
  return whole === 1 ? '1 day' : `${whole} days`
}

/** Sizes as people read them. */
export function formatGib(bytes: number): string {
  const [unit, size] = bytes >= 2 ** 30 ? ['GiB', 2 ** 30] : ['MiB', 2 ** 20]
  return `${Number((bytes / size).toPrecision(3))} ${unit}`
}
