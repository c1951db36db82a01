import { parseAnswer } from '../remote/judgement.ts'
import type { AgentFlags } from './flags.ts'

// How an agent gets its node key (plugins/remote/enroll/tls_enroll.cpp): again and again, waiting n² seconds, at most
// `tls_enroll_max_interval`, until an answer has a key or the attempts are used up.

export interface EnrolmentParts {
  readonly flags: () => AgentFlags
  /** Posts the enrolment; resolves with the answer's body, rejects where there is none. */
  readonly post: () => Promise<Buffer>
  readonly wait: (seconds: number) => Promise<void>
  readonly isStopped: () => boolean
  readonly onFailure: (reason: string) => void
}

/** The node key; empty when there is none. */
export async function enrol({ flags, post, wait, isStopped, onFailure }: EnrolmentParts): Promise<string> {
  let step = 1
  for (let attempt = 1; ; attempt += 1) {
    const answer = await requestKey(post)
    if (answer.key !== '' || isStopped()) return answer.key
    const { tls_enroll_max_attempts: attemptsMax, tls_enroll_max_interval: intervalMax } = flags()
    if (attemptsMax !== 0 && attempt >= attemptsMax) return ''
    onFailure(answer.reason)
    const interval = Math.min(step ** 2, intervalMax)
    if (interval < intervalMax) step += 1
    await wait(interval)
    if (isStopped()) return ''
  }
}

/** An answer counts by whether it has a key, whatever else it has. */
async function requestKey(post: () => Promise<Buffer>): Promise<{ readonly key: string; readonly reason: string }> {
  try {
    const { node_key: nodeKey, id } = Object(parseAnswer(await post())) as { node_key?: unknown; id?: unknown }
    const key = nodeKey === undefined ? id : nodeKey
    return { key: typeof key === 'string' ? key : '', reason: 'no node key returned' }
  } catch (error) {
    return { key: '', reason: (error as Error).message }
  }
}
