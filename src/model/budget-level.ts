/** How far a disk budget is used up, in the order of urgency. */
export const budgetLevels = ['calm', 'warn', 'urgent', 'full'] as const
export type BudgetLevel = (typeof budgetLevels)[number]

export function isAbove(level: BudgetLevel, other: BudgetLevel): boolean {
  return budgetLevels.indexOf(level) > budgetLevels.indexOf(other)
}
