import assert from 'node:assert/strict'
import type { LightMyRequestResponse } from 'fastify'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** The whole body of the vendor's errors; ids and the time by their form. */
export function assertXdrError(
  answer: LightMyRequestResponse,
  status: number,
  error: string,
  message?: string | RegExp,
): void {
  assert.equal(answer.statusCode, status, answer.body)
  assert.match(String(answer.headers['content-type']), /^application\/json/)
  const { details: _, ...body } = answer.json()
  assert.deepEqual(Object.keys(body).sort(), ['code', 'correlationId', 'createdAt', 'error', 'message', 'requestId'])
  assert.equal(body.error, error)
  assert.equal(body.code, String(status))
  assert.match(body.requestId, uuid)
  assert.equal(body.requestId, answer.headers['x-request-id'])
  assert.match(body.correlationId, uuid)
  assert.match(body.createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assertMessage(body.message, message)
}

/** The whole body of the token service's errors. */
export function assertTokenError(
  answer: LightMyRequestResponse,
  status: number,
  errorCode: string,
  message?: string | RegExp,
): void {
  assert.equal(answer.statusCode, status, answer.body)
  assert.match(String(answer.headers['content-type']), /^application\/json/)
  const body = answer.json()
  assert.deepEqual(Object.keys(body).sort(), ['errorCode', 'message', 'trackingId'])
  assert.equal(body.errorCode, errorCode)
  assert.match(body.trackingId, uuid)
  assertMessage(body.message, message)
}

/** Problem details (RFC 9457). */
export function assertProblem(
  answer: LightMyRequestResponse,
  status: number,
  code: string,
  detail?: string | RegExp,
): void {
  assert.equal(answer.statusCode, status, answer.body)
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
  const { details: _, ...body } = answer.json()
  assert.deepEqual(Object.keys(body).sort(), ['code', 'detail', 'requestId', 'status', 'title', 'type'])
  assert.equal(body.status, status)
  assert.equal(body.code, code)
  assertMessage(body.detail, detail)
}

function assertMessage(actual: string, expected: string | RegExp | undefined): void {
  if (typeof expected === 'string') assert.equal(actual, expected)
  else if (expected !== undefined) assert.match(actual, expected)
  assert.ok(actual.length > 0)
}
