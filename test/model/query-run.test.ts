import assert from 'node:assert/strict'
import test from 'node:test'
import {
  isTerminal,
  type RunEvent,
  type RunState,
  runEvents,
  runStates,
  runTransitions,
} from '../../src/model/query-run.ts'

/** What each event does to the two states that can change. */
const live: Readonly<Record<'queued' | 'running', Readonly<Record<RunEvent, RunState>>>> = {
  queued: {
    claim: 'running',
    finish: 'queued',
    error: 'failed',
    deadline: 'timed_out',
    lease_lost: 'queued',
    lease_lost_again: 'failed',
    cancel: 'canceled',
  },
  running: {
    claim: 'running',
    finish: 'succeeded',
    error: 'failed',
    deadline: 'timed_out',
    lease_lost: 'queued',
    lease_lost_again: 'failed',
    cancel: 'canceled',
  },
}

test('every state × every event', () => {
  for (const state of runStates) {
    for (const event of runEvents) {
      const expected = state === 'queued' || state === 'running' ? live[state][event] : state
      assert.equal(runTransitions[state][event], expected, `${state} × ${event}`)
    }
  }
})

test('terminal states are exactly the closed ones', () => {
  for (const state of runStates) {
    const isClosed = runEvents.every(event => runTransitions[state][event] === state)
    assert.equal(isTerminal(state), isClosed, state)
  }
})
