import { AppError } from '../model/errors.ts'

// Query parameters as clients really send them: repeated, empty, nameless, with booleans in any case. Unknown ones are
// never looked at.

/** What a URL's query parses to: a value, or several where the name is repeated. */
export type Parameters = Readonly<Record<string, unknown>>

/** The first value of the parameter that is not empty. */
export function textParameter(parameters: Parameters, name: string): string | undefined {
  return valuesOf(parameters, name)[0]
}

/** All values of a list parameter: repeated, comma separated, or both. */
export function listParameter(parameters: Parameters, name: string): readonly string[] {
  return valuesOf(parameters, name)
    .flatMap(value => value.split(','))
    .map(value => value.trim())
    .filter(value => value !== '')
}

/** `true` and `false` in any letter case; absent is false. Throws `invalid_argument` for anything else. */
export function booleanParameter(parameters: Parameters, name: string): boolean {
  const text = textParameter(parameters, name)
  if (text === undefined) return false
  const word = text.toLowerCase()
  if (word !== 'true' && word !== 'false') throw refuse(name, text, 'must be true or false')
  return word === 'true'
}

/** A whole number from `least`; undefined when absent. Throws `invalid_argument` for anything else. */
export function countParameter(parameters: Parameters, name: string, least: 0 | 1 = 1): number | undefined {
  const text = textParameter(parameters, name)
  if (text === undefined) return undefined
  const count = /^\d{1,9}$/.test(text) ? Number(text) : -1
  if (count < least) throw refuse(name, text, `must be a whole number from ${least}`)
  return count
}

/** One of the words, exactly as written; undefined when absent. */
export function wordParameter<Word extends string>(
  parameters: Parameters,
  name: string,
  words: readonly Word[],
): Word | undefined {
  const text = textParameter(parameters, name)
  if (text === undefined) return undefined
  return oneOf(name, text, words)
}

/** Like `wordParameter`, for a list. */
export function wordsParameter<Word extends string>(
  parameters: Parameters,
  name: string,
  words: readonly Word[],
): readonly Word[] {
  return listParameter(parameters, name).map(text => oneOf(name, text, words))
}

function oneOf<Word extends string>(name: string, text: string, words: readonly Word[]): Word {
  const word = words.find(each => each === text)
  if (word === undefined) throw refuse(name, text, `must be one of ${words.join(', ')}`)
  return word
}

function valuesOf(parameters: Parameters, name: string): readonly string[] {
  const value = parameters[name]
  const values = Array.isArray(value) ? value : [value]
  return values.filter((each): each is string => typeof each === 'string' && each !== '')
}

const shownCharsMax = 100

function refuse(name: string, text: string, expectation: string): AppError {
  return new AppError('invalid_argument', `${name} is ${JSON.stringify(text.slice(0, shownCharsMax))}: ${expectation}`)
}
