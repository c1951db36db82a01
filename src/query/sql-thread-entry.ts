import { parentPort } from 'node:worker_threads'
import { toAppError } from '../model/errors.ts'
import { checkStatement, type SqlInput } from '../sql/check.ts'
import type { SqlThreadAnswer, SqlThreadReply, SqlThreadRequest } from './sql-thread.ts'
import { unpackSchema } from './sql-thread-schema.ts'

// Entry of the SQL thread: one text in, one reply out.

const emptySchema = { tables: [], queryNames: [], envelope: [] }

parentPort?.on('message', (request: SqlThreadRequest) =>
  reply(check({ ...request, schema: unpackSchema(request.schema) })),
)

// The parser is slow the first time: before anyone waits.
check({ template: 'SELECT 1 AS one', variables: [], schema: emptySchema, now: 0 })
reply({ kind: 'ready' })

function check(input: SqlInput): SqlThreadAnswer {
  try {
    return { kind: 'checked', statement: checkStatement(input) }
  } catch (thrown) {
    const { code, message, details } = toAppError(thrown)
    return { kind: 'refused', code, message, ...(details === undefined ? {} : { details }) }
  }
}

function reply(answer: SqlThreadAnswer): void {
  const { user, system } = process.threadCpuUsage()
  const message: SqlThreadReply = { ...answer, spentMs: (user + system) / 1000 }
  parentPort?.postMessage(message)
}
