import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  hostStateIn,
  isLiveHostOpen,
  isLiveRunOpen,
  type LiveHostEvent,
  type LiveHostState,
  type LiveRunEvent,
  type LiveRunState,
  liveHostEvents,
  liveHostStates,
  liveHostTransitions,
  liveQueryName,
  liveRunEvents,
  liveRunStates,
  liveRunTransitions,
} from '../../src/model/live-run.ts'

test('both tables are total', () => {
  for (const state of liveHostStates) {
    assert.deepEqual(Object.keys(liveHostTransitions[state]).sort(), [...liveHostEvents].sort(), state)
    for (const event of liveHostEvents) assert.ok(liveHostStates.includes(liveHostTransitions[state][event]))
  }
  for (const state of liveRunStates) {
    assert.deepEqual(Object.keys(liveRunTransitions[state]).sort(), [...liveRunEvents].sort(), state)
    for (const event of liveRunEvents) assert.ok(liveRunStates.includes(liveRunTransitions[state][event]))
  }
})

test('what ended stays as it ended', () => {
  for (const state of liveHostStates.filter(each => !isLiveHostOpen(each))) {
    for (const event of liveHostEvents) assert.equal(liveHostTransitions[state][event], state, `${state} ${event}`)
  }
  for (const state of liveRunStates.filter(each => !isLiveRunOpen(each))) {
    for (const event of liveRunEvents) assert.equal(liveRunTransitions[state][event], state, `${state} ${event}`)
  }
})

test('an open host', () => {
  const cases: readonly (readonly [LiveHostState, LiveHostEvent, LiveHostState])[] = [
    ['pending', 'hand_out', 'started'],
    ['pending', 'answer', 'succeeded'],
    ['pending', 'answer_failed', 'failed'],
    ['pending', 'give_up', 'pending'],
    ['pending', 'deadline', 'timed_out'],
    ['pending', 'cancel', 'canceled'],
    ['started', 'hand_out', 'started'],
    ['started', 'answer', 'succeeded'],
    ['started', 'answer_failed', 'failed'],
    ['started', 'give_up', 'failed'],
    ['started', 'deadline', 'timed_out'],
    ['started', 'cancel', 'canceled'],
  ]
  for (const [from, event, to] of cases) assert.equal(liveHostTransitions[from][event], to, `${from} ${event}`)
})

test('an open run', () => {
  const cases: readonly (readonly [LiveRunState, LiveRunEvent, LiveRunState])[] = [
    ['preparing', 'prepared', 'pending'],
    ['preparing', 'first_hand_out', 'preparing'],
    ['preparing', 'all_answered', 'preparing'],
    ['preparing', 'all_failed', 'preparing'],
    ['preparing', 'deadline', 'timed_out'],
    ['preparing', 'cancel', 'canceled'],
    ['pending', 'prepared', 'pending'],
    ['pending', 'first_hand_out', 'started'],
    ['pending', 'all_answered', 'succeeded'],
    ['pending', 'all_failed', 'failed'],
    ['pending', 'deadline', 'timed_out'],
    ['pending', 'cancel', 'canceled'],
    ['started', 'prepared', 'started'],
    ['started', 'first_hand_out', 'started'],
    ['started', 'all_answered', 'succeeded'],
    ['started', 'all_failed', 'failed'],
    ['started', 'deadline', 'timed_out'],
    ['started', 'cancel', 'canceled'],
  ]
  for (const [from, event, to] of cases) assert.equal(liveRunTransitions[from][event], to, `${from} ${event}`)
})

test('a run that ended ends its open hosts', () => {
  for (const run of liveRunStates) {
    for (const host of liveHostStates) {
      const expected =
        isLiveRunOpen(run) || !isLiveHostOpen(host) ? host : run === 'canceled' ? 'canceled' : 'timed_out'
      assert.equal(hostStateIn(run, host), expected, `${run} ${host}`)
    }
  }
})

test('rows are found by the name of the run, or its id', () => {
  assert.equal(liveQueryName({ id: 'f00d', name: 'who runs' }), 'live/who runs')
  assert.equal(liveQueryName({ id: 'f00d', name: undefined }), 'live/f00d')
})
