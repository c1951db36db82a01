// Whether a request of an agent has succeeded (osquery/remote/utility.h): its body decides, never its status.

export type Judgement =
  | {
      readonly isSuccess: true
      /** The body's JSON; an empty object where the body was empty. */
      readonly json: unknown
      /** Nothing came back, which counts as success: also when it was a proxy's. */
      readonly isEmpty: boolean
    }
  | {
      readonly isSuccess: false
      readonly reason: string
      /** The agent throws its node key away and enrols again. */
      readonly isNodeInvalid: boolean
    }

/** `body`: as it came; a body that was packed although the agent did not ask for it is no JSON. */
export function judgeAnswer(body: Buffer, parse: (body: Buffer) => unknown = parseAnswer): Judgement {
  if (body.length === 0) return { isSuccess: true, json: {}, isEmpty: true }
  const json = parse(body)
  if (json === undefined) return refused('the answer is no JSON')
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return { isSuccess: true, json, isEmpty: false }
  const { error, node_invalid: nodeInvalid } = json as { error?: unknown; node_invalid?: unknown }
  const words = typeof error === 'string' ? error : '<unknown>'
  if (nodeInvalid === true) return { ...refused(`invalid node key: ${words}`), isNodeInvalid: true }
  if ('error' in json) return refused(words)
  return { isSuccess: true, json, isEmpty: false }
}

function refused(reason: string) {
  return { isSuccess: false, reason, isNodeInvalid: false } as const
}

/** undefined: no JSON. */
export function parseAnswer(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}
