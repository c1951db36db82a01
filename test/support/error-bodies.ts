import assert from 'node:assert/strict'
import type { Answer } from './xdr-client.ts'

const uuidV4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** Exactly the contract's error body; `message` whole or a pattern for it. `details` may stand beside it. */
export function assertXdrError(
  answer: Answer,
  status: number,
  error: string,
  message: string | RegExp,
): Readonly<Record<string, unknown>> | undefined {
  assert.equal(answer.status, status, answer.text)
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/)
  const { details, ...body } = answer.json as Record<string, unknown>
  const keys = ['code', 'correlationId', 'createdAt', 'error', 'message', 'requestId']
  assert.deepEqual(Object.keys(body).sort(), keys)
  assert.equal(body['error'], error, answer.text)
  assert.equal(body['code'], String(status))
  assertMessage(body['message'], message)
  assert.match(String(body['correlationId']), uuidV4)
  assert.match(String(body['requestId']), uuidV4)
  assert.match(String(body['createdAt']), instant)
  return details as Readonly<Record<string, unknown>> | undefined
}

/** The token service's body: three keys, whatever went wrong. */
export function assertTokenError(answer: Answer, status: number, errorCode: RegExp): void {
  assert.equal(answer.status, status, answer.text)
  const body = answer.json as Record<string, unknown>
  assert.deepEqual(Object.keys(body).sort(), ['errorCode', 'message', 'trackingId'])
  assert.match(String(body['errorCode']), errorCode)
  assert.match(String(body['trackingId']), uuidV4)
}

/** RFC 9457, as everything below /lake/v1 answers. */
export function assertProblem(answer: Answer, status: number): void {
  assert.equal(answer.status, status, answer.text)
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/)
  const body = answer.json as Record<string, unknown>
  assert.equal(body['status'], status)
  assert.equal(typeof body['title'], 'string')
  assert.equal(typeof body['detail'], 'string')
}

function assertMessage(actual: unknown, expected: string | RegExp): void {
  if (typeof expected === 'string') assert.equal(actual, expected)
  else assert.match(String(actual), expected)
}
