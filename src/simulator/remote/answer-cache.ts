import { sha256Hex } from '../../model/ids.ts'
import { parseAnswer } from './judgement.ts'

// Agents of a fleet get the same long answer again and again, their configuration: it is parsed once and held once.

export type ParseAnswer = (body: Buffer) => unknown

/** Shorter ones cost less than to look for them. */
const cachedBytesMin = 512
/** As many different answers; then the oldest goes. */
const answersMax = 64

/** For one fleet. What it returns is shared and must not be changed. */
export function openAnswerCache(): ParseAnswer {
  const known = new Map<string, unknown>()
  return body => {
    if (body.length < cachedBytesMin) return parseAnswer(body)
    const hash = sha256Hex(body)
    if (known.has(hash)) return known.get(hash)
    const answer = parseAnswer(body)
    known.set(hash, answer)
    const [oldest] = known.keys()
    if (known.size > answersMax && oldest !== undefined) known.delete(oldest)
    return answer
  }
}
