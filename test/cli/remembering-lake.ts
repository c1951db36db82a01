import { gunzipSync } from 'node:zlib'
import { type ScriptedAnswer, scriptedServer, tokenAnswer, tokenPath } from '../client/scripted-server.ts'

/**
 * A lake that keeps lines as the real one promises to: by import id and line number, objects only. `fail`: answered
 * instead, before anything is stored; `lose`: answered instead of what was stored.
 */
export async function rememberingLake(
  fail: (request: number) => ScriptedAnswer | undefined = () => undefined,
  lose: (request: number) => ScriptedAnswer | undefined = () => undefined,
) {
  const positions = new Map<string, number>()
  const stored: string[] = []
  const questions: number[] = []
  let requests = 0
  const server = await scriptedServer(({ path, query, body, headers }) => {
    if (path === tokenPath) return tokenAnswer()
    if (path === '/lake/v1/ingest/imports') {
      const { ids } = JSON.parse(body.toString()) as { ids: string[] }
      questions.push(ids.length)
      return { body: { positions: Object.fromEntries([...positions].filter(([id]) => ids.includes(id))) } }
    }
    const failure = fail(++requests)
    if (failure !== undefined) return failure
    const text = (headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString()
    const next = positions.get(query['importId'] ?? '') ?? 1
    const reply = { accepted: 0, duplicates: 0, rejected: [] as object[], rejectedCount: 0, nextLine: 1 }
    for (const [index, line] of text.trimEnd().split('\n').entries()) {
      if (Number(query['firstLine']) + index < next) reply.duplicates += 1
      else if (!line.startsWith('{')) {
        reply.rejected.push({ line: index + 1, reason: 'no JSON object' })
        reply.rejectedCount += 1
      } else {
        stored.push(line)
        reply.accepted += 1
      }
      reply.nextLine = Math.max(next, Number(query['firstLine']) + index + 1)
    }
    positions.set(query['importId'] ?? '', reply.nextLine)
    return lose(requests) ?? { body: reply }
  })
  return { server, stored, questions, positions }
}
