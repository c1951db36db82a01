import { cellText } from './cell-text.ts'

// What a person types to keep some of the rows that are loaded.
//   text      contains it, whatever the case        !text     does not contain it
//   =text     is exactly it                         !=text    is not
//   >n >=n <n <=n   compared as numbers, or as texts (instants compare as texts)
//   a..b      from a up to, not including, b        null  !null

export type CellTest = (value: unknown) => boolean

/** Undefined for a filter that keeps everything. */
export function parseFilter(text: string): CellTest | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  if (trimmed.toLowerCase() === 'null') return isNull
  if (trimmed.toLowerCase() === '!null') return value => !isNull(value)
  const range = /^(.+?)\.\.(.+)$/.exec(trimmed)
  if (range !== null) return rangeTest(range[1] ?? '', range[2] ?? '')
  const [, operator = '', operand = ''] = /^(!=|>=|<=|=|!|>|<)?(.*)$/s.exec(trimmed) ?? []
  return operand === '' ? undefined : testOf(operator, operand)
}

function testOf(operator: string, operand: string): CellTest {
  if (operator === '=') return value => cellText(value) === operand
  if (operator === '!=') return value => cellText(value) !== operand
  if (operator === '>' || operator === '>=' || operator === '<' || operator === '<=')
    return comparison(operator, operand)
  const wanted = operand.toLowerCase()
  const contains: CellTest = value => cellText(value).toLowerCase().includes(wanted)
  return operator === '!' ? value => !contains(value) : contains
}

function rangeTest(from: string, to: string): CellTest {
  const [isFrom, isBelow] = [comparison('>=', from), comparison('<', to)]
  return value => isFrom(value) && isBelow(value)
}

function comparison(operator: '>' | '>=' | '<' | '<=', operand: string): CellTest {
  const number = Number(operand)
  const isNumber = operand.trim() !== '' && !Number.isNaN(number)
  return value => {
    if (isNull(value)) return false
    const text = cellText(value)
    const difference = isNumber
      ? text.trim() === ''
        ? Number.NaN
        : Number(text) - number
      : text < operand
        ? -1
        : text > operand
          ? 1
          : 0
    if (operator === '>') return difference > 0
    if (operator === '>=') return difference >= 0
    return operator === '<' ? difference < 0 : difference <= 0
  }
}

function isNull(value: unknown): boolean {
  return value === null || value === undefined
}

/** The filter that keeps exactly the rows with this value. */
export function equalTo(value: unknown): string {
  return isNull(value) ? 'null' : `=${cellText(value)}`
}

export function differentFrom(value: unknown): string {
  return isNull(value) ? '!null' : `!=${cellText(value)}`
}
